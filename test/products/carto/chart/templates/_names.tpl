{{/* Names: bitnami's rule for the product, the release alone for what the product depends on. */}}

{{- define "carto.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "carto.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Usage: include "carto.component" (dict "name" "maps-api" "root" $) */}}
{{- define "carto.component" -}}
{{- printf "%s-%s" (include "carto.fullname" .root) .name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* Usage: include "carto.dependency" (dict "name" "postgresql" "root" $) */}}
{{- define "carto.dependency" -}}
{{- printf "%s-%s" .root.Release.Name .name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* Hangs on the release's name, and is not cut. */}}
{{- define "carto.externalpostgresql" -}}
{{- printf "%s-externalpostgresql" .Release.Name -}}
{{- end -}}

{{- define "carto.matchLabels" -}}
app.kubernetes.io/name: {{ include "carto.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "carto.labels" -}}
{{ include "carto.matchLabels" . }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The registry of the user wins over the one of the image. Usage: include "carto.image" (dict "image" .Values.x.image "root" $) */}}
{{- define "carto.image" -}}
{{- $registry := coalesce .root.Values.global.imageRegistry .image.registry -}}
{{- printf "%s/%s:%s" $registry .image.repository (coalesce .image.tag .root.Chart.AppVersion) -}}
{{- end -}}

{{- define "carto.podSettings" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext: { runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000 }
{{- with .Values.global.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
