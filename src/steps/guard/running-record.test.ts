// Helm's history and the pods, in every state an upgrade leaves them in: which record the guard's floors come from.
import { expect, test } from 'vitest'
import type { ReleaseRecord, ReleaseStatus } from '../../ports/helm.ts'
import { FakeCluster } from '../../testing/cluster/fake-cluster.ts'
import { runningRecord } from './running-record.ts'

const place = { namespace: 'toys', release: 'toy' }
const OLD = '2026.1.1'
const NEW = '2026.2.1'

function workload(version: string): Record<string, unknown> {
  const containers = [{ name: 'api', image: `reg/toy:${version}` }]
  const spec = { selector: { matchLabels: { app: 'toy' } }, template: { spec: { containers } } }
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'toy' }, spec }
}

function record(revision: number, status: ReleaseStatus, version: string): ReleaseRecord {
  return {
    revision,
    status,
    chart: { appVersion: version },
    manifest: JSON.stringify(workload(version)),
  } as ReleaseRecord
}

/** `versions`: what each pod runs. */
async function found(history: ReleaseRecord[], versions: string[]): Promise<ReleaseRecord> {
  const cluster = new FakeCluster({ namespace: 'toys' })
  for (const [index, version] of versions.entries()) {
    cluster.seed({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `toy-${index}`, namespace: 'toys', labels: { app: 'toy' } },
      spec: { containers: [{ name: 'api', image: `reg/toy:${version}` }] },
      status: { phase: 'Running' },
    })
  }
  const records = {
    history: (_release: string, _namespace: string, options?: { limit?: number }) =>
      Promise.resolve(history.slice(0, options?.limit)),
  }
  return await runningRecord({ ...place, cluster, records, parseYaml: (text) => [JSON.parse(text) as unknown] })
}

const SINCE = [record(5, 'deployed', OLD), record(4, 'superseded', OLD)]

test.each([
  ['the newest is deployed', [record(6, 'deployed', NEW), record(5, 'superseded', OLD)], [OLD], NEW],
  ['a hook refused the newest', [record(6, 'failed', NEW), ...SINCE], [OLD], OLD],
  ['the newest failed when all its pods were there', [record(6, 'failed', NEW), ...SINCE], [NEW], NEW],
  ['the newest is under way and has done nothing', [record(6, 'pending-upgrade', NEW), ...SINCE], [OLD], OLD],
  ['no pod runs', [record(6, 'failed', NEW), ...SINCE], [], OLD],
  ['nothing was ever deployed', [record(6, 'failed', NEW)], [NEW], NEW],
] as [string, ReleaseRecord[], string[], string][])(
  '%s: %4$s, with the newest revision',
  async (_, history, pods, version) => {
    expect(await found(history, pods)).toMatchObject({ revision: 6, chart: { appVersion: version } })
  },
)

test.each([
  ['pods of both', [record(6, 'failed', NEW), ...SINCE], [OLD, NEW]],
  ['pods of neither', [record(6, 'failed', NEW), ...SINCE], ['2025.9.9']],
  ['nothing was ever deployed, other pods', [record(6, 'failed', NEW)], [OLD]],
] as [string, ReleaseRecord[], string[]][])('%s: which release runs is not known', async (_, history, pods) => {
  await expect(found(history, pods)).rejects.toMatchObject({ code: 'unknown-state' })
})

test('without a record there is no release', async () => {
  await expect(found([], [])).rejects.toMatchObject({ code: 'release-not-found' })
})
