// A small installation in the in-memory cluster, with stubs of the other doors, for the tests of this folder.
import { createHash } from 'node:crypto'
import { parseAllDocuments } from 'yaml'
import type { DatabaseObservation } from '../../../src/core/data/tasks.ts'
import { PawlError } from '../../../src/core/errors.ts'
import type { JsonRecord } from '../../../src/core/json.ts'
import { quiescedValues } from '../../../src/core/profile/quiesced.ts'
import { installationObject } from '../../../src/core/resources.ts'
import type { Installation } from '../../../src/core/resources.ts'
import type { ChartArchive, ChartEntry } from '../../../src/ports/charts.ts'
import type { KubeObject } from '../../../src/ports/cluster.ts'
import type { ReleaseRecord } from '../../../src/ports/helm.ts'
import { tally } from '../../../src/profiles/tally/profile.ts'
import { TALLY_DEFAULTS } from '../../../src/profiles/tally/scope.fixture.ts'
import { FakeCluster } from '../../../src/testing/cluster/fake-cluster.ts'
import type { PreflightDeps } from '../../../src/steps/preflight/deps.ts'
import { mergeValues } from '../../../src/steps/preflight/values.ts'

export const NAMESPACE = 'ledger'

export const INSTALLATION: Installation = {
  name: 'prod',
  namespace: NAMESPACE,
  release: 'prod',
  profile: 'tally',
  store: { type: 'volume', claim: 'pawl' },
  dataImage: 'registry:5000/pawl-data:{major}',
  recipients: ['age1abc'],
  identity: { secret: 'pawl-identity', key: 'identity' },
}

function entry(appVersion: string, version: string, ledger: string): ChartEntry {
  const annotations = {
    minVersion: '2025.11.3',
    'tally.example/schema.ledger': ledger,
    'tally.example/schema.assist': '',
  }
  return { name: 'tally', version, appVersion, annotations }
}

export const CHARTS = {
  old: entry('2025.6.9', '1.20.1', '20250604110000-scans'),
  installed: entry('2026.2.9', '1.46.1', '20260205100000-insurance'),
  target: entry('2026.3.9', '1.52.2', '20260304100000-priority-rank'),
  candidate: entry('2026.4.13-rc.2', '1.57.1-beta', '20260402100000-assign-depot'),
}

/** What the user gave when the release was installed. */
export const CONFIG: JsonRecord = {
  tallyConfigValues: { customerPackageVersion: '2026.2.1', selfHostedTenantId: 'onp-7f3a' },
  tallySecrets: { encryptionKey: { value: 'canary-key-51c8' } },
}

/** Tally's profile asks the container of the ledger-api. */
function containerOf(app: string): string {
  return app === 'prod-tally-ledger-api' ? 'ledger-api' : 'main'
}

/** Its container takes what Tally's do. */
export function workload(name: string, image: string, pod: JsonRecord = {}): KubeObject {
  const labels = { app: name }
  const password = { secretKeyRef: { name: 'prod-postgresql', key: 'password' } }
  const container = {
    name: containerOf(name),
    image,
    envFrom: [{ configMapRef: { name: 'prod-tally-ledger-api' } }],
    env: [{ name: 'LEDGER_POSTGRES_PASSWORD', valueFrom: password }],
  }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container], ...pod } },
    },
  }
}

function release(version: string, extra: KubeObject[] = []): KubeObject[] {
  const migrations = { initContainers: [{ name: 'ledger-migrations', image: `tally/ledger-db:${version}` }] }
  return [
    workload('prod-tally-ledger-api', `tally/ledger-api:${version}`, migrations),
    workload('prod-tally-recorder', `tally/recorder:${version}`),
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'prod-postgresql', namespace: NAMESPACE },
      spec: { volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: {} }] },
    },
    ...extra,
  ]
}

export function manifestOf(objects: readonly unknown[]): string {
  return objects.map((object) => JSON.stringify(object)).join('\n---\n')
}

/** As tally renders with the values that keep it stopped; a Deployment that these do not know is not among them. */
function asleep(object: unknown): unknown {
  const { kind, metadata, spec } = object as KubeObject & { spec: object }
  const known = kind === 'Deployment' && !metadata.name.endsWith('-stranger')
  return known ? { ...(object as object), spec: { ...spec, replicas: 0 } } : object
}

