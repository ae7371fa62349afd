{{/* One egress rule to any of the ports, of the peers or, without peers, of any address. */}}
{{- define "burnline.egress" -}}
- ports:
    {{- range .ports }}
    - { port: {{ . }}, protocol: TCP }
    {{- end }}
  {{- with .peers }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* Where traces go: as networkPolicy.tracing.peers says, or else the host of tracing.endpoint. */}}
{{- define "burnline.collectorPeers" -}}
{{- $labels := splitList "." (regexReplaceAll ":[0-9]+$" (urlParse .Values.tracing.endpoint).host "") }}
{{- if .Values.networkPolicy.tracing.peers }}
{{- toYaml .Values.networkPolicy.tracing.peers }}
{{- else if eq (len $labels) 1 }}
- podSelector: {}
{{- else if and (gt (len $labels) 2) (eq (index $labels 2) "svc") }}
- namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: {{ index $labels 1 }} } }
{{- else }}
[]
{{- end }}
{{- end }}
