// A lost release stands up: what is made, in which order, and what happens where it is stopped.
import { beforeEach, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { PawlError } from '../../../src/core/errors.ts'
import type { KubeObject } from '../../../src/ports/cluster.ts'
import { EVIDENCE } from '../../../src/data/housekeeping/set.fixture.ts'
import type { FoundSet } from '../../../src/steps/lost/register.ts'
import { recordIsThere, standUp, type StandUpDeps } from '../../../src/steps/lost/stand-up.ts'
import { FakeCluster } from '../../../src/testing/cluster/fake-cluster.ts'

const NAMESPACE = 'shop'
const MANIFEST = `
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, labels: { app: tally } }
data: { version: "2026.1.1" }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: postgresql }
spec: { replicas: 1, selector: {}, template: {} }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: api }
spec: { replicas: 3, selector: {}, template: {} }
---
apiVersion: batch/v1
kind: Job
metadata: { name: seed }
spec: { template: {} }
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: api }
spec: {}
`
const FACTS = {
  version: 1,
  product: { appVersion: '2026.1.1', chartVersion: '1.0.0', chartDigest: '' },
  writers: [{ deployment: 'api', replicas: 3 }],
  targets: [{ target: { role: 'ledger' } }],
  revision: 7,
  images: [],
  installation: { profile: 'tally', dataImage: 'image', recipients: [] },
}
const OBJECTS = [
  { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'external', labels: {} }, data: { key: 'YQ==' } },
]
const bytes = (text: string): Uint8Array => Buffer.from(text)
const FOUND: FoundSet = {
  name: 'kept',
  store: { type: 'directory', path: '/x' },
  files: {
    'set.json': bytes(JSON.stringify(FACTS)),
    'objects.json': bytes(JSON.stringify(OBJECTS)),
    'manifest.yaml': bytes(MANIFEST),
    'record.json': bytes('SDRzSUFB'),
  },
  stored: {
    set: `${NAMESPACE}/tally/kept`,
    manifestSha256: 'a'.repeat(64),
    createdAt: '2026-11-20T10:00:00.000Z',
    finishedAt: '2026-11-20T10:01:00.000Z',
    recipients: [],
    about: {},
    snapshotSpreadMs: 0,
    tool: { pawl: '0', pgDump: {}, compression: {} },
    databases: [EVIDENCE],
    releaseFiles: [],
    objects: 1,
    storedBytes: 1,
    proofs: [
      {
        name: 'proof-1.json',
        rung: 'rehearsed',
        at: '2026-11-20T11:00:00.000Z',
        notCovered: {},
        rehearsal: { run: 'tally-1', seconds: 50 },
      },
      { name: 'proof-2.json', rung: 'proven', at: '2026-11-21T11:00:00.000Z', notCovered: { ledger: ['x'] } },
    ],
    strangers: [],
    problems: [],
    checkedBytes: 0,
  },
}

let stopAfter: number

class Stopped extends Error {}

/** Counts writes; the one after the last allowed does not happen. */
class StoppingCluster extends FakeCluster {
  override async create(...given: Parameters<FakeCluster['create']>): Promise<KubeObject> {
    if ((stopAfter -= 1) < 0) throw new Stopped()
    return await super.create(...given)
  }
  override async apply(...given: Parameters<FakeCluster['apply']>): Promise<KubeObject> {
    if ((stopAfter -= 1) < 0) throw new Stopped()
    return await super.apply(...given)
  }
  override async replace(...given: Parameters<FakeCluster['replace']>): Promise<KubeObject> {
    if ((stopAfter -= 1) < 0) throw new Stopped()
    return await super.replace(...given)
  }
}

/** A namespace made anew, which the old one's guard still holds for so many writes. */
class BoundCluster extends FakeCluster {
  left: number
  constructor(left: number) {
    super({ namespace: NAMESPACE })
    this.left = left
  }
  override async apply(...given: Parameters<FakeCluster['apply']>): Promise<KubeObject> {
    const message =
      "deployments.apps \"api\" is forbidden: ValidatingAdmissionPolicy 'pawl-workload-floor' with binding 'pawl-workload-floor.shop' denied request: failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction"
    if (given[0].kind === 'Deployment' && (this.left -= 1) >= 0)
      throw new PawlError({ code: 'cluster-refused', message })
    return await super.apply(...given)
  }
}

let cluster: FakeCluster
const postgresql = { apiVersion: 'apps/v1', kind: 'StatefulSet', namespace: NAMESPACE, name: 'postgresql' }

