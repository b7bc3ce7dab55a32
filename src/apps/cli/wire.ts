// The composition root of the command line: the only file here that builds adapters. Each is loaded when it is first needed.
import { createHash } from 'node:crypto'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PawlError } from '../../core/errors.ts'
import { API_VERSION, dataImageOf, type Installation } from '../../core/resources.ts'
import type { Secret } from '../../core/secret.ts'
import { needsPod } from '../../core/store/together.ts'
import type { Cluster } from '../../ports/cluster.ts'
import type { DataPlane } from '../../ports/dataplane.ts'
import { profileHistory } from '../../profiles/histories.ts'
import { PROFILES } from '../../profiles/index.ts'
import { systemClock } from '../../adapters/world/clock.ts'
import { systemIds } from '../../adapters/world/ids.ts'
import { systemWho } from '../../adapters/world/who.ts'
import type { Doors, GlobalOptions } from './session.ts'

const LEASE_MS = 15_000

export interface WiredDoors extends Doors {
  /** Closes idle connections, so that the process can end. */
  close(): Promise<void>
}

export function wire(env: NodeJS.ProcessEnv): WiredDoors {
  const clock = systemClock()
  const ids = systemIds()
  const opened: { close(): void }[] = []
  const yaml = lazy(() => import('../../adapters/artifacts/helm-yaml.ts'))
  // parseYaml is synchronous for its users; every path to it goes through a door that has loaded the parser.
  let parser: typeof import('../../adapters/artifacts/helm-yaml.ts') | undefined
  const loadParser = async (): Promise<void> => {
    parser ??= await yaml()
  }

  async function cluster(options: GlobalOptions): Promise<Cluster> {
    const { connect } = await import('../../adapters/kube/connect.ts')
    await loadParser()
    const connected = connect({
      ...connectionOf(options),
      ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
    })
    opened.push(connected)
    return connected
  }

  async function jobsIn(connected: Cluster, place: Pick<Installation, 'namespace' | 'dataImage'>): Promise<DataPlane> {
    const { jobDataPlane } = await import('../../adapters/jobs/index.ts')
    const image = (major: number | undefined): string => dataImageOf(place, major)
    return jobDataPlane({ cluster: connected, clock, namespace: place.namespace, image })
  }

  return {
    clock,
    ids,
    who: systemWho(),
    profiles: PROFILES,
    leaseMs: LEASE_MS,
    today: () => clock.now(),
    checkpoint: () => Promise.resolve(),
    cluster,
    async helm(options, connected) {
      const { helmProgram } = await import('../../adapters/helm/helm.ts')
      // The context as it was when we connected: somebody may choose another one while a run is under way.
      const pinned = connected === undefined ? {} : { context: connected.where.context }
      return helmProgram({ env, ...connectionOf(options), ...pinned })
    },
    async records(connected) {
      const { releaseRecords } = await import('../../adapters/helm/records.ts')
      return releaseRecords(connected, clock)
    },
    async charts(where, onStale) {
      const { openCharts } = await import('./wire-charts.ts')
      return await openCharts(where, { env, cache: join(cacheDirectory(env), 'charts'), clock, onStale })
    },
    history: profileHistory,
    async chartValues(archive) {
      const { chartValues } = await import('../../adapters/artifacts/archive.ts')
      return chartValues(archive)
    },
    async statusRules({ where }, profile, scope) {
      const { rememberedRules } = await import('./status-memo.ts')
      const release = sha256(JSON.stringify([where.server, scope.release]))
      return await rememberedRules(
        join(cacheDirectory(env), 'status', `${release.slice(0, 32)}.json`),
        sha256,
        profile,
        scope,
      )
    },
    async packages(account, { project }, bucket) {
      const { gcsPackages } = await import('../../adapters/package-gcs/packages.ts')
      const endpoint = env['STORAGE_EMULATOR_HOST']
      return gcsPackages({ account, project, bucket, clock, ...(endpoint === undefined ? {} : { endpoint }) })
    },
    async packageFiles() {
      const { packageFiles } = await import('../../adapters/package-files/index.ts')
      await loadParser()
      return packageFiles()
    },
    async leases(connected, namespace) {
      const { clusterLeases } = await import('../../adapters/kube/lease.ts')
      return clusterLeases(connected, clock, { namespace })
    },
    async dataPlane(connected, installation) {
      // A directory is of this machine: whoever keeps backups here reaches the databases from here, too.
      if (installation.store.type === 'directory') {
        const { localDataWork } = await import('./wire-data.ts')
        return await localDataWork(connected, installation.namespace)
      }
      return await jobsIn(connected, installation)
    },
    async storedSets(connected, { from, to = from }, { namespace, dataImage, handed, signal }) {
      const { storedSetsBy } = await import('./stored-sets.ts')
      const { ageCipher } = await import('../../adapters/age/cipher.ts')
      const { localDataWork } = await import('./wire-data.ts')
      const dataPlane = needsPod([from, to])
        ? await jobsIn(connected, { namespace, dataImage })
        : await localDataWork(connected, namespace, handed)
      return storedSetsBy({ dataPlane, clock, ids, cipher: ageCipher() }, from, signal)
    },
    async generateIdentity() {
      const { generateIdentity } = await import('../../adapters/age/identity.ts')
      return await generateIdentity()
    },
    async readIdentity(text) {
      const { readIdentity } = await import('../../adapters/age/identity.ts')
      return await readIdentity(text)
    },
    withFiles,
    writePrivateFile,
    readFile: readUserFile,
    async writeFile(path, content) {
      const { writeWholeFile } = await import('../../adapters/files/whole-file.ts')
      await writeWholeFile(path, content)
    },
    async statusMetrics(status, now) {
      return await (await import('../../adapters/formats/status-metrics.ts')).metricsOfStatus(status, now)
    },
    async timetable() {
      return (await import('../../adapters/cron/timetable.ts')).readTimetable
    },
    async lifecycleFormats() {
      const { calendarOf } = await import('../../adapters/formats/calendar.ts')
      const { metricsOf } = await import('../../adapters/formats/metrics.ts')
      return { calendarOf, metricsOf }
    },
    async yamlParser() {
      return (await yaml()).parseHelmYaml
    },
    async readProfile(content) {
      const { readProfile } = await import('../../adapters/profile/read.ts')
      return readProfile(content)
    },
    parseYaml(text) {
      if (parser === undefined)
        throw new PawlError({ code: 'internal', message: `the YAML parser was used before ${API_VERSION} was` })
      return parser.parseHelmYaml(text)
    },
    sha256,
    close: () => {
      for (const door of opened) door.close()
      return Promise.resolve()
    },
  }
}

