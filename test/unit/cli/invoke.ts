// The command line in this process, against the in-memory cluster and a store in memory.
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ageCipher } from '../../../src/adapters/age/cipher.ts'
import { openImages } from '../../../src/adapters/artifacts/open-images.ts'
import { localDataPlane } from '../../../src/adapters/dataplane-local/local.ts'
import { clusterSecrets, type Handed } from '../../../src/adapters/secrets/cluster.ts'
import { fileStore } from '../../../src/adapters/store/file/store.ts'
import { runCli } from '../../../src/apps/cli/run.ts'
import type { Doors } from '../../../src/apps/cli/session.ts'
import { storedSetsBy } from '../../../src/apps/cli/stored-sets.ts'
import { wire } from '../../../src/apps/cli/wire.ts'
import { backupSetObject, installationObject, type Installation } from '../../../src/core/resources.ts'
import type { RegistryReach, ReleaseImage } from '../../../src/core/images/wish.ts'
import type { StoreSpec } from '../../../src/core/store/spec.ts'
import type { DataDeps } from '../../../src/data/deps.ts'
import { storePart } from '../../../src/data/archive.ts'
import { EVIDENCE, finishSet, storeSet } from '../../../src/data/housekeeping/set.fixture.ts'
import { gatherImages } from '../../../src/data/images/gather.ts'
import { keepImages } from '../../../src/data/images/keep.ts'
import { runDataTask } from '../../../src/data/run.ts'
import type { KubeObject } from '../../../src/ports/cluster.ts'
import type { DataPlane } from '../../../src/ports/dataplane.ts'
import type { ImageRegistries } from '../../../src/ports/images.ts'
import type { ObjectStore } from '../../../src/ports/store.ts'
import { FakeCluster } from '../../../src/testing/cluster/fake-cluster.ts'
import { memoryStore, type MemoryStore } from '../../../src/testing/memory-store.ts'

export const NAMESPACE = 'shop'
const STORE = { type: 'directory', path: '/x' } as const

export interface World {
  cluster: FakeCluster
  store: MemoryStore
  /** What volumes hold, by claim. */
  volumes: Map<string, MemoryStore>
  doors: Doors
  /** Those that can be reached without a login. */
  registries: ImageRegistries
  directory: string
}

export interface Said {
  exitCode: number
  stdout: string
  stderr: string
}

export async function makeWorld(options: { now?: Date } = {}): Promise<World> {
  const now = options.now ?? new Date('2026-11-25T12:00:00.000Z')
  const cluster = new FakeCluster({ namespace: NAMESPACE })
  const store = memoryStore({ now: () => new Date('2026-11-01T00:00:00.000Z') })
  const real = wire({})
  const { identity, recipient } = await real.generateIdentity()
  const data = {
    identity: Buffer.from(identity).toString('base64'),
    recipient: Buffer.from(recipient).toString('base64'),
  }
  cluster.seed({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'pawl-identity', namespace: NAMESPACE }, data })
  const installation: Installation = {
    name: 'tally',
    namespace: NAMESPACE,
    release: 'tally',
    profile: 'tally',
    store: STORE,
    dataImage: 'image:{major}',
    recipients: [recipient],
    identity: { secret: 'pawl-identity', key: 'identity' },
  }
  cluster.seed(installationObject(installation) as KubeObject)
  const dataDeps = {
    // The installation's own store is in memory, and so are volumes that a test has made; every other directory is a real one.
    openStore: async (spec: StoreSpec): Promise<ObjectStore> => {
      if (spec.type === 'directory' && spec.path !== STORE.path) return fileStore({ path: spec.path, create: true })
      return spec.type === 'volume' ? (volumes.get(spec.claim) ?? store) : store
    },
    cipher: ageCipher(),
    secrets: clusterSecrets(cluster, NAMESPACE),
    openImages: async (reach: RegistryReach) =>
      await openImages(reach, {
        secrets: dataDeps.secrets,
        clock: { ...real.clock, sleep: async () => undefined },
        env: {},
        trust: () => undefined,
      }),
    clock: { now: () => now },
  } as unknown as DataDeps
  const volumes = new Map<string, MemoryStore>()
  let count = 0
  const lease = {
    fence: 1,
    lost: new AbortController().signal,
    renew: async () => undefined,
    release: async () => undefined,
  }
  const planeWith = (handed?: Handed): DataPlane => {
    const deps = { ...dataDeps, secrets: clusterSecrets(cluster, NAMESPACE, handed) }
    return localDataPlane((task, given) => runDataTask(task, deps, given))
  }
  const plane = planeWith()
  const doors: Doors = {
    ...real,
    clock: { ...real.clock, now: () => now },
    ids: { next: () => `id-${(count += 1)}` },
    cluster: async () => cluster,
    helm: async () => ({}) as never,
    records: async () => ({ history: async () => [], markFailed: async () => undefined }),
    leases: async () => ({ acquire: async () => lease }) as never,
    storedSets: async (_cluster, { from }, { handed, signal }) =>
      storedSetsBy(
        { dataPlane: planeWith(handed), clock: doors.clock, ids: doors.ids, cipher: dataDeps.cipher },
        from,
        signal,
      ),
    dataPlane: async () => plane,
  }
  const registries = await dataDeps.openImages({ logins: [] })
  return { cluster, store, volumes, doors, registries, directory: mkdtempSync(join(tmpdir(), 'pawl-cli-')) }
}