function deps(becomesReady = true): StandUpDeps {
  let now = Date.parse('2026-11-25T12:00:00.000Z')
  return {
    cluster,
    namespace: NAMESPACE,
    release: 'tally',
    signal: new AbortController().signal,
    clock: {
      now: () => new Date(now),
      sleep: async (ms) => {
        now += ms
        const made = (await cluster.get(postgresql)) !== undefined
        if (made && becomesReady) cluster.setStatus(postgresql, { readyReplicas: 1 })
      },
    },
    parseYaml: (text) => parseAllDocuments(text).map((document) => document.toJS() as unknown),
    report: () => undefined,
    timeoutMs: 10_000,
  }
}

const get = async (apiVersion: string, kind: string, name: string): Promise<KubeObject | undefined> =>
  await cluster.get({ apiVersion, kind, namespace: NAMESPACE, name })

beforeEach(() => {
  cluster = new StoppingCluster({ namespace: NAMESPACE })
  stopAfter = Number.POSITIVE_INFINITY
})

test('everything a recovery needs is there, and nothing that would write', async () => {
  expect(await recordIsThere(deps())).toBe(false)
  await standUp(deps(), FOUND)
  expect(await get('apps/v1', 'Deployment', 'api')).toMatchObject({
    spec: { replicas: 0 },
    metadata: {
      labels: { 'app.kubernetes.io/managed-by': 'Helm' },
      annotations: { 'meta.helm.sh/release-name': 'tally', 'meta.helm.sh/release-namespace': NAMESPACE },
    },
  })
  expect(await get('v1', 'Secret', 'external')).toMatchObject({ data: { key: 'YQ==' } })
  expect(await get('v1', 'ConfigMap', 'settings')).toMatchObject({ metadata: { labels: { app: 'tally' } } })
  expect(await get('batch/v1', 'Job', 'seed')).toBeUndefined()
  expect(await get('autoscaling/v2', 'HorizontalPodAutoscaler', 'api')).toBeUndefined()
  expect(await get('v1', 'Secret', 'sh.helm.release.v1.tally.v7')).toMatchObject({
    type: 'helm.sh/release.v1',
    metadata: { labels: { name: 'tally', owner: 'helm', status: 'deployed', version: '7' } },
    data: { release: 'SDRzSUFB' },
  })
  expect(await get('pawl.dev/v1alpha1', 'BackupSet', 'kept')).toMatchObject({
    status: {
      rung: 'rehearsed',
      releaseFiles: 'pawl-set-kept',
      writers: FACTS.writers,
      proofs: [{ rehearsal: { seconds: 50 } }, { notCovered: ['ledger: x'] }],
    },
  })
  expect(await recordIsThere(deps())).toBe(true)
})

test('what is there already stays as it is', async () => {
  const metadata = { name: 'settings', namespace: NAMESPACE }
  cluster.seed({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { version: 'theirs' } })
  await standUp(deps(), FOUND)
  expect(await get('v1', 'ConfigMap', 'settings')).toMatchObject({ data: { version: 'theirs' } })
})

test('stopped at any write, the record is not there, and the same command ends the work', async () => {
  for (let at = 0; ; at += 1) {
    cluster = new StoppingCluster({ namespace: NAMESPACE })
    stopAfter = at
    const ended = await standUp(deps(), FOUND).then(
      () => true,
      (error: unknown) => {
        if (error instanceof Stopped) return false
        throw error
      },
    )
    if (ended) {
      expect(at).toBeGreaterThanOrEqual(8)
      return
    }
    expect(await recordIsThere(deps())).toBe(false)
    stopAfter = Number.POSITIVE_INFINITY
    await standUp(deps(), FOUND)
    expect(await recordIsThere(deps())).toBe(true)
    expect(await get('apps/v1', 'Deployment', 'api')).toMatchObject({ spec: { replicas: 0 } })
  }
})

test('a server that does not become ready is said, before there is a record', async () => {
  await expect(standUp(deps(false), FOUND)).rejects.toMatchObject({ code: 'rollout-stuck' })
  expect(await recordIsThere(deps())).toBe(false)
})

test('a set that does not say where it was taken, and another set of the same name', async () => {
  const { 'set.json': _, ...files } = FOUND.files
  await expect(standUp(deps(), { ...FOUND, files })).rejects.toMatchObject({ code: 'backup-damaged' })
  await standUp(deps(), FOUND)
  const other = { ...FOUND, stored: { ...FOUND.stored, manifestSha256: 'b'.repeat(64) } }
  await expect(standUp(deps(), other)).rejects.toMatchObject({ code: 'cluster-conflict' })
})

test('the guard of a namespace that is gone is waited for, and named where it stays', async () => {
  cluster = new BoundCluster(5)
  await standUp(deps(), FOUND)
  expect(await recordIsThere(deps())).toBe(true)
  cluster = new BoundCluster(Number.POSITIVE_INFINITY)
  const stays = standUp(deps(), FOUND)
  await expect(stays).rejects.toMatchObject({ code: 'cluster-refused', unchanged: 'No data was restored yet.' })
})
