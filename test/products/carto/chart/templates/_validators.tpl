{{/* Values that cannot work are refused when the chart is rendered, by NOTES.txt. */}}

{{- define "carto.validateValues" -}}
{{- $wrong := list -}}
{{- if and (not .Values.internalRedis.enabled) (not .Values.externalRedis.host) (not .Values.cartoConfigValues.onlyRunRouter) -}}
{{- $wrong = append $wrong "externalRedis.host is needed where internalRedis.enabled is false" -}}
{{- end -}}
{{- if and (not .Values.internalPostgresql.enabled) (not .Values.externalPostgresql.host) -}}
{{- $wrong = append $wrong "externalPostgresql.host is needed where internalPostgresql.enabled is false" -}}
{{- end -}}
{{- if not (has .Values.appConfigValues.logLevel (list "info" "debug" "error")) -}}
{{- $wrong = append $wrong (printf "appConfigValues.logLevel %s is none of info, debug, error" .Values.appConfigValues.logLevel) -}}
{{- end -}}
{{- if and .Values.appConfigValues.s3Endpoint (ne .Values.appConfigValues.storageProvider "s3") -}}
{{- $wrong = append $wrong "appConfigValues.s3Endpoint is for storageProvider s3 only" -}}
{{- end -}}
{{- if $wrong -}}
{{- printf "\nVALUES VALIDATION:\n%s" (join "\n" $wrong) | fail -}}
{{- end -}}
{{- end -}}
