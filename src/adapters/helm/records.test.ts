import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { isPawlError } from '../../core/errors.ts'
import type { KubeObject } from '../../ports/cluster.ts'
import { FakeCluster } from '../../testing/cluster/fake-cluster.ts'
import { faulty } from '../../testing/cluster/faults.ts'
import { decodeRecord, encodeRecord, withInfo } from './record-codec.ts'
import { releaseRecords } from './records.ts'

const CLOCK = { now: () => new Date('2026-11-23T17:00:00Z'), sleep: async () => {} }

function payload(revision: number, status: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    name: 'carto',
    namespace: 'prod',
    version: revision,
    info: {
      first_deployed: '2026-01-02T03:04:05.123456789+01:00',
      last_deployed: '',
      deleted: '',
      description: 'Upgrade complete',
      status,
      notes: 'hi',
    },
    chart: {
      metadata: { name: 'carto', version: '1.2.3', appVersion: '2026.1.12', annotations: { a: 'b' } },
      values: { a: 1 },
    },
    config: { b: 2 },
    manifest: 'kind: ConfigMap\n',
    hooks: [
      { name: 'h', kind: 'Job', events: ['pre-upgrade'], last_run: { phase: 'Running' } },
      { name: 'never', kind: 'Job', events: ['post-upgrade'] },
    ],
    ...more,
  }
}

function secretOf(revision: number, status: string, release: string, label = status): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'helm.sh/release.v1',
    metadata: {
      name: `sh.helm.release.v1.carto.v${revision}`,
      namespace: 'prod',
      labels: { owner: 'helm', name: 'carto', status: label, version: String(revision), ticket: 'T1' },
    },
    data: { release },
  }
}

function clusterWith(...records: [revision: number, status: string][]) {
  const memory = new FakeCluster({ namespace: 'prod' })
  for (const [revision, status] of records)
    memory.seed(secretOf(revision, status, encodeRecord(JSON.stringify(payload(revision, status)))))
  return { memory, records: releaseRecords(memory, CLOCK) }
}

test('history is newest first by number, not by name or time', async () => {
  const { records } = clusterWith([9, 'superseded'], [10, 'deployed'], [2, 'superseded'], [1, 'superseded'])
  expect((await records.history('carto', 'prod')).map(({ revision }) => revision)).toEqual([10, 9, 2, 1])
  expect((await records.history('carto', 'prod', { limit: 2 })).map(({ revision }) => revision)).toEqual([10, 9])
  expect(await records.history('nothing', 'prod')).toEqual([])
})

test('with a limit only those records are fetched whole', async () => {
  const { memory } = clusterWith([1, 'superseded'], [2, 'superseded'], [3, 'deployed'])
  const cluster = faulty(memory)
  await releaseRecords(cluster, CLOCK).history('carto', 'prod', { limit: 2 })
  expect(cluster.calls.map(({ method }) => method)).toEqual(['list', 'get', 'get'])
  expect(cluster.calls[0]?.args[0]).toMatchObject({ metadataOnly: true })
})

test('the newest record comes with one request, also where it failed after one that was deployed', async () => {
  const { memory } = clusterWith([1, 'superseded'], [2, 'deployed'], [3, 'failed'])
  const cluster = faulty(memory)
  const found = await releaseRecords(cluster, CLOCK).history('carto', 'prod', { limit: 1 })
  expect(found.map(({ revision }) => revision)).toEqual([3])
  expect(cluster.calls.map(({ method }) => method)).toEqual(['list'])
})

test('down to what was deployed last, one request brings it, and older failures are not read', async () => {
  const { memory } = clusterWith(
    [1, 'failed'],
    [2, 'superseded'],
    [3, 'deployed'],
    [4, 'failed'],
    [5, 'pending-upgrade'],
  )
  const cluster = faulty(memory)
  const found = await releaseRecords(cluster, CLOCK).history('carto', 'prod', { upToDeployed: true })
  expect(found.map(({ revision }) => revision)).toEqual([5, 4, 3])
  expect(cluster.calls.map(({ method }) => method)).toEqual(['list'])
  const { records: odd } = clusterWith([1, 'superseded'])
  expect((await odd.history('carto', 'prod', { upToDeployed: true })).map(({ revision }) => revision)).toEqual([1])
})

test('a newest record that is superseded all the same is found', async () => {
  const { memory } = clusterWith([1, 'superseded'], [2, 'superseded'])
  const found = await releaseRecords(memory, CLOCK).history('carto', 'prod', { limit: 1 })
  expect(found.map(({ revision }) => revision)).toEqual([2])
})

test('everything of a record is read; absent times are absent', async () => {
  const { records } = clusterWith([3, 'deployed'])
  const [record] = await records.history('carto', 'prod')
  expect(record).toMatchObject({
    name: 'carto',
    namespace: 'prod',
    revision: 3,
    status: 'deployed',
    description: 'Upgrade complete',
    firstDeployedAt: '2026-01-02T02:04:05.123Z',
    chart: { name: 'carto', version: '1.2.3', appVersion: '2026.1.12', annotations: { a: 'b' }, values: { a: 1 } },
    config: { b: 2 },
    manifest: 'kind: ConfigMap\n',
    applyMethod: 'csa',
    hooks: [
      { name: 'h', kind: 'Job', events: ['pre-upgrade'], phase: 'Running' },
      { name: 'never', kind: 'Job', events: ['post-upgrade'] },
    ],
    labels: { ticket: 'T1' },
  })
  expect(record).not.toHaveProperty('lastDeployedAt')
  expect(record?.hooks[1]).not.toHaveProperty('phase')
})

