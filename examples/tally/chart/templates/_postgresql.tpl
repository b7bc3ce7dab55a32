{{/* Where the databases are: the server of the chart, or one of the user's. */}}

{{- define "tally.postgresql.host" -}}
{{- ternary (include "tally.postgresql.fullname" .) .Values.externalPostgresql.host .Values.internalPostgresql.enabled -}}
{{- end -}}

{{- define "tally.postgresql.port" -}}
{{- ternary "5432" (toString .Values.externalPostgresql.port) .Values.internalPostgresql.enabled -}}
{{- end -}}

{{- define "tally.postgresql.user" -}}
{{- ternary .Values.internalPostgresql.auth.username .Values.externalPostgresql.user .Values.internalPostgresql.enabled -}}
{{- end -}}

{{- define "tally.postgresql.database" -}}
{{- ternary .Values.internalPostgresql.auth.database .Values.externalPostgresql.database .Values.internalPostgresql.enabled -}}
{{- end -}}

{{- define "tally.postgresql.secretName" -}}
{{- if .Values.internalPostgresql.enabled -}}
{{- coalesce .Values.internalPostgresql.auth.existingSecret (include "tally.postgresql.fullname" .) -}}
{{- else -}}
{{- coalesce .Values.externalPostgresql.existingSecret (include "tally.externalpostgresql.fullname" .) -}}
{{- end -}}
{{- end -}}

{{- define "tally.postgresql.passwordKey" -}}
{{- if .Values.internalPostgresql.enabled -}}
password
{{- else if .Values.externalPostgresql.existingSecret -}}
{{- coalesce .Values.externalPostgresql.existingSecretPasswordKey "db-password" -}}
{{- else -}}
db-password
{{- end -}}
{{- end -}}

{{- define "tally.postgresql.sslCAPath" -}}
{{- if .Values.externalPostgresql.sslCA -}}/etc/tally/postgresql-ca/ca.crt{{- end -}}
{{- end -}}

{{/* Usage: include "tally.postgresql.passwordEnv" (dict "name" "LEDGER_POSTGRES_PASSWORD" "root" $) */}}
{{- define "tally.postgresql.passwordEnv" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ include "tally.postgresql.secretName" .root }}
      key: {{ include "tally.postgresql.passwordKey" .root }}
{{- end -}}

{{- define "tally.postgresql.volumeMounts" -}}
- { name: tmp, mountPath: /tmp }
{{- if .Values.externalPostgresql.sslCA }}
- { name: postgresql-ca, mountPath: /etc/tally/postgresql-ca, readOnly: true }
{{- end }}
{{- end -}}

{{- define "tally.postgresql.volumes" -}}
- { name: tmp, emptyDir: {} }
{{- if .Values.externalPostgresql.sslCA }}
- name: postgresql-ca
  configMap: { name: {{ include "tally.externalpostgresql.fullname" . }} }
{{- end }}
{{- end -}}

{{/* A password: as given, else as it is in the Secret already, else drawn. Usage: dict "given" "secret" "key" "root" */}}
{{- define "tally.postgresql.managedPassword" -}}
{{- $existing := lookup "v1" "Secret" .root.Release.Namespace .secret -}}
{{- $kept := "" -}}
{{- if $existing -}}{{- $kept = (get ($existing.data | default dict) .key) | default "" | b64dec -}}{{- end -}}
{{- coalesce .given $kept (randAlphaNum 24) -}}
{{- end -}}
