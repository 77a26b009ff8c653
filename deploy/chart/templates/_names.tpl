{{/* The name of everything is the release's. Labels that choose pods never change. */}}
{{- define "tilgate.chosen" -}}
app.kubernetes.io/name: tilgate
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "tilgate.labels" -}}
{{ include "tilgate.chosen" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "tilgate.kind" -}}
{{ ternary "StatefulSet" "Deployment" .Values.data.persistent }}
{{- end }}

{{- define "tilgate.image" -}}
{{- $i := .Values.image -}}
{{ $i.repository }}{{ if $i.digest }}@{{ $i.digest }}{{ else }}:{{ $i.tag }}{{ end }}
{{- end }}

{{/* One pod alone: what is kept on its disk is seen by all requests. */}}
{{- define "tilgate.single" -}}
{{- if and (eq .Values.autoscaling.by "nothing") (le (int .Values.replicas) 1) }}yes{{ end }}
{{- end }}

{{/* Go's limit of memory: nine tenths of the container's, in MiB. */}}
{{- define "tilgate.memory" -}}
{{- $text := .Values.resources.limits.memory | toString -}}
{{- $n := regexFind "^[0-9]+" $text | int -}}
{{- $mib := ternary (mul $n 1024) $n (hasSuffix "Gi" $text) -}}
{{ div (mul $mib 9) 10 }}MiB
{{- end }}
