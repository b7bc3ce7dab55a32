// Makes a ReleaseRecord of Helm's JSON. Helm 3 writes absent times as "", Helm 4 leaves them out; old records lack fields.
import { PawlError } from '../../core/errors.ts'
import type { KubeObject } from '../../ports/cluster.ts'
import type { ReleaseRecord, ReleaseStatus } from '../../ports/helm.ts'
import { decodeRecord } from './record-codec.ts'

const STATUSES = new Set<string>([
  'unknown',
  'deployed',
  'superseded',
  'failed',
  'uninstalled',
  'uninstalling',
  'pending-install',
  'pending-upgrade',
  'pending-rollback',
])

type Json = Record<string, unknown>

/** Throws `unknown-state` where the payload cannot be read. */
export function parseRecord(secret: KubeObject): ReleaseRecord {
  const raw = rawOf(secret)
  const payload = readPayload(secret, raw)
  const info = map(payload.info)
  const chart = map(payload.chart)
  const metadata = map(chart.metadata)
  const labels = secret.metadata.labels ?? {}
  const firstDeployedAt = time(info.first_deployed)
  const lastDeployedAt = time(info.last_deployed)
  return {
    name: text(payload.name, labels.name ?? ''),
    namespace: text(payload.namespace, secret.metadata.namespace ?? ''),
    revision: typeof payload.version === 'number' ? payload.version : revisionOf(secret),
    status: statusOf(info.status, labels.status),
    description: text(info.description),
    ...(firstDeployedAt === undefined ? {} : { firstDeployedAt }),
    ...(lastDeployedAt === undefined ? {} : { lastDeployedAt }),
    chart: {
      name: text(metadata.name),
      version: text(metadata.version),
      appVersion: text(metadata.appVersion),
      annotations: texts(metadata.annotations),
      values: map(chart.values),
    },
    config: map(payload.config),
    manifest: text(payload.manifest),
    applyMethod: payload.apply_method === 'ssa' ? 'ssa' : 'csa',
    hooks: list(payload.hooks).map(hookOf),
    raw,
    labels,
    resourceVersion: secret.metadata.resourceVersion ?? '',
  }
}

/** Revision by label, else by the end of the name; 0 where neither says. */
export function revisionOf(secret: KubeObject): number {
  const said = secret.metadata.labels?.version ?? /\.v(\d+)$/.exec(secret.metadata.name)?.[1]
  const revision = Number.parseInt(said ?? '', 10)
  return Number.isSafeInteger(revision) ? revision : 0
}

function rawOf(secret: KubeObject): string {
  const raw = map(secret.data).release
  if (typeof raw === 'string' && raw !== '') return raw
  throw unreadable(secret, 'it has no release in it')
}

function readPayload(secret: KubeObject, raw: string): Json {
  let payload: unknown
  try {
    payload = JSON.parse(decodeRecord(raw))
  } catch (error) {
    // Only the kind of failure: a parser's message quotes what it read.
    throw unreadable(
      secret,
      error instanceof SyntaxError ? 'its payload is not JSON' : 'its payload cannot be unpacked',
    )
  }
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload))
    throw unreadable(secret, 'its payload is not a release')
  return payload as Json
}

function unreadable(secret: KubeObject, why: string): PawlError {
  const { name, namespace } = secret.metadata
  return new PawlError({
    code: 'unknown-state',
    message: `Helm's record ${namespace}/${name} cannot be read: ${why}.`,
    facts: { record: name },
  })
}

/** Helm decides by the payload in some places and by the label in others: where they differ, nobody knows. */
function statusOf(payload: unknown, label: string | undefined): ReleaseStatus {
  const status = typeof payload === 'string' && payload !== '' ? payload : (label ?? 'unknown')
  if (!STATUSES.has(status) || (label !== undefined && label !== status)) return 'unknown'
  return status as ReleaseStatus
}

function hookOf(value: unknown): ReleaseRecord['hooks'][number] {
  const hook = map(value)
  const phase = text(map(hook.last_run).phase)
  const events = list(hook.events).filter((event): event is string => typeof event === 'string')
  return { name: text(hook.name), kind: text(hook.kind), events, ...(phase === '' ? {} : { phase }) }
}

function map(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function text(value: unknown, absent = ''): string {
  return typeof value === 'string' ? value : absent
}

function texts(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(map(value)).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}

/** Helm writes nanoseconds and a zone; Go's zero time means "never". */
function time(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '' || value.startsWith('0001-')) return undefined
  const at = Date.parse(value.replace(/(\.\d{3})\d+/, '$1'))
  return Number.isNaN(at) ? undefined : new Date(at).toISOString()
}
