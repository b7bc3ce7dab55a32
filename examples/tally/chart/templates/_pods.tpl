{{/* Parts that all pods share. */}}

{{/* Usage: include "tally.image" (dict "image" .Values.board.image "root" $) */}}
{{- define "tally.image" -}}
{{- $registry := coalesce .image.registry .root.Values.global.imageRegistry -}}
{{- $tag := coalesce .image.tag .root.Chart.AppVersion -}}
{{- if $registry -}}{{ $registry }}/{{- end -}}{{ .image.repository }}:{{ $tag }}
{{- end -}}

{{- define "tally.podSettings" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  fsGroup: 1000
  seccompProfile: { type: RuntimeDefault }
{{- with .Values.global.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "tally.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end -}}

{{- define "tally.probes" -}}
readinessProbe:
  httpGet: { path: /health, port: http }
  periodSeconds: 1
  timeoutSeconds: 3
  failureThreshold: 4
{{- end -}}

{{- define "tally.encryptionKeyEnv" -}}
- name: TALLY_ENCRYPTION_KEY
  valueFrom:
    secretKeyRef:
      {{- with .Values.tallySecrets.encryptionKey }}
      {{- if .existingSecret.name }}
      name: {{ .existingSecret.name }}
      key: {{ .existingSecret.key }}
      {{- else }}
      name: {{ include "tally.fullname" $ }}-ledger-api
      key: TALLY_ENCRYPTION_KEY
      {{- end }}
      {{- end }}
{{- end -}}
