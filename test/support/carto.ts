// One installation of the stand-in for CARTO in a namespace of its own, with the witness beside it, as its operator has it: values
// and secrets of the customer package, and customizations.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { witnessUrl } from '../../examples/tally/build.ts'
import { ensureImages } from '../cluster/index.ts'
import { cartoChartFile, packageCartoCharts } from '../products/carto/build/charts.ts'
import { cartoPackage, OWN_SECRET, packagedSecret, PACKAGED_SECRETS } from '../products/carto/build/customer-package.ts'
import { cartoImageSpecs, cartoRepository, prepareCartoContext } from '../products/carto/build/images.ts'
import { cartoRelease, traitsOf } from '../products/carto/build/releases.ts'
import { clearNamespace, getJson, helm, kubectl, type Lab, type Report } from './lab.ts'
import { startWitness } from './start-witness.ts'
import { pawl, type PawlOptions, type PawlResult } from './pawl.ts'
import type { Ask } from './identical.ts'
import type { TestServer } from './postgres.ts'
import { acknowledgedIds, sql, waitReady } from './tally.ts'

const root = new URL('../..', import.meta.url).pathname

/** A chart repository with every release of the stand-in; `prepareCarto` fills it. */
export const cartoCharts = join(root, '.cache', 'carto-charts')

/** All releases of the stand-in are out, and those of the last twelve months are supported: 2025.9.11 until the eleventh of this month. */
export const TODAY = '2026-09-01'

/** Images and charts, once before all tests. */
export async function prepareCarto(lab: Lab, report: Report): Promise<void> {
  const context = join(root, '.cache', 'carto-context')
  await prepareCartoContext(context)
  const specs = cartoImageSpecs(context).map((spec) => ({
    ...spec,
    buildArgs: { ...spec.buildArgs },
    alsoAs: [...spec.alsoAs],
  }))
  await ensureImages(lab.cluster, specs, report)
  await packageCartoCharts(cartoCharts, lab.cluster.helm)
}

interface ExistingSecrets {
  /** Of the database's user and of its administrator. */
  password: string
  adminPassword: string
  /** Key of the account that reads the vendor's bucket. */
  serviceAccount: string
}

export interface CartoOptions {
  namespace: string
  release: string
  /** appVersion to begin with. */
  version: string
  /** Version of the customer package, dotted. */
  package: string
  /** Customizations: laid over the packages' files, and over what keeps the stand-in small. */
  values: Record<string, unknown>
  /** Secrets that exist before the installation: each password and key is referred to, none is a value. */
  existingSecrets?: ExistingSecrets
}

export interface Carto extends CartoOptions {
  /** Arguments `-f FILE` in the order in which Helm and Pawl take them. */
  files: string[]
  directory: string
}

/** Components whose Deployments are there with no pod: the others are enough to write to every database and to read it. */
const WITHOUT_PODS = [
  'accountsWww',
  'cdnInvalidatorSub',
  'httpCache',
  'importApi',
  'ldsApi',
  'notifier',
  'sqlWorker',
  'workspaceSubscriber',
  'workspaceWww',
]

function customizations(lab: Lab, values: Record<string, unknown>, version: string): Record<string, unknown> {
  const told = { extraEnvVars: [{ name: 'WITNESS_URL', value: witnessUrl }] }
  const quick = { ...told, terminationGracePeriodSeconds: 10 }
  return {
    global: { imageRegistry: `${lab.cluster.registry}/${cartoRepository}` },
    ...Object.fromEntries(WITHOUT_PODS.map((section) => [section, { replicaCount: 0 }])),
    aiApi: { replicaCount: 0 },
    workspaceApi: told,
    mapsApi: { ...told, replicaCount: 1 },
    importWorker: quick,
    [traitsOf(cartoRelease(version)).ai.section]: quick,
    ...values,
  }
}

/** Installs, and waits until everything is ready. */
export async function installCarto(lab: Lab, options: CartoOptions): Promise<Carto> {
  const { namespace, release, version } = options
  const directory = await mkdtemp(join(tmpdir(), 'pawl-carto-'))
  const carto: Carto = { ...options, directory, files: [] }
  await usePackage(carto, options.package)
  await customize(lab, carto, options.values, version)
  carto.files = ['carto-values.yaml', 'carto-secrets.yaml', 'customizations.yaml'].flatMap((name) => [
    '-f',
    join(directory, name),
  ])
  await clearNamespace(lab, namespace)
  await kubectl(lab, ['create', 'namespace', namespace])
  await startWitness(lab, namespace)
  if (options.existingSecrets !== undefined) await createSecrets(lab, namespace, options.existingSecrets)
  const chart = join(cartoCharts, cartoChartFile(cartoRelease(version)))
  await helm(lab, ['install', release, chart, '-n', namespace, ...carto.files, '--timeout', '3m'])
  await waitReady(lab, namespace)
  return carto
}

/** The files of another customer package in place of the present ones. */
export async function usePackage(carto: Carto, version: string): Promise<void> {
  const files = cartoPackage(version, carto.existingSecrets === undefined ? 'values' : 'existing')
  for (const [name, text] of Object.entries(files)) await writeFile(join(carto.directory, name), text, { mode: 0o600 })
}

/** Other customizations in place of the present ones; some sections are called otherwise from one release to the next. */
export async function customize(
  lab: Lab,
  { directory }: Carto,
  values: Record<string, unknown>,
  version: string,
): Promise<void> {
  const text = JSON.stringify(customizations(lab, values, version))
  await writeFile(join(directory, 'customizations.yaml'), text, { mode: 0o600 })
}

