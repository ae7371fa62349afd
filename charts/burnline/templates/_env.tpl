{{/* The environment of an app: what all have, what NATS needs, the app's own, and what the values add. */}}
{{- define "burnline.env" -}}
{{- $root := .root -}}
{{- $values := index $root.Values .app -}}
- { name: BURNLINE_NAME, valueFrom: { fieldRef: { fieldPath: metadata.name } } }
{{- range $name, $from := .secretEnv }}
- { name: {{ $name }}, valueFrom: { secretKeyRef: { name: {{ $from.secretName }}, key: {{ $from.key | quote }} } } }
{{- end }}
{{- $options := printf "--enable-source-maps --disable-warning=ExperimentalWarning --max-old-space-size=%s" (include "burnline.heapMebibytes" $values) }}
{{- $shared := dict "NODE_OPTIONS" $options "BURNLINE_HOST" "0.0.0.0" "BURNLINE_PORT" .port "BURNLINE_LOG_LEVEL" $root.Values.logLevel }}
{{- range $name, $value := mergeOverwrite $shared (include "burnline.natsEnv" $root | fromYaml) (.env | default dict) $values.env }}
- { name: {{ $name }}, value: {{ if kindIs "string" $value }}{{ $value | quote }}{{ else if kindIs "bool" $value }}{{ $value | quote }}{{ else }}{{ include "burnline.number" $value | quote }}{{ end }} }
{{- end }}
{{- end }}

{{- define "burnline.natsEnv" -}}
BURNLINE_NATS: {{ .Values.nats.url | quote }}
{{- if .Values.nats.tls.enabled }}
BURNLINE_NATS_CA: /etc/burnline/nats-ca/ca.crt
{{- end }}
{{- if .Values.nats.auth.secretName }}
BURNLINE_NATS_NKEY: /etc/burnline/nats-nkey/seed
{{- end }}
BURNLINE_REPLICAS: {{ .Values.nats.replicas }}
BURNLINE_STREAM_GB: {{ .Values.nats.streamGb }}
{{- end }}

{{/* The operator too: a release that has no Race yet gets streams like this. */}}
{{- define "burnline.streamEnv" -}}
BURNLINE_STREAM_DAYS: {{ .Values.nats.streamDays }}
BURNLINE_STREAM_OWNER: {{ .Values.streamOwner }}
{{- end }}

{{/* Of the apps that work on a race; the operator takes its races from the cluster. */}}
{{- define "burnline.raceEnv" -}}
BURNLINE_RACE: {{ .Values.race.id | quote }}
{{ include "burnline.streamEnv" . }}
{{- end }}

{{/* Of the apps that frames and their facts pass through: inference is not on their way. */}}
{{- define "burnline.frameEnv" -}}
{{ include "burnline.raceEnv" . }}
{{- with .Values.tracing }}
{{- if .endpoint }}
BURNLINE_TRACING_ENDPOINT: {{ .endpoint | quote }}
BURNLINE_TRACING_RATIO: {{ .sampleRatio }}
{{- end }}
{{- end }}
{{- end }}

{{- define "burnline.s3Env" -}}
{{- with .Values.s3 }}
{{- if .bucket }}
BURNLINE_S3_BUCKET: {{ .bucket | quote }}
BURNLINE_S3_REGION: {{ .region | quote }}
BURNLINE_S3_PREFIX: {{ .prefix | quote }}
{{- with .endpoint }}
BURNLINE_S3_ENDPOINT: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "burnline.s3SecretEnv" -}}
{{- with .Values.s3.secretName }}
BURNLINE_S3_ACCESS_KEY: { secretName: {{ . }}, key: accessKey }
BURNLINE_S3_SECRET_KEY: { secretName: {{ . }}, key: secretKey }
{{- end }}
{{- end }}

{{/* A list of files from Secrets, as JSON under "files": the app's nkey seed and the certificate authority of NATS. */}}
{{- define "burnline.natsFiles" -}}
files:
{{- with .root.Values.nats.auth.secretName }}
  - { name: nats-nkey, secretName: {{ . }}, key: {{ $.app }}, file: seed }
{{- end }}
{{- with .root.Values.nats.tls }}
{{- if .enabled }}
  - { name: nats-ca, secretName: {{ .secretName }}, key: {{ .key | quote }}, file: ca.crt }
{{- end }}
{{- end }}
{{- end }}
