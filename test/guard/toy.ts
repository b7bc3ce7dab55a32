// A toy product: one chart in several releases, with a writer, a reader, a StatefulSet and a nightly job. Its images are never pulled.
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../cluster/run.ts'

export const REGISTRY = 'registry.invalid:5000/toy'
export const RELEASES = {
  old: '2025.12.1',
  middle: '2026.1.12',
  now: '2026.2.9',
  next: '2026.3.9',
  backdated: '2025.12.1',
} as const
export type ReleaseName = keyof typeof RELEASES

export function image(name: string, release: ReleaseName): string {
  return `${REGISTRY}/${name}:${RELEASES[release]}`
}

const WORKLOADS = `
{{- define "pod" }}
metadata: {labels: {app: {{ .name }}, app.kubernetes.io/instance: {{ .root.Release.Name }}}}
spec:
  terminationGracePeriodSeconds: 0
  initContainers: [{name: init, image: "${REGISTRY}/db:{{ .root.Values.tag | default .root.Chart.AppVersion }}"}]
  containers: [{name: main, image: "${REGISTRY}/{{ .image }}:{{ .root.Values.tag | default .root.Chart.AppVersion }}", env: [{name: NOTE, value: {{ .root.Values.note | quote }}}]}]
{{- end }}
{{- range $name, $replicas := .Values.deployments }}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ $.Release.Name }}-{{ $name }}, labels: {app.kubernetes.io/instance: {{ $.Release.Name }}}}
spec:
  replicas: {{ $replicas }}
  strategy: {type: Recreate}
  selector: {matchLabels: {app: {{ $.Release.Name }}-{{ $name }}}}
  template: {{- include "pod" (dict "root" $ "name" (printf "%s-%s" $.Release.Name $name) "image" $name) | nindent 4 }}
{{- end }}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: {{ .Release.Name }}-queue}
spec:
  replicas: 1
  serviceName: queue
  selector: {matchLabels: {app: {{ .Release.Name }}-queue}}
  template: {{- include "pod" (dict "root" $ "name" (printf "%s-queue" .Release.Name) "image" "queue") | nindent 4 }}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: {{ .Release.Name }}-nightly}
spec:
  schedule: "0 3 1 1 *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{name: main, image: "${REGISTRY}/api:{{ .Values.tag | default .Chart.AppVersion }}"}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-settings}
data: {version: {{ .Chart.AppVersion | quote }}, note: {{ .Values.note | quote }}}
---
apiVersion: v1
kind: Secret
metadata: {name: {{ .Release.Name }}-login}
stringData: {password: first}
`

const VALUES = 'tag: ""\nnote: ""\ndeployments: {api: 1, web: 1}\n'

/** Something else that lives in the same cluster. */
const OTHER = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}-main}
spec:
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}, app.kubernetes.io/instance: {{ .Release.Name }}}}
    spec: {containers: [{name: main, image: "registry.invalid:5000/other/api:{{ .Chart.AppVersion }}"}]}
`

export interface Charts {
  of(release: ReleaseName): string
  other(version: '1.0.0' | '2.0.0'): string
}

export async function packCharts(helm: string): Promise<Charts> {
  const directory = await mkdtemp(join(tmpdir(), 'pawl-toy-'))
  const pack = async (name: string, template: string, values: string, version: string, app: string): Promise<void> => {
    const source = join(directory, 'source', `${name}-${version}`, name)
    await mkdir(join(source, 'templates'), { recursive: true })
    await writeFile(
      join(source, 'Chart.yaml'),
      `apiVersion: v2\nname: ${name}\nversion: ${version}\nappVersion: "${app}"\n`,
    )
    await writeFile(join(source, 'values.yaml'), values)
    await writeFile(join(source, 'templates', 'all.yaml'), template)
    await run(helm, ['package', source, '-d', directory])
  }
  const versions: Record<ReleaseName, string> = {
    old: '1.0.0',
    middle: '1.1.0',
    now: '1.2.0',
    next: '1.3.0',
    backdated: '1.4.0',
  }
  for (const [name, version] of Object.entries(versions))
    await pack('toy', WORKLOADS, VALUES, version, RELEASES[name as ReleaseName])
  for (const version of ['1.0.0', '2.0.0']) await pack('other', OTHER, '', version, version)
  return {
    of: (release) => join(directory, `toy-${versions[release]}.tgz`),
    other: (version) => join(directory, `other-${version}.tgz`),
  }
}
