{{/*
ScaledObject of an app: its own triggers, one on the operator's warm capacity, and one per pre-warm time of the values. The
HPA takes the largest answer. Takes root, app, port and triggers: a list of
  {name, value, aggregation (sum | max), target, type (AverageValue | Value)}  a value of the pods' /scale
  {name, raw}                                                                  any other trigger as it is
*/}}
{{- define "burnline.scaledObject" -}}
{{- $root := .root -}}
{{- $scaling := (index $root.Values .app).autoscaling -}}
{{- if has .app (splitList " " (include "burnline.scaledApps" $root)) }}
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  {{- include "burnline.metadata" . | nindent 2 }}
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: {{ $root.Release.Name }}-{{ .app }} }
  minReplicaCount: {{ $scaling.min }}
  maxReplicaCount: {{ $scaling.max }}
  pollingInterval: {{ $root.Values.autoscaling.pollingSeconds }}
  # A trigger that cannot be read must not shrink a race: it then says "as many as now".
  fallback:
    failureThreshold: {{ $root.Values.autoscaling.failures }}
    replicas: {{ $scaling.min }}
    behavior: currentReplicasIfHigher
  advanced:
    horizontalPodAutoscalerConfig:
      behavior:
        scaleUp:
          stabilizationWindowSeconds: 0
          selectPolicy: Max
          policies:
            - { type: Pods, value: 4, periodSeconds: 15 }
            - { type: Percent, value: 100, periodSeconds: 15 }
        scaleDown:
          stabilizationWindowSeconds: {{ $root.Values.autoscaling.scaleInQuietSeconds }}
          policies:
            - { type: Pods, value: 1, periodSeconds: 60 }
  triggers:
    {{- range .triggers }}
    {{- if .raw }}
    {{- toYaml (list .raw) | nindent 4 }}
    {{- else }}
    - name: {{ .name }}
      type: metrics-api
      metricType: {{ .type }}
      metadata:
        url: http://{{ $root.Release.Name }}-{{ $.app }}.{{ $root.Release.Namespace }}.svc:{{ $.port }}/scale
        aggregateFromKubeServiceEndpoints: "true"
        aggregationType: {{ .aggregation }}
        valueLocation: {{ .value }}
        targetValue: {{ include "burnline.number" .target | quote }}
    {{- end }}
    {{- end }}
    {{- if $root.Values.operator.enabled }}
    # What the operator wants for this race: its warm capacity, and while it is green never less than there is.
    - name: warm
      type: metrics-api
      metricType: AverageValue
      metadata:
        url: http://{{ $root.Release.Name }}-operator.{{ $root.Release.Namespace }}.svc:8084/warm/{{ $root.Values.race.id }}/{{ .app }}
        valueLocation: replicas
        targetValue: "1"
    {{- end }}
    {{- range $index, $time := $scaling.preWarm }}
    - name: pre-warm-{{ $index }}
      type: cron
      metadata:
        timezone: {{ $time.timezone | quote }}
        start: {{ $time.start | quote }}
        end: {{ $time.end | quote }}
        desiredReplicas: {{ $time.replicas | quote }}
    {{- end }}
{{- end }}
{{- end }}
