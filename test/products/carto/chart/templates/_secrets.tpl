{{/* Secrets of the package: each is given as a value, or by the name of a Secret that exists, which wins. */}}

{{/* The entry of the values behind a variable. Usage: include "carto.secret.entry" (dict "variable" "X" "root" $) | fromYaml */}}
{{- define "carto.secret.entry" -}}
{{- $path := splitList "." (get (.root.Files.Get "release.yaml" | fromYaml).secretVariables .variable) -}}
{{- get (get .root.Values (first $path)) (last $path) | toYaml -}}
{{- end -}}

{{/* The data of a component's own Secret; empty where all exists elsewhere. Usage: dict "secrets" (list ...) "root" $ */}}
{{- define "carto.secret.data" -}}
{{- $root := .root -}}
{{- range .secrets }}
{{- $entry := include "carto.secret.entry" (dict "variable" . "root" $root) | fromYaml }}
{{- if not $entry.existingSecret.name }}
{{ . }}: {{ $entry.value | b64enc | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Variables that come from Secrets of the user. */}}
{{- define "carto.secret.env" -}}
{{- $root := .root -}}
{{- range .secrets }}
{{- $entry := include "carto.secret.entry" (dict "variable" . "root" $root) | fromYaml }}
{{- if $entry.existingSecret.name }}
- name: {{ . }}
  valueFrom:
    secretKeyRef: { name: {{ $entry.existingSecret.name }}, key: {{ $entry.existingSecret.key }} }
{{- end }}
{{- end }}
{{- end -}}
