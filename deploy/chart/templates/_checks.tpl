{{/* What must be given, and what does not go together. All faults are said at once. */}}
{{- define "tilgate.check" -}}
{{- $v := .Values -}}
{{- $c := $v.config -}}
{{- $faults := list -}}
{{- if hasKey (dig "ledger" dict $c) "false" -}}
{{- $faults = append $faults "config.ledger: YAML takes off for false; write it in quotes, as \"off\"" -}}
{{- end -}}
{{- if not $v.image.repository -}}
{{- $faults = append $faults "image.repository: it is missing: where the image lies, such as registry.moh.example/tilgate" -}}
{{- end -}}
{{- if not (or $v.image.tag $v.image.digest) -}}
{{- $faults = append $faults "image: neither tag nor digest is given; a digest says exactly what runs" -}}
{{- end -}}
{{- if not $v.hosts -}}
{{- $faults = append $faults "hosts: it is missing: the names by which callers know the service, such as ask.moh.example; it answers to no other" -}}
{{- end -}}
{{- if and (or $v.ingress.enabled $v.gateway.enabled) (not $v.proxies) -}}
{{- $faults = append $faults "proxies: it is missing: the networks of the ingress controller's pods, such as 10.244.0.0/16; without it all callers seem to be one, with one limit" -}}
{{- end -}}
{{- if and $v.gateway.enabled (not $v.gateway.parentRefs) -}}
{{- $faults = append $faults "gateway.parentRefs: it is missing: which Gateway leads here" -}}
{{- end -}}
{{- if not (or $v.keys.secret (dig "oidc" "issuer" "" $c) (dig "key" nil $c)) -}}
{{- $faults = append $faults "keys.secret: nobody could call: name the Secret whose keys.toml lists the callers, or set config.oidc" -}}
{{- end -}}
{{- if not (dig "qdrant" "address" "" $c) -}}
{{- $faults = append $faults "config.qdrant.address: it is missing: where the documents lie, such as qdrant.search.svc:6334" -}}
{{- end -}}
{{- if not (or (dig "ledger" "address" "" $c) (dig "ledger" "off" false $c) $v.data.persistent) -}}
{{- $faults = append $faults "config.ledger.address: it is missing: the Postgres where usage and feedback are kept, such as postgres://tilgate@db.moh.example:5432/tilgate; to keep none, set config.ledger.off" -}}
{{- end -}}
{{- if and (dig "audit" "folder" "" $c) (not $v.data.persistent) -}}
{{- $faults = append $faults "config.audit: an audit log would be lost with its pod; set data.persistent, and keep the folder in /data" -}}
{{- end -}}
{{- if not (include "tilgate.single" .) -}}
{{- include "tilgate.checkSeveral" (dict "v" $v "c" $c "faults" $faults) -}}
{{- else if $faults -}}
{{- include "tilgate.fail" $faults -}}
{{- end -}}
{{- include "tilgate.checkOwn" . -}}
{{- end }}

{{/* What several pods need to be one service. */}}
{{- define "tilgate.checkSeveral" -}}
{{- $faults := .faults -}}
{{- if not (dig "redis" "url" "" .c) -}}
{{- $faults = append $faults "config.redis.url: it is missing: where several pods count the limits of keys together, such as redis://redis.moh.example:6379/0" -}}
{{- end -}}
{{- if not (hasKey .v.secrets "TILGATE_SESSION_SECRET") -}}
{{- $faults = append $faults "secrets.TILGATE_SESSION_SECRET: it is missing: by it several pods know each other's operators; openssl rand -hex 32 makes one" -}}
{{- end -}}
{{- if and .v.data.persistent (not (or (dig "ledger" "address" "" .c) (dig "ledger" "off" false .c))) -}}
{{- $faults = append $faults "config.ledger.address: it is missing: each of several pods would keep a ledger of its own" -}}
{{- end -}}
{{- if .c.knowledge -}}
{{- $faults = append $faults "config.knowledge: several pods would each bring the same knowledge bases up to date; put it into a release of its own with one pod, as examples/keeper.yaml does" -}}
{{- end -}}
{{- if $faults -}}{{- include "tilgate.fail" $faults -}}{{- end -}}
{{- end }}

{{/* Keys of the configuration that are this chart's own. */}}
{{- define "tilgate.checkOwn" -}}
{{- $faults := list -}}
{{- range $key, $instead := dict "data" "it is /data" "listen" "it is port 8080" "metrics" "it is port 9464" "admin" "use kubectl port-forward to the metrics" "hosts" "write hosts beside config" "proxies" "write proxies beside config" "keys" "name keys.secret" "adapters" "name languages" "tls" "name tls.secret" -}}
{{- if hasKey $.Values.config $key -}}
{{- $faults = append $faults (printf "config.%s: the chart sets it; %s" $key $instead) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.config.knowledge (not .Values.data.persistent) -}}
{{- $faults = append $faults "config.knowledge: what was read is remembered on disk; set data.persistent" -}}
{{- end -}}
{{- if not (or (hasSuffix "Mi" (toString .Values.resources.limits.memory)) (hasSuffix "Gi" (toString .Values.resources.limits.memory))) -}}
{{- $faults = append $faults "resources.limits.memory: write it in Mi or Gi, such as 1Gi; Go is told to keep below it" -}}
{{- end -}}
{{- if and (eq .Values.autoscaling.by "keda") (not .Values.autoscaling.prometheus) -}}
{{- $faults = append $faults "autoscaling.prometheus: it is missing: whom KEDA asks, such as http://prometheus.monitoring.svc:9090" -}}
{{- end -}}
{{- if and (ne .Values.autoscaling.by "nothing") (gt (int .Values.autoscaling.min) (int .Values.autoscaling.max)) -}}
{{- $faults = append $faults "autoscaling: min is above max" -}}
{{- end -}}
{{- if $faults -}}{{- include "tilgate.fail" $faults -}}{{- end -}}
{{- end }}

{{- define "tilgate.fail" -}}
{{- fail (printf "\n%s" (join "\n" .)) -}}
{{- end }}
