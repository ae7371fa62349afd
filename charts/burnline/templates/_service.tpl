{{/*
Service of an app. headless: nobody goes through its address; KEDA and Prometheus read its pods one by one.
Service port = container port, since KEDA puts the port of the Service's address on each pod's.
*/}}
{{- define "burnline.service" -}}
{{- $service := (index .root.Values .app).service | default dict -}}
apiVersion: v1
kind: Service
metadata:
  {{- include "burnline.metadata" . | nindent 2 }}
  {{- with $service.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- if .headless }}
  clusterIP: None
  {{- else }}
  type: {{ $service.type | default "ClusterIP" }}
  {{- end }}
  selector:
    {{- include "burnline.selector" . | nindent 4 }}
  ports:
    - name: http
      port: {{ .port }}
      targetPort: http
      protocol: TCP
      # Said to balancers and meshes: WebSockets go over HTTP/1.1.
      appProtocol: http
      {{- with $service.nodePort }}
      nodePort: {{ int64 . }}
      {{- end }}
{{- end }}
