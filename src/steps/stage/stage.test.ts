import { expect, test } from 'vitest'
import { standingOf } from '../../core/data/standing.ts'
import type { DatabaseObservation } from '../../core/data/tasks.ts'
import { observation } from '../../core/plan/facts.fixture.ts'
import type { DatabaseRule, Profile } from '../../core/profile/profile.ts'
import type { KubeObject } from '../../ports/cluster.ts'
import { FakeCluster } from '../../testing/cluster/fake-cluster.ts'
import type { StepContext } from '../step.ts'
import { quiescedValues } from '../../core/profile/quiesced.ts'
import { stage } from './index.ts'

test('paths become one nested values document', () => {
  const profile = {
    quiescedValues: [
      { path: 'api.replicaCount', value: 0 },
      { path: 'api.autoscaling.enabled', value: false },
      { path: 'board.replicaCount', value: 0 },
    ],
  } as unknown as Profile
  expect(quiescedValues(profile)).toEqual({
    api: { replicaCount: 0, autoscaling: { enabled: false } },
    board: { replicaCount: 0 },
  })
})

const LEDGER: DatabaseRule = {
  role: 'ledger',
  when: 'true',
  host: "'db'",
  port: '5432',
  database: "'toy'",
  user: "'toy'",
  passwordSecret: "'db'",
  passwordKey: "'password'",
  tls: "'disable'",
  migrations: { table: 'm', column: 'n' },
  expected: "''",
  migrator: { kind: 'deployment', deployment: "'toy'" },
}

function deployment(replicas: number): KubeObject {
  const env = [{ valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } }]
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'fresh', namespace: 'toys' },
    spec: { replicas, template: { spec: { containers: [{ name: 'fresh', env }] } } },
  }
}

/** The release is staged; `seen` is what a look at its databases says, `then` what commit saw. */
function staged(
  cluster: FakeCluster,
  seen: DatabaseObservation[] = [],
  then: Record<string, unknown> = {},
): StepContext {
  const chart = { name: 'toy', version: '1', appVersion: '1', annotations: {}, values: {} }
  const record = { status: 'deployed', description: 'pawl toy-1 stage', manifest: 'fresh', config: {}, chart }
  const databases = seen.map(({ role }) => ({ target: { role }, serverMajor: 15 }))
  return {
    cluster,
    namespace: 'toys',
    run: 'toy-1',
    release: 'toy',
    fence: 1,
    spec: { kind: 'upgrade', plan: { revision: 1, writers: [], databases } },
    profile: { name: 'toy', databases: [LEDGER] },
    records: { history: () => Promise.resolve([{ ...record, name: 'toy', namespace: 'toys' }]) },
    state: { steps: { commit: { evidence: { standings: then } } } },
    memo: new Map(),
    parseYaml: () => [deployment(0)],
    dataPlane: { run: () => Promise.resolve({ quiet: true, databases: seen }), discard: () => Promise.resolve() },
  } as unknown as StepContext
}

test('a writer that is new in the release and is not stopped ends the run before its migrations', async () => {
  const cluster = new FakeCluster({ namespace: 'toys' })
  cluster.seed(deployment(1))
  const context = staged(cluster)
  expect(await stage.observe(context)).toMatchObject({ is: 'failed', error: { code: 'writers-remain' } })
  cluster.seed(deployment(0))
  expect(await stage.observe(context)).toMatchObject({ is: 'done' })
})

test.each<[string, Partial<DatabaseObservation>]>([
  ['a row', { writeCounter: '1001' }],
  ['the structure', { schemaFingerprint: 'g' }],
  ['a table that was emptied', { placement: 'q' }],
])('%s that was written after the point of no return ends the run before its migrations', async (_, changed) => {
  const cluster = new FakeCluster({ namespace: 'toys' })
  const then = { ledger: standingOf(observation('ledger')) }
  const late = staged(cluster, [observation('ledger', changed)], then)
  expect(await stage.observe(late)).toMatchObject({ is: 'failed', error: { code: 'writes-after-backup' } })
  const still = staged(cluster, [observation('ledger')], then)
  expect(await stage.observe(still)).toMatchObject({ is: 'done' })
})
