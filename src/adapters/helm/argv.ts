// The only command lines Pawl gives to Helm (design D2). Everything that could undo, force, skip or guess is left out on purpose.
import { resolve } from 'node:path'
import { PawlError } from '../../core/errors.ts'
import type { HelmUpgrade } from '../../ports/helm.ts'

/** Where Helm talks to: the same kubeconfig and context as Pawl's own connection. */
export interface HelmConnection {
  kubeconfig?: string
  /**
   * `where.context` of the connection, always: a current context that somebody switches during a run must not send Helm to
   * another cluster. `in-cluster` is what a connection without any kubeconfig says; Helm finds that by itself.
   */
  context?: string
}

/** Records kept: more than Helm's ten, because every one is evidence. */
const HISTORY_MAX = 20

export function versionArgv(): string[] {
  return ['version', '--template', '{{.Version}}']
}

export function upgradeArgv(request: HelmUpgrade, connection: HelmConnection): string[] {
  return [
    'upgrade',
    ...target(request),
    ...values(request.valuesPaths),
    '--reset-values',
    ...labels(request.labels),
    '--description',
    request.description,
    '--timeout',
    `${Math.max(1, Math.ceil(request.timeoutMs / 1000))}s`,
    '--history-max',
    String(HISTORY_MAX),
    '-o',
    'json',
    ...place(connection),
  ]
}

export function renderArgv(
  request: { release: string; namespace: string; chartPath: string; valuesPaths: string[] },
  connection: HelmConnection,
): string[] {
  return [
    'upgrade',
    ...target(request),
    ...values(request.valuesPaths),
    '--reset-values',
    '--dry-run=server',
    '-o',
    'json',
    ...place(connection),
  ]
}

function target({
  release,
  namespace,
  chartPath,
}: {
  release: string
  namespace: string
  chartPath: string
}): string[] {
  // A DNS label, as Kubernetes wants it for names: above all nothing that begins with a dash.
  for (const [what, name] of [
    ['release', release],
    ['namespace', namespace],
  ] as const) {
    if (!/^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/.test(name)) {
      throw new PawlError({ code: 'input-invalid', message: `"${name}" cannot be the name of a ${what}.` })
    }
  }
  // Absolute, so that Helm never takes it for the name of a chart in some repository.
  return [release, resolve(chartPath), '-n', namespace]
}

function values(paths: string[]): string[] {
  // Without any values flag Helm would silently use the old ones again.
  if (paths.length === 0)
    throw new PawlError({ code: 'internal', message: 'Helm would be called without a values file.' })
  return paths.flatMap((path) => ['-f', asCsvField(resolve(path))])
}

/** Helm reads `-f` as a list of comma-separated fields. */
function asCsvField(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

function labels(given: Record<string, string>): string[] {
  const pairs = Object.entries(given).map(([key, value]) => {
    if (/[,=\s"]/.test(key + value))
      throw new PawlError({ code: 'internal', message: `Label ${key} cannot be given to Helm.` })
    return `${key}=${value}`
  })
  return pairs.length === 0 ? [] : ['--labels', pairs.join(',')]
}

function place({ kubeconfig, context }: HelmConnection): string[] {
  return [
    ...(kubeconfig === undefined ? [] : ['--kubeconfig', resolve(kubeconfig)]),
    ...(context === undefined || context === 'in-cluster' ? [] : ['--kube-context', context]),
  ]
}
