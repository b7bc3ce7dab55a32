// One installation of the sample product in a namespace of its own, with the witness beside it.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { customerPackage, releaseOf, seedJob, witnessUrl } from '../../examples/tally/build.ts'
import { clearNamespace, helm, kubectl, type Lab } from './lab.ts'
import { startWitness } from './start-witness.ts'

export interface TallyOptions {
  namespace: string
  release?: string
  /** appVersion to begin with. */
  version: string
  helm?: 'helm' | 'helm3'
  /** Version of the customer package whose files are passed. */
  package?: '2024.12.1' | '2026.1.1' | '2026.7.5'
  ai?: boolean
  rows?: number
  plantBadAmount?: boolean
  /** Further values, merged into the customizations. */
  values?: Record<string, unknown>
}

export interface Tally {
  namespace: string
  release: string
  /** Values files in the order in which Helm and Pawl take them. */
  valuesFiles: string[]
  directory: string
}

export interface WitnessSummary {
  acknowledged: number
  firstId: number | null
  lastId: number | null
  violations: { kind: string; release: string; component: string; database: string; schema: string | null }[]
}

/** Installs and waits until everything is ready and the rows are there. */
export async function installTally(lab: Lab, options: TallyOptions): Promise<Tally> {
  const { namespace, version } = options
  const release = options.release ?? 'tally'
  const directory = await mkdtemp(join(tmpdir(), 'pawl-tally-'))
  const valuesFiles = await writeValues(lab, options, directory)
  await clearNamespace(lab, namespace)
  await kubectl(lab, ['create', 'namespace', namespace])
  await startWitness(lab, namespace)
  const chart = join(lab.charts, `tally-${releaseOf(version).chartVersion}.tgz`)
  await helm(
    lab,
    ['install', release, chart, '-n', namespace, ...valuesFiles.flatMap((file) => ['-f', file]), '--timeout', '3m'],
    options.helm,
  )
  await waitReady(lab, namespace)
  if (options.rows !== undefined && options.rows > 0) await seed(lab, options, release)
  return { namespace, release, valuesFiles, directory }
}

async function writeValues(lab: Lab, options: TallyOptions, directory: string): Promise<string[]> {
  const { files } = customerPackage(options.package ?? '2026.1.1')
  const custom = {
    global: { imageRegistry: lab.cluster.registry },
    appConfigValues: { aiFeaturesEnabled: options.ai ?? true },
    witness: { url: witnessUrl },
    internalPostgresql: { auth: { password: 'tally-password-canary', postgresPassword: 'tally-admin-canary' } },
    ...options.values,
  }
  const all: [string, string][] = [...Object.entries(files), ['customizations.yaml', JSON.stringify(custom)]]
  for (const [name, text] of all) await writeFile(join(directory, name), text, { mode: 0o600 })
  return all.map(([name]) => join(directory, name))
}

/** Every Deployment and StatefulSet of the namespace is available. */
export async function waitReady(lab: Lab, namespace: string, timeout = '240s'): Promise<void> {
  await kubectl(lab, ['rollout', 'status', 'statefulset,deployment', '-n', namespace, '--timeout', timeout])
}

async function seed(lab: Lab, options: TallyOptions, release: string): Promise<void> {
  const { namespace, version, rows = 0, plantBadAmount = false } = options
  const fullname = release.includes('tally') ? release : `${release}-tally`
  const job = seedJob({
    registry: lab.cluster.registry,
    namespace,
    fullname,
    helmRelease: release,
    appVersion: version,
    rows,
    plantBadAmount,
    blob: true,
  })
  await kubectl(lab, ['apply', '-f', '-'], JSON.stringify(job))
  await kubectl(lab, ['wait', '-n', namespace, 'job/tally-seed', '--for=condition=complete', '--timeout=180s'])
  await kubectl(lab, ['delete', '-n', namespace, 'job/tally-seed'])
}

/** A customer package of another version in place of the one that was installed. */
export async function usePackage(tally: Tally, version: '2024.12.1' | '2026.1.1' | '2026.7.5'): Promise<void> {
  const { files } = customerPackage(version)
  for (const [name, text] of Object.entries(files)) await writeFile(join(tally.directory, name), text, { mode: 0o600 })
}

export async function witness(lab: Lab, namespace: string): Promise<WitnessSummary> {
  return JSON.parse(await fromWitness(lab, namespace, 'summary')) as WitnessSummary
}

/** Every delivery id whose COMMIT the recorder was told of. */
export async function acknowledgedIds(lab: Lab, namespace: string): Promise<number[]> {
  const body = JSON.parse(await fromWitness(lab, namespace, 'acks')) as number[] | { ids: number[] }
  return Array.isArray(body) ? body : body.ids
}

async function fromWitness(lab: Lab, namespace: string, path: string): Promise<string> {
  return await kubectl(lab, [
    'get',
    '--raw',
    `/api/v1/namespaces/${namespace}/services/tally-witness:8080/proxy/${path}`,
  ])
}

/** One SQL statement in the installation's own PostgreSQL, as its administrator; rows as text, one per line. */
export async function sql(
  lab: Lab,
  { namespace, release }: Pick<Tally, 'namespace' | 'release'>,
  database: string,
  statement: string,
): Promise<string> {
  const pod = `${release}-postgresql-0`
  const script =
    'PGPASSWORD="$POSTGRES_POSTGRES_PASSWORD"; export PGPASSWORD; exec /usr/lib/postgresql/15/bin/psql -X -A -t -v ON_ERROR_STOP=1 -h 127.0.0.1 -U postgres -d "$0" -c "$1"'
  const out = await kubectl(lab, ['exec', '-n', namespace, pod, '--', 'sh', '-c', script, database, statement])
  return out.trim()
}

/** Ids that were acknowledged and are not in the database: what "nothing lost" counts. */
export async function lostIds(lab: Lab, tally: Tally, ids: readonly number[]): Promise<number[]> {
  if (ids.length === 0) return []
  const present = new Set(
    (await sql(lab, tally, 'tally', `SELECT id FROM deliveries WHERE id >= ${Math.min(...ids)}`))
      .split('\n')
      .map(Number),
  )
  return ids.filter((id) => !present.has(id))
}

export async function removeTally(lab: Lab, tally: Tally): Promise<void> {
  await kubectl(lab, ['delete', 'namespace', tally.namespace, '--wait=false', '--ignore-not-found'])
  await rm(tally.directory, { recursive: true, force: true })
}
