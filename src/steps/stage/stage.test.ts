import { expect, test } from 'vitest'
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

test('a writer that is new in the release and is not stopped ends the run before its migrations', async () => {
  const env = [{ valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } }]
  const fresh: KubeObject = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'fresh', namespace: 'toys' },
    spec: { replicas: 1, template: { spec: { containers: [{ name: 'fresh', env }] } } },
  }
  const cluster = new FakeCluster({ namespace: 'toys' })
  cluster.seed(fresh)
  const chart = { name: 'toy', version: '1', appVersion: '1', annotations: {}, values: {} }
  const record = { status: 'deployed', description: 'pawl toy-1 stage', manifest: 'fresh', config: {}, chart }
  const context = {
    cluster,
    namespace: 'toys',
    run: 'toy-1',
    release: 'toy',
    spec: { kind: 'upgrade', plan: { revision: 1, writers: [], databases: [] } },
    profile: { name: 'toy', databases: [LEDGER] },
    records: { history: () => Promise.resolve([{ ...record, name: 'toy', namespace: 'toys' }]) },
    state: { steps: {} },
    memo: new Map(),
    parseYaml: () => [fresh],
  } as unknown as StepContext
  expect(await stage.observe(context)).toMatchObject({ is: 'failed', error: { code: 'writers-remain' } })
  cluster.seed({ ...fresh, spec: { ...(fresh['spec'] as object), replicas: 0 } })
  expect(await stage.observe(context)).toMatchObject({ is: 'done' })
})