/** Of this user; everything in it can be had again. */
function cacheDirectory(env: NodeJS.ProcessEnv): string {
  return join(env['XDG_CACHE_HOME'] ?? join(env['HOME'] ?? tmpdir(), '.cache'), 'pawl')
}

function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function connectionOf(options: GlobalOptions): { kubeconfig?: string; context?: string } {
  const { kubeconfig, context } = options
  return { ...(kubeconfig === undefined ? {} : { kubeconfig }), ...(context === undefined ? {} : { context }) }
}

function lazy<T>(load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | undefined
  return () => (loaded ??= load())
}

async function readUserFile(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw new PawlError({
      code: 'input-invalid',
      message: `cannot read ${path}: ${cause instanceof Error ? cause.message : String(cause)}`,
      unchanged: 'Nothing was changed.',
      cause,
    })
  }
}

async function writePrivateFile(path: string, content: Secret): Promise<void> {
  try {
    await writeFile(path, content.reveal(), { mode: 0o600, flag: 'wx' })
  } catch (cause) {
    const taken = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
    throw new PawlError({
      code: 'input-invalid',
      message: taken ? `${path} exists already` : `cannot write ${path}: ${String(cause)}`,
      unchanged: 'Nothing was changed.',
      cause,
    })
  }
}

/** Values hold passwords: the directory is private and gone when the call is over. */
async function withFiles<T>(
  files: Record<string, Uint8Array | string>,
  use: (paths: Record<string, string>) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'pawl-'))
  await chmod(directory, 0o700)
  try {
    const paths: Record<string, string> = {}
    for (const [name, content] of Object.entries(files)) {
      const path = join(directory, name)
      await writeFile(path, content, { mode: 0o600 })
      paths[name] = path
    }
    return await use(paths)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
