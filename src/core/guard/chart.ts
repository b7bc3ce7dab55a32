// The Helm chart charts/pawl, made from the same data as everything else: resource definitions, policies, and bindings for named namespaces.
import { CRDS } from '../crds.ts'
import type { ResourceObject } from '../resources.ts'
import { KEPT_BINDING, namespaceBindings } from './bindings.ts'
import { POLICIES } from './policies.ts'

/** Files by their path below the chart; `toYaml` is the caller's. Curly brackets of CEL are no template: each file says so. */
export function chartFiles(version: string, toYaml: (value: unknown) => string): Record<string, string> {
  const documents = (objects: readonly ResourceObject[]): string =>
    objects.map((object) => `---\n${toYaml(object)}`).join('')
  const verbatim = (objects: readonly ResourceObject[]): string =>
    `{{- /* Made by scripts/chart.ts from src/core: do not edit. */ -}}\n{{- $verbatim := \`\n${documents(objects)}\` }}\n{{ $verbatim }}\n`
  // The template's own words take the place of the name and the uid of a namespace.
  const bindings = documents(namespaceBindings({ name: 'NAMESPACE', uid: 'UID' }))
    .replaceAll('NAMESPACE', '{{ . }}')
    .replaceAll(/^ +ownerReferences:\n(?: +.*\n)*? +uid: UID\n/gm, '{{- include "pawl.owner" . }}\n')
  return {
    'Chart.yaml': toYaml({
      apiVersion: 'v2',
      name: 'pawl',
      description: "Pawl's guard: refuses what would put an old release on a newer schema.",
      type: 'application',
      version,
      appVersion: version,
      kubeVersion: '>=1.30.0-0',
    }),
    'values.yaml':
      '# Namespaces in which releases may be guarded. A guard is then made by "pawl guard install RELEASE -n NAMESPACE".\nnamespaces: []\n',
    'crds/pawl.yaml': documents(CRDS),
    'templates/policies.yaml': verbatim([...POLICIES, KEPT_BINDING]),
    'templates/_owner.tpl': OWNER,
    'templates/bindings.yaml': `{{- /* Made by scripts/chart.ts from src/core: do not edit. */ -}}\n{{- range .Values.namespaces }}\n${bindings}{{- end }}\n`,
  }
}

/** A namespace that goes takes its bindings along; without a cluster to look at (helm template) they stay. */
const OWNER = `{{- define "pawl.owner" }}
{{- with (lookup "v1" "Namespace" "" .) }}
  ownerReferences:
    - apiVersion: v1
      kind: Namespace
      name: {{ .metadata.name }}
      uid: {{ .metadata.uid }}
{{- end }}
{{- end }}
`
