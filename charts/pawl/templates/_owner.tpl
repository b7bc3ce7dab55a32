{{- define "pawl.owner" }}
{{- with (lookup "v1" "Namespace" "" .) }}
  ownerReferences:
    - apiVersion: v1
      kind: Namespace
      name: {{ .metadata.name }}
      uid: {{ .metadata.uid }}
{{- end }}
{{- end }}
