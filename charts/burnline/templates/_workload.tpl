{{/*
What all apps share: ServiceAccount, Deployment and PodDisruptionBudget.
  root, app, port   of whom
  env               dict NAME -> text
  secretEnv         dict NAME -> {secretName, key}
  secretFiles       list of {name, secretName, key, file}: the key as /etc/burnline/<name>/<file>
  apiAccess         true where the app talks to Kubernetes
*/}}
{{- define "burnline.workload" -}}
{{- $root := .root -}}
{{- $values := index $root.Values .app -}}
{{- $scaled := has .app (splitList " " (include "burnline.scaledApps" $root)) -}}
{{- $name := printf "%s-%s" $root.Release.Name .app -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- include "burnline.metadata" . | nindent 2 }}
  {{- with $values.serviceAccount.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
automountServiceAccountToken: false
---
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "burnline.metadata" . | nindent 2 }}
spec:
  # With autoscaling the number is KEDA's alone: an upgrade in mid-race must not set it back.
  {{- if not $scaled }}
  replicas: {{ $values.replicas }}
  {{- end }}
  revisionHistoryLimit: 3
  progressDeadlineSeconds: 600
  minReadySeconds: 5
  strategy:
    type: RollingUpdate
    rollingUpdate: { maxSurge: 1, maxUnavailable: 0 }
  selector:
    matchLabels:
      {{- include "burnline.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "burnline.labels" . | nindent 8 }}
      {{- with $values.podAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      {{- include "burnline.podSpec" . | nindent 6 }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "burnline.metadata" . | nindent 2 }}
spec:
  maxUnavailable: 1
  # Or a pod that never gets ready would hold up the drain of its node for ever.
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "burnline.selector" . | nindent 6 }}
{{- end }}

{{- define "burnline.podSpec" -}}
{{- $root := .root -}}
{{- $values := index $root.Values .app -}}
{{- $drain := $values.drain -}}
serviceAccountName: {{ $root.Release.Name }}-{{ .app }}
automountServiceAccountToken: {{ .apiAccess | default false }}
# A Service called burnline-gateway would otherwise set BURNLINE_GATEWAY_PORT and the like, which are the apps' own names.
enableServiceLinks: false
{{- with $root.Values.priorityClass.name }}
priorityClassName: {{ . }}
{{- end }}
terminationGracePeriodSeconds: {{ add (int64 $drain.preStopSeconds) (int64 $drain.stopSeconds) (int64 $drain.graceSeconds) }}
{{- with $root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
topologySpreadConstraints:
  {{- range list (list "topology.kubernetes.io/zone" $root.Values.topologySpread.zone) (list "kubernetes.io/hostname" $root.Values.topologySpread.hostname) }}
  - maxSkew: 1
    topologyKey: {{ first . }}
    whenUnsatisfiable: {{ last . }}
    # A zone whose nodes have all failed would otherwise hold up the pods that take the place of those lost in it.
    nodeTaintsPolicy: Honor
    # The pods of one version are spread, not those that go beside those that come.
    matchLabelKeys: [pod-template-hash]
    labelSelector:
      matchLabels:
        {{- include "burnline.selector" $ | nindent 8 }}
  {{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
containers:
  - name: {{ .app }}
    image: {{ include "burnline.image" . }}
    imagePullPolicy: {{ $root.Values.image.pullPolicy }}
    ports:
      - { name: http, containerPort: {{ .port }}, protocol: TCP }
    env:
      {{- include "burnline.env" . | nindent 6 }}
    resources:
      # No limit on CPU: the pauses of its quota would be in every number on air.
      requests: { cpu: {{ $values.resources.cpu | quote }}, memory: {{ $values.resources.memory }} }
      limits: { memory: {{ $values.resources.memory }} }
    # Has it come up at all? Generous: it may have to wait for its streams, or read all facts of a race first.
    startupProbe:
      httpGet: { path: /healthz/live, port: http }
      periodSeconds: 2
      timeoutSeconds: 2
      failureThreshold: 90
    # Should traffic come here? Asks for the connections, and says no as soon as the app is told to stop.
    readinessProbe:
      httpGet: { path: /healthz/ready, port: http }
      periodSeconds: 3
      timeoutSeconds: 3
      failureThreshold: 2
    # Would a restart help? Only if its event loop has not answered for a minute; no dependency is asked.
    livenessProbe:
      httpGet: { path: /healthz/live, port: http }
      periodSeconds: 10
      timeoutSeconds: 5
      failureThreshold: 6
    lifecycle:
      # It still serves while balancers, kube-proxy and KEDA learn that it goes.
      preStop:
        sleep: { seconds: {{ $drain.preStopSeconds }} }
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities: { drop: [ALL] }
    volumeMounts:
      - { name: tmp, mountPath: /tmp }
      {{- range .files }}
      - { name: {{ .name }}, mountPath: /etc/burnline/{{ .name }}, readOnly: true }
      {{- end }}
volumes:
  - name: tmp
    emptyDir: { sizeLimit: 64Mi }
  {{- range .files }}
  - name: {{ .name }}
    secret:
      secretName: {{ .secretName }}
      # 0440 in octal, which readers of newer YAML would take for a decimal.
      defaultMode: 288
      items: [{ key: {{ .key | quote }}, path: {{ .file }} }]
  {{- end }}
{{- end }}