/** The Secret that an installation with `existingSecrets` refers to. */
export const existingDatabaseSecret = { name: 'our-own-database', key: 'pg-password', adminKey: 'pg-admin-password' }

async function createSecrets(
  lab: Lab,
  namespace: string,
  { password, adminPassword, serviceAccount }: ExistingSecrets,
): Promise<void> {
  const { name, key, adminKey } = existingDatabaseSecret
  const secret = (name: string, stringData: Record<string, string>) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    stringData,
  })
  const packaged = Object.fromEntries(PACKAGED_SECRETS.map((name) => [name, packagedSecret(name)]))
  const items = [
    secret(OWN_SECRET, { ...packaged, defaultGoogleServiceAccount: serviceAccount }),
    secret(name, { [key]: password, [adminKey]: adminPassword }),
  ]
  await kubectl(lab, ['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
}

/** Pawl on the day when the releases of the stand-in are supported. */
export async function cartoPawl(lab: Lab, args: readonly string[], options: PawlOptions = {}): Promise<PawlResult> {
  return await pawl(lab, args, { ...options, env: { PAWL_TEST_TODAY: TODAY, ...options.env } })
}

/** The last JSON line of `-o json`. Throws with everything that was said where the exit code is another. */
export async function cartoPawlJson<T>(lab: Lab, args: readonly string[], exitCode = 0, today = TODAY): Promise<T> {
  const result = await cartoPawl(lab, [...args, '-o', 'json'], { env: { PAWL_TEST_TODAY: today } })
  if (result.exitCode !== exitCode)
    throw new Error(`pawl ${args.join(' ')} ended with ${result.exitCode}:\n${result.stdout}\n${result.stderr}`)
  return JSON.parse(result.stdout.trim().split('\n').at(-1) ?? '') as T
}

/** How rows of a server outside the cluster are read. */
export function askServer(server: TestServer): Ask {
  return async (database, statement) =>
    (await server.query(database, statement)).map((row) => Object.values(row).join('|')).join('\n')
}

/** How rows of the chart's own server are read. */
export function askInside(lab: Lab, carto: Carto): Ask {
  return async (database, statement) => await sql(lab, carto, database, statement)
}

/** What an installation in use holds: connections of which one limit may be a word, and maps. */
export function seedStatements(rows: number, plantedLimit = '5000'): string {
  return `INSERT INTO users (email) SELECT 'user' || n || '@example.com' FROM generate_series(1, 50) n;
    INSERT INTO connections (name, provider, credentials)
      SELECT 'connection ' || n, 'bigquery', gen_random_bytes(64) FROM generate_series(1, 20) n;
    UPDATE connections SET row_limit = '${plantedLimit}' WHERE name = 'connection 7';
    INSERT INTO maps (title, owner_id, layers)
      SELECT 'Map ' || n || ' of Málaga', (SELECT min(id) FROM users), jsonb_build_array(jsonb_build_object('z', n))
      FROM generate_series(1, ${rows}) n;`
}

/** Rows that a COMMIT was acknowledged for and that are in no database: what "nothing was lost" counts. */
export async function lostRows(
  lab: Lab,
  carto: Carto,
  ask: Ask,
  databases: { metadata: string; aiproxy?: string },
): Promise<{ acknowledged: number; lost: number[] }> {
  const ids = await acknowledgedIds(lab, carto.namespace)
  const there = async (database: string, table: string): Promise<number[]> =>
    (await ask(database, `SELECT id FROM ${table}`)).split('\n').map(Number)
  const present = new Set(await there(databases.metadata, 'imports'))
  if (databases.aiproxy !== undefined)
    for (const id of await there(databases.aiproxy, '"LiteLLM_Requests"')) present.add(id)
  return { acknowledged: ids.length, lost: ids.filter((id) => !present.has(id)) }
}

/** Charts and states of all revisions, oldest first. */
export async function helmHistory(lab: Lab, { namespace, release }: Carto): Promise<string[]> {
  const history = JSON.parse(await helm(lab, ['history', release, '-n', namespace, '-o', 'json'])) as {
    status: string
    chart: string
    description: string
  }[]
  for (const { description } of history) if (/rollback/i.test(description)) throw new Error(description)
  return history.map(({ chart, status }) => `${chart} ${status}`)
}

/** Version of each component by the images of the pods that serve, and how many there are. */
export async function servingPods(lab: Lab, { namespace, release }: Carto): Promise<Record<string, string>> {
  const { items } = await getJson<{
    items: {
      metadata: { labels: Record<string, string>; deletionTimestamp?: string }
      status: { containerStatuses?: { ready: boolean; image: string }[] }
    }[]
  }>(lab, ['pods', '-n', namespace, '-l', `app.kubernetes.io/instance=${release}`])
  const found: Record<string, string[]> = {}
  for (const { metadata, status } of items) {
    if (metadata.deletionTimestamp !== undefined || status.containerStatuses?.every(({ ready }) => ready) !== true)
      continue
    const component = metadata.labels['app.kubernetes.io/component'] ?? ''
    found[component] = [...(found[component] ?? []), status.containerStatuses[0]?.image.split(':').at(-1) ?? '']
  }
  return Object.fromEntries(
    Object.entries(found).map(([component, versions]) => [component, versions.toSorted().join(' ')]),
  )
}

export async function removeCarto(lab: Lab, carto: Carto): Promise<void> {
  await kubectl(lab, ['delete', 'namespace', carto.namespace, '--wait=false', '--ignore-not-found'])
  await rm(carto.directory, { recursive: true, force: true })
}
