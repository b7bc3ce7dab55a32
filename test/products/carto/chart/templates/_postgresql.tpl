{{/* Where the databases are: a server of the chart's own, or one of the user's. sslEnabled is read from the external section always. */}}

{{- define "carto.postgresql.host" -}}
{{- ternary (include "carto.dependency" (dict "name" "postgresql" "root" .)) .Values.externalPostgresql.host .Values.internalPostgresql.enabled -}}
{{- end -}}

{{- define "carto.postgresql.port" -}}
{{- ternary "5432" (toString .Values.externalPostgresql.port) .Values.internalPostgresql.enabled -}}
{{- end -}}

{{- define "carto.postgresql.user" -}}
{{- ternary .Values.internalPostgresql.auth.username .Values.externalPostgresql.user .Values.internalPostgresql.enabled -}}
{{- end -}}

{{- define "carto.postgresql.database" -}}
{{- ternary .Values.internalPostgresql.auth.database .Values.externalPostgresql.database .Values.internalPostgresql.enabled -}}
{{- end -}}

{{- define "carto.postgresql.secretName" -}}
{{- if .Values.internalPostgresql.enabled -}}
{{- coalesce .Values.internalPostgresql.auth.existingSecret (include "carto.dependency" (dict "name" "postgresql" "root" .)) -}}
{{- else -}}
{{- coalesce .Values.externalPostgresql.existingSecret (include "carto.externalpostgresql" .) -}}
{{- end -}}
{{- end -}}

{{- define "carto.postgresql.passwordKey" -}}
{{- if .Values.internalPostgresql.enabled -}}
password
{{- else if .Values.externalPostgresql.existingSecret -}}
{{- default "db-password" .Values.externalPostgresql.existingSecretPasswordKey -}}
{{- else -}}
db-password
{{- end -}}
{{- end -}}

{{- define "carto.postgresql.caFile" -}}
/usr/src/certs/postgresql-ssl-ca/ca.crt
{{- end -}}

{{- define "carto.postgresql.hasCA" -}}
{{- if and .Values.externalPostgresql.sslEnabled .Values.externalPostgresql.sslCA -}}yes{{- end -}}
{{- end -}}

{{- define "carto.postgresql.caConfigMap" -}}
{{- ternary (include "carto.dependency" (dict "name" "postgresql" "root" .)) (include "carto.externalpostgresql" .) .Values.internalPostgresql.enabled -}}
{{- end -}}

{{/* The variables of the metadata database, as every component that uses it has them in its ConfigMap. */}}
{{- define "carto.postgresql.variables" -}}
WORKSPACE_POSTGRES_DB: {{ include "carto.postgresql.database" . | quote }}
WORKSPACE_POSTGRES_HOST: {{ include "carto.postgresql.host" . | quote }}
WORKSPACE_POSTGRES_PORT: {{ include "carto.postgresql.port" . | quote }}
WORKSPACE_POSTGRES_USER: {{ include "carto.postgresql.user" . | quote }}
WORKSPACE_POSTGRES_SSL_ENABLED: {{ .Values.externalPostgresql.sslEnabled | quote }}
{{- if include "carto.postgresql.hasCA" . }}
WORKSPACE_POSTGRES_SSL_CA: {{ include "carto.postgresql.caFile" . | quote }}
{{- end }}
{{- end -}}

{{/* Usage: include "carto.postgresql.password" (dict "variable" "WORKSPACE_POSTGRES_PASSWORD" "root" $) */}}
{{- define "carto.postgresql.password" -}}
- name: {{ .variable }}
  valueFrom:
    secretKeyRef:
      name: {{ include "carto.postgresql.secretName" .root }}
      key: {{ include "carto.postgresql.passwordKey" .root }}
{{- end -}}

{{- define "carto.postgresql.mounts" -}}
- { name: tmp, mountPath: /tmp }
{{- if include "carto.postgresql.hasCA" . }}
- { name: postgresql-ssl-ca, mountPath: {{ include "carto.postgresql.caFile" . }}, subPath: ca.crt, readOnly: true }
{{- end }}
{{- end -}}

{{- define "carto.postgresql.volumes" -}}
- { name: tmp, emptyDir: {} }
{{- if include "carto.postgresql.hasCA" . }}
- name: postgresql-ssl-ca
  configMap: { name: {{ include "carto.postgresql.caConfigMap" . }} }
{{- end }}
{{- end -}}