export async function addSet(
  { cluster, store: objects }: World,
  name: string,
  takenAt: string,
  store: StoreSpec = STORE,
): Promise<void> {
  const set = `${NAMESPACE}/tally/${name}`
  const { manifestSha256 } = await storeSet(objects, set, { rung: 'proven' })
  const product = { appVersion: '2026.1.1', chartVersion: '1.0.0', chartDigest: '' }
  const proofs = [{ at: takenAt, rung: 'proven' as const, notCovered: ['ledger: passwords of roles'] }]
  const status = {
    rung: 'proven' as const,
    manifestSha256,
    databases: [EVIDENCE],
    product,
    takenAt,
    proofs,
    writers: [],
    targets: [],
  }
  cluster.seed(backupSetObject({ name, namespace: NAMESPACE, release: 'tally', set, store, status }) as KubeObject)
}

/** A set that holds images, really encrypted to the installation's key; not known to the cluster. */
export async function storeSetWithImages(world: World, name: string, images: ReleaseImage[]): Promise<void> {
  const { signal } = new AbortController()
  const vault = { store: world.store, cipher: ageCipher(), set: `${NAMESPACE}/tally/${name}` }
  const gathered = await gatherImages(world.registries, images, 'all', signal)
  const recipients = [await recipientOf(world)]
  const parts = await keepImages(world.registries, gathered, vault, recipients, { report: () => undefined, signal })
  await finishSet(world.store, vault.set, parts, 'proven', {}, gathered.kept)
}

async function recipientOf({ cluster }: World): Promise<string> {
  const identity = await cluster.get({ apiVersion: 'v1', kind: 'Secret', namespace: NAMESPACE, name: 'pawl-identity' })
  const data = (identity?.['data'] ?? {}) as Record<string, string>
  return Buffer.from(data['recipient'] ?? '', 'base64').toString()
}

/** A set whose release files are really encrypted to the installation's key; not known to the cluster. */
export async function storeEncryptedSet(
  world: World,
  name: string,
  files: Record<string, string>,
  over: { finishedAt?: string } = {},
): Promise<void> {
  const { store } = world
  const recipient = await recipientOf(world)
  const vault = { store, cipher: ageCipher(), set: `${NAMESPACE}/tally/${name}` }
  const parts = []
  for (const [file, text] of Object.entries({ ...files }))
    parts.push(
      await storePart(vault, `release/${file}.age`, Buffer.from(text), [recipient], new AbortController().signal),
    )
  await finishSet(store, vault.set, parts, 'proven', over)
}

/** A proof that was made in another cluster, and failed. */
export async function refuteElsewhere({ doors, cluster }: World, name: string): Promise<void> {
  const plane = await doors.dataPlane(cluster, {} as Installation)
  const finding = { code: 'proof-mismatch', role: 'ledger', table: 'public.deliveries', by: 'elsewhere' } as const
  const note = { found: 'refuted', finding } as const
  await plane.run<'note-proof'>(
    { kind: 'note-proof', store: STORE, set: `${NAMESPACE}/tally/${name}`, note },
    { id: `refute-${name}` },
  )
}

export async function pawl(world: World, argv: readonly string[], isTty = false): Promise<Said> {
  let [stdout, stderr] = ['', '']
  const exitCode = await runCli({
    argv,
    doors: world.doors,
    version: '0',
    env: {},
    terminal: {
      isTty,
      colour: false,
      width: () => 200,
      write: (text) => void (stdout += text),
      writeError: (text) => void (stderr += text),
      ask: async () => undefined,
    },
    onInterrupt: () => () => undefined,
    quit: () => undefined,
  })
  return { exitCode, stdout, stderr }
}