const HOOK = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'prod-pre-install', annotations: { 'helm.sh/hook': 'pre-install,pre-upgrade' } },
}

export function record(over: Partial<ReleaseRecord> = {}): ReleaseRecord {
  return {
    name: 'prod',
    namespace: NAMESPACE,
    revision: 3,
    status: 'deployed',
    description: 'Upgrade complete',
    chart: { ...CHARTS.installed, values: TALLY_DEFAULTS },
    config: CONFIG,
    manifest: manifestOf(release('2026.2.9')),
    applyMethod: 'ssa',
    hooks: [{ name: 'prod-pre-install', kind: 'Job', events: ['pre-upgrade'] }],
    raw: 'raw',
    labels: {},
    resourceVersion: '7',
    ...over,
  }
}

export const OBSERVED: DatabaseObservation = {
  role: 'ledger',
  at: '2026-04-01T09:00:00.000Z',
  serverVersion: '15.4',
  serverMajor: 15,
  sizeBytes: 50_000_000,
  sessions: [],
  writeCounter: '5000',
  migrations: ['20250604110000-scans', '20260205100000-insurance'],
  schemaFingerprint: 'f',
  placement: 'p',
  countsWrites: true,
  rights: { ownsDatabase: true, createDatabase: true, endSessions: true, bypassRowSecurity: true, createSchema: true },
  extensions: {},
  floor: null,
  untrustedExtensions: [],
  preparedTransactions: 0,
}

export interface World {
  deps: PreflightDeps
  cluster: FakeCluster
  /** Newest first. */
  history: ReleaseRecord[]
  /** Default values of each chart by version, over Tally's. */
  defaults: Record<string, JsonRecord>
  /** What each chart renders to; by version. */
  manifests: Record<string, unknown[]>
  observations: DatabaseObservation[]
  /** Every task the data plane was given, and `discard` for each that was discarded. */
  tasks: string[]
  /** Every call of Helm. */
  helmCalls: string[]
}

/** Everything as it should be; a test spoils what it is about. */
export function world(): World {
  const cluster = new FakeCluster({ namespace: NAMESPACE })
  const objects = [...release('2026.2.9'), installationObject(INSTALLATION) as KubeObject]
  for (const object of objects) cluster.seed(object)
  seedData(cluster, 'Secret', 'prod-postgresql', { password: 'eA==', 'postgres-password': 'eA==' })
  seedData(cluster, 'Secret', 'pawl-identity', { identity: 'eA==' })
  seedData(cluster, 'ConfigMap', 'prod-tally-ledger-api', {
    TALLY_VERSION: '2026.2.9',
    LEDGER_POSTGRES_HOST: 'prod-postgresql',
    LEDGER_POSTGRES_PORT: '5432',
    LEDGER_POSTGRES_DB: 'tally',
    LEDGER_POSTGRES_USER: 'tally_admin',
  })
  seedPod(cluster, 'prod-tally-recorder', 'tally/recorder:2026.2.9')
  seedNode(cluster)
  const state: Omit<World, 'deps'> = {
    cluster,
    history: [record()],
    defaults: {},
    manifests: { '1.46.1': release('2026.2.9'), '1.52.2': release('2026.3.9') },
    observations: [structuredClone(OBSERVED)],
    tasks: [],
    helmCalls: [],
  }
  return { ...state, deps: depsOf(state) }
}

/** A node with room that has pulled every image of the target already. */
export function seedNode(cluster: FakeCluster, without = ''): void {
  const images = ['ledger-api', 'ledger-db', 'recorder'].map((name) => `tally/${name}:2026.3.9`)
  cluster.seed({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n1' },
    status: {
      allocatable: { cpu: '4', memory: '8Gi', pods: '110' },
      conditions: [{ type: 'Ready', status: 'True' }],
      images: images.filter((image) => image !== without).map((image) => ({ names: [image], sizeBytes: 1 })),
    },
  })
}

export function seedData(
  cluster: FakeCluster,
  kind: 'Secret' | 'ConfigMap',
  name: string,
  data: Record<string, string>,
): void {
  cluster.seed({ apiVersion: 'v1', kind, metadata: { name, namespace: NAMESPACE }, data })
}

