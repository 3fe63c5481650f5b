{{- define "darkroom.name" -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "darkroom.secret" -}}
{{- .Values.secret.existing | default (include "darkroom.name" .) -}}
{{- end -}}

{{- define "darkroom.labels" -}}
app.kubernetes.io/name: darkroom
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* One deployment; the role is "api" or "worker". */}}
{{- define "darkroom.deployment" -}}
{{- $role := .role -}}
{{- $own := index .Values .role -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "darkroom.name" . }}-{{ $role }}
  labels:
    {{- include "darkroom.labels" . | nindent 4 }}
    app.kubernetes.io/component: {{ $role }}
spec:
  replicas: {{ $own.replicas }}
  selector:
    matchLabels:
      {{- include "darkroom.labels" . | nindent 6 }}
      app.kubernetes.io/component: {{ $role }}
  strategy:
    rollingUpdate: {maxUnavailable: 1, maxSurge: 1}
  template:
    metadata:
      labels:
        {{- include "darkroom.labels" . | nindent 8 }}
        app.kubernetes.io/component: {{ $role }}
    spec:
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
      securityContext:
        runAsNonRoot: true
        runAsUser: 65532
        runAsGroup: 65532
        fsGroup: 65532
        seccompProfile: {{- toYaml .Values.seccompProfile | nindent 10 }}
      containers:
        - name: darkroom
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
          imagePullPolicy: {{ .Values.image.pullPolicy }}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
          ports:
            - {name: http, containerPort: 8484}
          envFrom:
            - secretRef: {name: {{ include "darkroom.secret" . }}}
          env:
            {{- $settings := merge (dict "DARKROOM_ROLE" $role
              "DARKROOM_DATABASE_URL" (required "databaseURL: the PostgreSQL database of all instances" .Values.databaseURL)
              "DARKROOM_BUCKET_URL" (required "bucketURL: the bucket of all instances" .Values.bucketURL)
              "DARKROOM_TRUSTED_PROXIES" .Values.trustedProxies
              "DARKROOM_PATH_PREFIX" .Values.pathPrefix
              "DARKROOM_PUBLIC_URL" .Values.publicURL) $own.settings .Values.settings }}
            {{- range $name, $value := $settings }}
            - {name: {{ $name }}, value: {{ $value | toString | quote }}}
            {{- end }}
          startupProbe:
            httpGet: {path: /healthz, port: http}
            periodSeconds: 2
            failureThreshold: 60
          livenessProbe:
            httpGet: {path: /healthz, port: http}
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          readinessProbe:
            httpGet: {path: /readyz, port: http}
            periodSeconds: 5
            timeoutSeconds: 5
          resources: {{- toYaml $own.resources | nindent 12 }}
          volumeMounts:
            - {name: data, mountPath: /data}
            - {name: temporary, mountPath: /tmp}
            {{- if eq $role "worker" }}
            - {name: shared-memory, mountPath: /dev/shm}
            {{- end }}
      volumes:
        - {name: data, emptyDir: {}}
        - {name: temporary, emptyDir: {}}
        {{- if eq $role "worker" }}
        - {name: shared-memory, emptyDir: {medium: Memory, sizeLimit: {{ $own.sharedMemory }}}}
        {{- end }}
      {{- with .Values.nodeSelector }}
      nodeSelector: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.tolerations }}
      tolerations: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.affinity }}
      affinity: {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end -}}
