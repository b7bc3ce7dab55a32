// A small chart for these tests, packed by the real Helm.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execa } from 'execa'

export interface Workspace {
  folder: string
  /** Packs the chart in a version; `extra` are further template files. */
  pack(version: string, extra?: Record<string, string>): Promise<string>
  values(name: string, content: unknown): Promise<string>
  cleanUp(): Promise<void>
}

const TEMPLATES = {
  'templates/settings.yaml': `
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-settings}
data:
  values: {{ omit .Values "global" | toJson | quote }}
  version: {{ .Chart.Version | quote }}
`,
  'templates/lookup.yaml': `
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-lookup}
data:
  namespaceSeen: {{ (lookup "v1" "Namespace" "" .Release.Namespace).metadata.name | default "nothing" | quote }}
`,
  'templates/hook.yaml': `
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-hook
  annotations: {helm.sh/hook: pre-upgrade, helm.sh/hook-delete-policy: before-hook-creation}
data: {version: {{ .Chart.Version | quote }}}
`,
  'templates/NOTES.txt': 'Thank you for {{ .Release.Name }}.\n',
  'templates/refuse.yaml': '{{ if .Values.refuse }}{{ fail (printf "refused with %s" .Values.password) }}{{ end }}\n',
  'values.yaml': `
kept: default
removed: default
nested: {a: 1, b: {c: 2, d: 3, nought: null}, list: [1, 2]}
password: none
big: 12345678901234567
ratio: 1.5
empty: {}
nothing: null
`,
}

export async function workspace(helm: string): Promise<Workspace> {
  const folder = await mkdtemp(join(tmpdir(), 'pawl-chart-'))
  return {
    folder,
    pack: async (version, extra = {}) => {
      const source = join(folder, `source-${version}`, 'demo')
      const chart = `apiVersion: v2\nname: demo\nversion: ${version}\nappVersion: "2026.1.${version.replaceAll('.', '')}"\nannotations: {pawl.dev/test: "yes"}\n`
      for (const [name, text] of Object.entries({ 'Chart.yaml': chart, ...TEMPLATES, ...extra })) {
        await mkdir(dirname(join(source, name)), { recursive: true })
        await writeFile(join(source, name), text)
      }
      await execa(helm, ['package', source, '-d', folder])
      return join(folder, `demo-${version}.tgz`)
    },
    values: async (name, content) => {
      const path = join(folder, `${name}.yaml`)
      await writeFile(path, JSON.stringify(content), { mode: 0o600 })
      return path
    },
    cleanUp: async () => await rm(folder, { recursive: true }),
  }
}