export function seedPod(cluster: FakeCluster, app: string, image: string): void {
  cluster.seed({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `${app}-x1`, namespace: NAMESPACE, labels: { app } },
    spec: { containers: [{ name: containerOf(app), image }] },
    status: { phase: 'Running' },
  })
}

/** As helm-controller leaves it: its labels on what it renders, and its own object. */
export function markFlux({ cluster, history }: Pick<World, 'cluster' | 'history'>, suspend: boolean): void {
  const labels = { 'helm.toolkit.fluxcd.io/name': 'prod', 'helm.toolkit.fluxcd.io/namespace': 'flux-system' }
  const [newest] = history
  if (newest === undefined) return
  const marked = release('2026.2.9').map((object) => ({ ...object, metadata: { ...object.metadata, labels } }))
  history[0] = { ...newest, manifest: manifestOf(marked) }
  const [group, version, kind] = ['helm.toolkit.fluxcd.io', 'v2', 'HelmRelease']
  cluster.seed({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `helmreleases.${group}` },
    spec: { group, names: { kind }, scope: 'Namespaced', versions: [{ name: version }] },
  })
  cluster.seed({
    apiVersion: `${group}/${version}`,
    kind,
    metadata: { name: 'prod', namespace: 'flux-system' },
    spec: { suspend, targetNamespace: NAMESPACE, releaseName: 'prod' },
  })
}

function parseYaml(text: string): unknown[] {
  return parseAllDocuments(text).map((document): unknown => {
    const [error] = document.errors
    if (error !== undefined) throw error
    return document.toJS()
  })
}

function depsOf(state: Omit<World, 'deps'>): PreflightDeps {
  const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex')
  const notHere = (): never => {
    throw new PawlError({ code: 'internal', message: 'preflight must not call this' })
  }
  const fetch = (version: string): ChartArchive => {
    const found = Object.values(CHARTS).find((chart) => chart.version === version)
    if (found === undefined) throw new PawlError({ code: 'target-unknown', message: `no chart ${version}` })
    const bytes = Buffer.from(found.version)
    return { entry: found, bytes, digest: sha256(bytes) }
  }
  let ids = 0
  return {
    cluster: state.cluster,
    installation: INSTALLATION,
    profile: tally,
    sha256,
    clock: { now: () => new Date('2026-04-01T09:00:00Z'), sleep: notHere },
    today: () => new Date('2026-04-01T09:00:00Z'),
    ids: { next: () => `20260401-090000-${++ids}` },
    parseYaml,
    chartValues: (archive) => mergeValues(TALLY_DEFAULTS, state.defaults[archive.entry.version] ?? {}),
    withFiles: async (files, use) => {
      const paths = Object.fromEntries(
        Object.entries(files).map(([name, body]) => [name, Buffer.from(body).toString('utf8')]),
      )
      return await use(paths)
    },
    charts: {
      where: 'test',
      list: () => Promise.resolve(Object.values(CHARTS)),
      fetch: (_, version) => Promise.resolve().then(() => fetch(version)),
      read: notHere,
    },
    helm: {
      version: () => Promise.resolve({ version: '4.3.1', major: 4, minor: 3, patch: 1 }),
      upgrade: notHere,
      render: ({ chartPath, valuesPaths }) => {
        state.helmCalls.push(`render ${chartPath} ${valuesPaths.length}`)
        const objects = state.manifests[chartPath] ?? []
        // Paths are contents here.
        const staged = valuesPaths.at(-1) === JSON.stringify(quiescedValues(tally))
        return Promise.resolve({
          manifest: manifestOf(staged ? objects.map(asleep) : objects),
          hooks: manifestOf([HOOK]),
          notes: '',
        })
      },
    },
    records: {
      history: (_r, _n, options) => Promise.resolve(state.history.slice(0, options?.limit ?? state.history.length)),
      markFailed: notHere,
    },
    dataPlane: {
      kind: 'jobs',
      run: (task) => {
        state.tasks.push(task.kind)
        const results: Record<string, unknown> = {
          observe: { quiet: false, databases: state.observations },
          'check-store': { freeBytes: 1_000_000_000, createOnly: true },
        }
        return Promise.resolve(results[task.kind] as never)
      },
      discard: () => {
        state.tasks.push('discard')
        return Promise.resolve()
      },
    },
  }
}
