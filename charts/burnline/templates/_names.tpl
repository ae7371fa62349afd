{{/* Labels that select an app's pods; they never change. Takes (dict "root" $ "app" "gateway"). */}}
{{- define "burnline.selector" -}}
app.kubernetes.io/name: burnline
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .app }}
{{- end }}

{{/* Labels of everything that belongs to an app, or to none ("app" left out). */}}
{{- define "burnline.labels" -}}
app.kubernetes.io/name: burnline
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .app }}
app.kubernetes.io/component: {{ . }}
{{- end }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: burnline
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
burnline.dev/race: {{ .root.Values.race.id | quote }}
{{- end }}

{{- define "burnline.metadata" -}}
name: {{ .root.Release.Name }}-{{ .app }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "burnline.labels" . | nindent 2 }}
{{- end }}

{{- define "burnline.image" -}}
{{- $image := .root.Values.image -}}
{{- $name := printf "%s/%s" $image.repository .app -}}
{{- with $image.registry }}{{ $name = printf "%s/%s" . $name }}{{ end -}}
{{- with get $image.digests .app -}}
{{ $name }}@{{ . }}
{{- else -}}
{{ $name }}:{{ $image.tag | default .root.Chart.AppVersion }}
{{- end }}
{{- end }}

{{/* MiB of a quantity like 512Mi or 2Gi. */}}
{{- define "burnline.mebibytes" -}}
{{- if hasSuffix "Gi" . }}{{ mul (trimSuffix "Gi" . | int64) 1024 }}{{ else }}{{ trimSuffix "Mi" . | int64 }}{{ end }}
{{- end }}

{{/* Size of the JavaScript heap: its share, but 64 MiB of the memory limit stay for buffers, threads and native code. */}}
{{- define "burnline.heapMebibytes" -}}
{{- $memory := include "burnline.mebibytes" .resources.memory | int64 -}}
{{ min (div (mul $memory (.heapPercent | int64)) 100) (sub $memory 64) }}
{{- end }}

{{/* A number as people write it: Helm reads 1000000 from a file as a float and would print 1e+06. */}}
{{- define "burnline.number" -}}
{{- if eq (float64 .) (float64 (int64 .)) }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
{{- end }}

{{/*
Where KEDA reads NATS' monitoring, as http://host:port. It puts the name of the consumer's leader in front of the host: of several
servers each has a name of its own only behind the headless Service.
*/}}
{{- define "burnline.natsMonitoring" -}}
{{- $host := ternary "nats-headless" "nats" (gt (int .Values.nats.replicas) 1) -}}
{{ .Values.nats.monitoringUrl | default (printf "http://%s.%s.svc:%d" $host .Release.Namespace (int64 .Values.networkPolicy.nats.monitoringPort)) }}
{{- end }}

{{- define "burnline.apps" -}}
ingest processor inference gateway{{ if .Values.operator.enabled }} operator{{ end }}
{{- end }}

{{/* Apps that have a ScaledObject. A simulator makes one race however many of it there are. */}}
{{- define "burnline.scaledApps" -}}
{{- if .Values.autoscaling.enabled }}
{{- if ne .Values.ingest.source "sim" }}ingest {{ end }}processor inference gateway
{{- end }}
{{- end }}
