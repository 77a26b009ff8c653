{{- define "tilgate.pod" -}}
metadata:
  labels:
    {{- include "tilgate.labels" . | nindent 4 }}
    {{- with .Values.pod.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    tilgate/config: {{ include "tilgate.restart" . }}
    {{- with .Values.pod.annotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  automountServiceAccountToken: false
  enableServiceLinks: false # they would be variables that begin with TILGATE_
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile: {type: RuntimeDefault}
  # Time for balancers to learn that the pod leaves, 20 s for answers on their way,
  # and some to say last words and write down what is left.
  terminationGracePeriodSeconds: {{ add .Values.shutdown.leaveSeconds 20 15 }}
  containers:
    - name: tilgate
      image: {{ include "tilgate.image" . }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args: [serve]
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: {drop: [ALL]}
      ports:
        - {name: http, containerPort: 8080}
        - {name: metrics, containerPort: 9464}
      env:
        - {name: TILGATE_CONFIG, value: /config/tilgate.toml}
        - {name: GOMEMLIMIT, value: {{ include "tilgate.memory" . }}}
        {{- range $name, $ref := .Values.secrets }}
        - name: {{ $name }}
          valueFrom:
            secretKeyRef: {name: {{ $ref.name }}, key: {{ $ref.key }}}
        {{- end }}
      {{- include "tilgate.probes" . | nindent 6 }}
      lifecycle:
        preStop:
          sleep: {seconds: {{ .Values.shutdown.leaveSeconds }}}
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      {{- include "tilgate.volumeMounts" . | nindent 6 }}
  {{- include "tilgate.volumes" . | nindent 2 }}
  topologySpreadConstraints:
    {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
    - maxSkew: 1
      topologyKey: {{ . }}
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "tilgate.chosen" $ | nindent 10 }}
    {{- end }}
  {{- with .Values.pod.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- range $key := list "nodeSelector" "tolerations" "affinity" }}
  {{- with index $.Values.pod $key }}
  {{ $key }}:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
{{- end }}

{{- define "tilgate.probes" -}}
{{- $scheme := ternary "HTTPS" "HTTP" (ne .Values.tls.secret "") -}}
startupProbe: # reading what was spilled can take a while
  httpGet: {path: /healthz, port: http, scheme: {{ $scheme }}}
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /healthz, port: http, scheme: {{ $scheme }}}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: {path: {{ .Values.probes.ready }}, port: http, scheme: {{ $scheme }}}
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 3
{{- end }}

{{/* Volumes are mounted as folders: a file alone would not follow its source. */}}
{{- define "tilgate.volumeMounts" -}}
volumeMounts:
  - {name: data, mountPath: /data}
  - {name: tmp, mountPath: /tmp}
  - {name: config, mountPath: /config, readOnly: true}
  {{- if .Values.keys.secret }}
  - {name: keys, mountPath: /keys, readOnly: true}
  {{- end }}
  {{- if .Values.tls.secret }}
  - {name: tls, mountPath: /tls, readOnly: true}
  {{- end }}
  {{- if .Values.languages }}
  - {name: languages, mountPath: /languages, readOnly: true}
  {{- end }}
  {{- range .Values.mounts }}
  - {name: {{ .name }}, mountPath: {{ .path }}, readOnly: true}
  {{- end }}
{{- end }}

{{- define "tilgate.volumes" -}}
volumes:
  {{- if not .Values.data.persistent }}
  - name: data
    emptyDir: {sizeLimit: {{ .Values.data.size }}}
  {{- end }}
  - name: tmp
    emptyDir: {sizeLimit: 256Mi}
  - name: config
    configMap: {name: {{ .Release.Name }}}
  {{- with .Values.keys.secret }}
  - name: keys
    secret: {secretName: {{ . }}}
  {{- end }}
  {{- with .Values.tls.secret }}
  - name: tls
    secret: {secretName: {{ . }}}
  {{- end }}
  {{- with .Values.languages }}
  - name: languages
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- range .Values.mounts }}
  - name: {{ .name }}
    {{- toYaml .volume | nindent 4 }}
  {{- end }}
{{- end }}