test('plain JSON and a gzip without the inner base64 are read as well', async () => {
  const text = JSON.stringify(payload(1, 'deployed', { apply_method: 'ssa' }))
  const forms = [
    Buffer.from(text).toString('base64'),
    Buffer.from(Buffer.from(text).toString('base64')).toString('base64'),
    gzipSync(text).toString('base64'),
    encodeRecord(text),
  ]
  for (const form of forms) expect(decodeRecord(form)).toBe(text)
  const memory = new FakeCluster()
  memory.seed(secretOf(1, 'deployed', forms[0] ?? ''))
  expect((await releaseRecords(memory, CLOCK).history('carto', 'prod'))[0]?.applyMethod).toBe('ssa')
})

test('a payload that cannot be read is unknown, and its text is not repeated', async () => {
  for (const raw of [
    '',
    Buffer.from('secret words').toString('base64'),
    Buffer.from('{"name": secret').toString('base64'),
    'H4sIAAAA',
  ]) {
    const memory = new FakeCluster()
    memory.seed(secretOf(1, 'deployed', raw))
    const error = await releaseRecords(memory, CLOCK)
      .history('carto', 'prod')
      .catch((thrown: unknown) => thrown)
    expect(isPawlError(error, 'unknown-state') && error.message).toMatch(/cannot be read/)
    expect(String(error)).not.toContain('secret')
  }
})

test('a record whose label and payload tell different states is unknown', async () => {
  const memory = new FakeCluster()
  memory.seed(secretOf(1, 'pending-upgrade', encodeRecord(JSON.stringify(payload(1, 'pending-upgrade'))), 'failed'))
  memory.seed(secretOf(2, 'dancing', encodeRecord(JSON.stringify(payload(2, 'dancing')))))
  const statuses = (await releaseRecords(memory, CLOCK).history('carto', 'prod')).map(({ status }) => status)
  expect(statuses).toEqual(['unknown', 'unknown'])
})

test('a record with hardly anything in it is read as far as it goes', async () => {
  const memory = new FakeCluster()
  memory.seed(secretOf(7, 'failed', encodeRecord('{"info":{}}')))
  const [record] = await releaseRecords(memory, CLOCK).history('carto', 'prod')
  expect(record).toMatchObject({
    name: 'carto',
    namespace: 'prod',
    revision: 7,
    status: 'failed',
    hooks: [],
    config: {},
    manifest: '',
  })
})

test('a pending record becomes failed in payload and label, and keeps all else', async () => {
  const { memory, records } = clusterWith([1, 'superseded'], [2, 'pending-upgrade'])
  const [pending] = await records.history('carto', 'prod')
  if (pending === undefined) throw new Error('no record')
  await records.markFailed(pending, 'given up by pawl')
  const [after] = await records.history('carto', 'prod')
  expect(after).toMatchObject({
    ...pending,
    status: 'failed',
    description: 'given up by pawl',
    raw: after?.raw,
    labels: after?.labels,
    resourceVersion: after?.resourceVersion,
  })
  expect(after?.labels).toMatchObject({ status: 'failed', ticket: 'T1', owner: 'helm', modifiedAt: '1795453200' })
  const secret = await memory.get({
    apiVersion: 'v1',
    kind: 'Secret',
    namespace: 'prod',
    name: 'sh.helm.release.v1.carto.v2',
  })
  expect(secret?.type).toBe('helm.sh/release.v1')
})

test('a record that has changed since it was read is left alone, and so is one that is not pending', async () => {
  const { memory, records } = clusterWith([2, 'pending-upgrade'])
  const [pending] = await records.history('carto', 'prod')
  if (pending === undefined) throw new Error('no record')
  const ref = { apiVersion: 'v1', kind: 'Secret', namespace: 'prod', name: 'sh.helm.release.v1.carto.v2' }
  const moved = await memory.patch(ref, { type: 'merge', body: { metadata: { labels: { touched: 'yes' } } } })
  await expect(records.markFailed(pending, 'x')).rejects.toMatchObject({ code: 'cluster-conflict' })
  expect(await memory.get(ref)).toEqual(moved)
  const done = clusterWith([3, 'deployed'])
  const [deployed] = await done.records.history('carto', 'prod')
  if (deployed === undefined) throw new Error('no record')
  await expect(done.records.markFailed(deployed, 'x')).rejects.toMatchObject({ code: 'internal' })
})

test('rewriting keeps every number to its last digit', () => {
  const json =
    '{"config":{"big":12345678901234567890,"exp":1e+21,"float":1.0},"info":{"status":"pending-upgrade","notes":"n"}}'
  expect(withInfo(json, { status: 'failed', description: 'd' })).toBe(
    '{"config":{"big":12345678901234567890,"exp":1e+21,"float":1.0},"info":{"status":"failed","notes":"n","description":"d"}}',
  )
})
