{{/* tilgate.toml, from values. */}}
{{- define "tilgate.config" -}}
{{- $c := deepCopy .Values.config -}}
{{- include "tilgate.whole" $c -}}
{{- $n := printf "%s.%s" .Release.Name .Release.Namespace -}}
{{- $_ := set $c "hosts" (concat .Values.hosts (list .Release.Name $n (printf "%s.svc" $n) (printf "%s.svc.cluster.local" $n))) -}}
{{- $_ = set $c "data" "/data" -}}
{{- $_ = set $c "listen" ":8080" -}}
{{- $_ = set $c "metrics" ":9464" -}}
{{- with .Values.proxies }}{{- $_ = set $c "proxies" . -}}{{- end -}}
{{- if .Values.keys.secret }}{{- $_ = set $c "keys" "/keys/keys.toml" -}}{{- end -}}
{{- if .Values.languages }}{{- $_ = set $c "adapters" "/languages" -}}{{- end -}}
{{- if .Values.tls.secret }}{{- $_ = set $c "tls" (dict "cert" "/tls/tls.crt" "key" "/tls/tls.key") -}}{{- end -}}
{{- if not (or (dig "ollama" "url" "" $c) (dig "openai" "url" "" $c) $c.backend) -}}
{{- $_ = set $c "ollama" (dict "url" "") -}}
{{- end -}}
{{ toToml $c }}
{{- end }}

{{/* Whole numbers of YAML reach templates as fractions, which TOML tells apart. */}}
{{- define "tilgate.whole" -}}
{{- $map := . -}}
{{- range $key, $value := $map -}}
{{- if kindIs "float64" $value -}}
{{- if eq $value (floor $value) }}{{- $_ := set $map $key (int64 $value) -}}{{- end -}}
{{- else if kindIs "map" $value -}}
{{- include "tilgate.whole" $value -}}
{{- else if kindIs "slice" $value -}}
{{- range $value }}{{- if kindIs "map" . }}{{- include "tilgate.whole" . -}}{{- end -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* What needs a restart when it changes: model servers and aliases do not, the
service reads them again. */}}
{{- define "tilgate.restart" -}}
{{- $v := deepCopy .Values -}}
{{- range $key := list "backend" "aliases" "fallback" "openai" "ollama" -}}
{{- $_ := unset $v.config $key -}}
{{- end -}}
{{ toJson (list $v.config $v.hosts $v.proxies $v.languages $v.tls) | sha256sum }}
{{- end }}
