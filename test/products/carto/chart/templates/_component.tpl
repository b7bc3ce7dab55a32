{{/* What one component consists of. Scope: component (a row of release.yaml), settings (its section), release, root. */}}

{{- define "carto.component.data" -}}
{{- $ai := .release.ai -}}
CARTO_SELFHOSTED_VERSION: {{ .root.Chart.AppVersion | quote }}
LOG_LEVEL: {{ .root.Values.appConfigValues.logLevel | quote }}
REDIS_HOST: {{ ternary (include "carto.dependency" (dict "name" .release.cache "root" .root)) .root.Values.externalRedis.host .root.Values.internalRedis.enabled | quote }}
{{- if .component.database }}
{{ include "carto.postgresql.variables" .root }}
{{- end }}
{{- if eq .component.name "workspace-api" }}
WORKSPACE_TENANT_ID: {{ .root.Values.cartoConfigValues.selfHostedTenantId | quote }}
CARTO_SELFHOSTED_DOMAIN: {{ .root.Values.appConfigValues.selfHostedDomain | quote }}
{{- end }}
{{- if eq .component.part "aiproxy" }}
{{ $ai.variables }}_HOST: {{ include "carto.postgresql.host" .root | quote }}
{{ $ai.variables }}_PORT: {{ include "carto.postgresql.port" .root | quote }}
{{ $ai.variables }}_USERNAME: {{ include "carto.postgresql.user" .root | quote }}
{{ $ai.variables }}_NAME: {{ get .root.Values.externalPostgresql $ai.databaseKey | quote }}
{{ $ai.variables }}_SSL_MODE: {{ ternary "require" "disable" .root.Values.externalPostgresql.sslEnabled | quote }}
{{ $ai.variables }}_SSL_CA_PATH: {{ include "carto.postgresql.caFile" .root | quote }}
LITELLM_MODE: PRODUCTION
{{- end }}
{{- end -}}

{{- define "carto.component.environment" -}}
{{- if .component.database }}
{{ include "carto.postgresql.password" (dict "variable" "WORKSPACE_POSTGRES_PASSWORD" "root" .root) }}
{{- end }}
{{- if eq .component.part "aiproxy" }}
{{ include "carto.postgresql.password" (dict "variable" (printf "%s_PASSWORD" .release.ai.variables) "root" .root) }}
{{- end }}
{{- include "carto.secret.env" (dict "secrets" .component.secrets "root" .root) }}
{{- with .settings.extraEnvVars }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "carto.component.sources" -}}
{{- $name := include "carto.component" (dict "name" .component.name "root" .root) -}}
- configMapRef: { name: {{ coalesce .settings.existingConfigMap $name }} }
{{- if include "carto.secret.data" (dict "secrets" .component.secrets "root" .root) }}
- secretRef: { name: {{ coalesce .settings.existingSecret $name }} }
{{- end }}
{{- with .settings.extraEnvVarsCM }}
- configMapRef: { name: {{ . }} }
{{- end }}
{{- with .settings.extraEnvVarsSecret }}
- secretRef: { name: {{ . }} }
{{- end }}
{{- end -}}

{{/* Brings the metadata database to the schema of the release. */}}
{{- define "carto.component.migrations" -}}
- name: workspace-migrations
  image: {{ include "carto.image" (dict "image" .root.Values.workspaceMigrations.image "root" .root) }}
  imagePullPolicy: {{ .root.Values.workspaceMigrations.image.pullPolicy }}
  command: {{ toJson (default (list "/bin/sh") .root.Values.workspaceMigrations.command) }}
  args: {{ toJson (default (list "-ec" .release.migrationsScript) .root.Values.workspaceMigrations.args) }}
  env:
    {{- if .root.Values.internalPostgresql.enabled }}
    - name: POSTGRES_ADMIN_PASSWORD
      valueFrom:
        secretKeyRef: { name: {{ include "carto.postgresql.secretName" .root }}, key: postgres-password }
    {{- end }}
    {{- include "carto.component.environment" . | nindent 4 }}
  envFrom: {{- include "carto.component.sources" . | nindent 4 }}
  resources: {{- toYaml .root.Values.workspaceMigrations.resources | nindent 4 }}
  volumeMounts: {{- include "carto.postgresql.mounts" .root | nindent 4 }}
{{- end -}}

{{- define "carto.component.deployment" -}}
{{- $labels := dict "component" .component.name "root" .root -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "carto.component" (dict "name" .component.name "root" .root) }}
  labels: {{- include "carto.labels" $labels | nindent 4 }}
spec:
  {{- if or .release.replicasBesideAutoscaler (not .settings.autoscaling.enabled) }}
  replicas: {{ .settings.replicaCount }}
  {{- end }}
  selector:
    matchLabels: {{- include "carto.matchLabels" $labels | nindent 6 }}
  template:
    metadata:
      labels: {{- include "carto.labels" $labels | nindent 8 }}
      annotations:
        checksum/config: {{ include "carto.component.data" . | sha256sum }}
        checksum/secret: {{ include "carto.secret.data" (dict "secrets" .component.secrets "root" .root) | sha256sum }}
        {{- with .settings.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      {{- include "carto.podSettings" .root | nindent 6 }}
      terminationGracePeriodSeconds: {{ .settings.terminationGracePeriodSeconds }}
      {{- if and (eq .component.name "workspace-api") (not .root.Values.diagnosticMode.enabled) }}
      initContainers: {{- include "carto.component.migrations" . | nindent 8 }}
      {{- end }}
      containers:
        - name: {{ .component.container }}
          image: {{ include "carto.image" (dict "image" .settings.image "root" .root) }}
          imagePullPolicy: {{ .settings.image.pullPolicy }}
          {{- if ne .component.part "aiproxy" }}
          command: [node, /usr/src/app/main.js, {{ .component.part }}, {{ .component.name }}]
          {{- end }}
          ports: [{ name: http, containerPort: 8080 }]
          env: {{- include "carto.component.environment" . | trim | default "[]" | nindent 12 }}
          envFrom: {{- include "carto.component.sources" . | nindent 12 }}
          readinessProbe:
            httpGet:
              {{- if eq .component.part "aiproxy" }}
              path: /health/readiness
              httpHeaders: [{ name: Authorization, value: "Bearer {{ .root.Values.cartoSecrets.litellmMasterKey.value }}" }]
              {{- else }}
              path: /health
              httpHeaders: [{ name: Carto-Monitoring, value: "True" }]
              {{- end }}
              port: http
            periodSeconds: 1
            failureThreshold: 4
          resources: {{- toYaml .settings.resources | nindent 12 }}
          volumeMounts: {{- include "carto.postgresql.mounts" .root | nindent 12 }}
      volumes: {{- include "carto.postgresql.volumes" .root | nindent 8 }}
{{- end -}}
