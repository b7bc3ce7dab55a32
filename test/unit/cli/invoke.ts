// The command line in this process, against the in-memory cluster and a store in memory.
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ageCipher } from '../../../src/adapters/age/cipher.ts'
import { localDataPlane } from '../../../src/adapters/dataplane-local/local.ts'
import { clusterSecrets } from '../../../src/adapters/secrets/cluster.ts'
import { runCli } from '../../../src/apps/cli/run.ts'
import type { Doors } from '../../../src/apps/cli/session.ts'
import { wire } from '../../../src/apps/cli/wire.ts'
import { backupSetObject, installationObject, type Installation } from '../../../src/core/resources.ts'
import type { DataDeps } from '../../../src/data/deps.ts'
import { EVIDENCE, storeSet } from '../../../src/data/housekeeping/set.fixture.ts'
import { runDataTask } from '../../../src/data/run.ts'
import type { KubeObject } from '../../../src/ports/cluster.ts'
import type { ObjectStore } from '../../../src/ports/store.ts'
import { FakeCluster } from '../../../src/testing/cluster/fake-cluster.ts'
import { memoryStore, type MemoryStore } from '../../../src/testing/memory-store.ts'

export const NAMESPACE = 'shop'
const STORE = { type: 'directory', path: '/x' } as const

export interface World {
  cluster: FakeCluster
  store: MemoryStore
  doors: Doors
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
    openStore: async (): Promise<ObjectStore> => store,
    cipher: ageCipher(),
    secrets: clusterSecrets(cluster, NAMESPACE),
  } as unknown as DataDeps
  let count = 0
  const lease = {
    fence: 1,
    lost: new AbortController().signal,
    renew: async () => undefined,
    release: async () => undefined,
  }
  const doors: Doors = {
    ...real,
    clock: { ...real.clock, now: () => now },
    ids: { next: () => `id-${(count += 1)}` },
    cluster: async () => cluster,
    helm: async () => ({}) as never,
    records: async () => ({ history: async () => [], markFailed: async () => undefined }),
    leases: async () => ({ acquire: async () => lease }) as never,
    dataPlane: async () => localDataPlane((task, given) => runDataTask(task, dataDeps, given)),
  }
  return { cluster, store, doors, directory: mkdtempSync(join(tmpdir(), 'pawl-cli-')) }
}

export async function addSet({ cluster, store }: World, name: string, takenAt: string): Promise<void> {
  const set = `${NAMESPACE}/tally/${name}`
  const { manifestSha256 } = await storeSet(store, set, { rung: 'proven' })
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
  cluster.seed(
    backupSetObject({ name, namespace: NAMESPACE, release: 'tally', set, store: STORE, status }) as KubeObject,
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
