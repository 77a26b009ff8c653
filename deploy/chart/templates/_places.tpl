{{/* What the configuration sends to: a list of what and url, as JSON under "list". */}}
{{- define "tilgate.places" -}}
{{- $c := .Values.config -}}
{{- $list := list -}}
{{- with dig "qdrant" "address" "" $c }}{{- $list = append $list (dict "what" "config.qdrant.address" "url" (printf "grpc://%s" .)) -}}{{- end -}}
{{- range $path := list "ledger.address" "redis.url" "ollama.url" "openai.url" "embed.url" "rerank.url" "oidc.issuer" "otel.endpoint" "handover.webhook" "handover.email" "handover.queue" -}}
{{- $section := index (splitList "." $path) 0 -}}
{{- $key := index (splitList "." $path) 1 -}}
{{- with dig $section $key "" $c }}{{- $list = append $list (dict "what" (printf "config.%s" $path) "url" .) -}}{{- end -}}
{{- end -}}
{{- range $c.backend }}{{- $list = append $list (dict "what" (printf "config.backend %s" .name) "url" .url) -}}{{- end -}}
{{ toJson (dict "list" $list) }}
{{- end }}

{{/* The rule of egress to one place. */}}
{{- define "tilgate.egress" -}}
{{- $u := urlParse .url -}}
{{- $host := $u.hostname -}}
{{- $given := index .places $host | default dict -}}
{{- $usual := dict "http" "80" "https" "443" "grpc" "6334" "postgres" "5432" "postgresql" "5432" "redis" "6379" "rediss" "6379" "smtp" "587" "smtps" "465" -}}
{{- $port := regexFind ":[0-9]+$" $u.host | trimPrefix ":" | default (index $usual $u.scheme) -}}
{{- $inside := regexMatch "^[a-z0-9-]+\\.[a-z0-9-]+\\.svc(\\.|$)" $host -}}
{{- if not (or $given.cidrs $given.namespace $inside (regexMatch "^[0-9.]+$" $host) (contains ":" $host)) -}}
{{- include "tilgate.fail" (list (printf "networkPolicy.places: nothing says where %s is, to which %s leads: policies know no names; write {%s: {cidrs: [10.1.0.5/32]}}, or its namespace" $host .what $host)) -}}
{{- end -}}
- to: # {{ .what }}
    {{- if $given.cidrs }}
    {{- range $given.cidrs }}
    - ipBlock: {cidr: {{ . | quote }}}
    {{- end }}
    {{- else if or $given.namespace $inside }}
    - namespaceSelector:
        matchLabels: {kubernetes.io/metadata.name: {{ $given.namespace | default (index (splitList "." $host) 1) }}}
      {{- with $given.pods }}
      podSelector:
        matchLabels:
          {{- toYaml . | nindent 10 }}
      {{- end }}
    {{- else }}
    - ipBlock: {cidr: {{ printf "%s/%s" $host (ternary "128" "32" (contains ":" $host)) | quote }}}
    {{- end }}
  ports: [{port: {{ $given.port | default $port | int }}, protocol: TCP}]
{{- end }}
