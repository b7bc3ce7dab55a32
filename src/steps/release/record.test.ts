import { expect, test } from 'vitest'
import type { ReleaseRecord } from '../../ports/helm.ts'
import type { StepContext } from '../step.ts'
import { observeRecord, RUN_LABEL, unlockStale } from './record.ts'

const NOW = Date.parse('2026-11-23T23:00:00Z')
/** Hooks that run: the Job `runs`. */
const cluster = {
  get: ({ kind, name }: { kind: string; name: string }) =>
    Promise.resolve({ kind, metadata: { name }, status: { active: name === 'runs' ? 1 : 0 } }),
}
const clock = { now: () => new Date(NOW) }
const context = { run: 'shop-1', clock, cluster, state: { steps: {} } } as unknown as StepContext
const hooks = (name: string): ReleaseRecord['hooks'] => [{ kind: 'Job', name, events: ['pre-upgrade'] }]

function record(over: Partial<ReleaseRecord>): ReleaseRecord {
  return {
    name: 'shop',
    namespace: 'shop',
    revision: 7,
    status: 'deployed',
    description: 'Upgrade complete',
    chart: { name: 'c', version: '1', appVersion: '1', annotations: {}, values: {} },
    config: {},
    manifest: '',
    applyMethod: 'ssa',
    hooks: [],
    raw: '',
    labels: {},
    resourceVersion: '1',
    ...over,
  }
}

const ours = { [RUN_LABEL]: 'shop-1' }
const at = (secondsAgo: number): Record<string, string> => ({ modifiedAt: String(NOW / 1000 - secondsAgo) })
const planned = ({ revision }: ReleaseRecord): boolean => revision === 6

test.each([
  ['ours, deployed', record({ description: 'pawl shop-1 stage' }), 'done'],
  ['another step of ours', record({ description: 'pawl shop-1 capture' }), 'todo'],
  ['the one the plan began from', record({ revision: 6 }), 'todo'],
  ['somebody else was there', record({}), 'failed'],
  ['labels that a write by hand inherited', record({ labels: ours }), 'failed'],
  ['ours, Helm still at work', record({ status: 'pending-upgrade', labels: { ...ours, ...at(3) } }), 'waiting'],
  [
    'ours, left behind by a process that died',
    record({ status: 'pending-upgrade', labels: { ...ours, ...at(300) } }),
    'todo',
  ],
  [
    'ours, its hook runs on',
    record({ status: 'pending-upgrade', labels: { ...ours, ...at(300) }, hooks: hooks('runs') }),
    'waiting',
  ],
  [
    'ours, its hook is over',
    record({ status: 'pending-upgrade', labels: { ...ours, ...at(300) }, hooks: hooks('over') }),
    'todo',
  ],
  [
    'ours, its hook runs longer than Helm would have waited',
    record({ status: 'pending-upgrade', labels: { ...ours, ...at(400) }, hooks: hooks('runs') }),
    'todo',
  ],
  ['pending, of somebody else', record({ status: 'pending-upgrade', labels: at(3) }), 'failed'],
  ['ours, failed', record({ status: 'failed', description: 'Upgrade "shop" failed', labels: ours }), 'todo'],
  ['failed, of somebody else', record({ status: 'failed' }), 'failed'],
])('%s', async (_, newest, expected) => {
  expect((await observeRecord(context, newest, 'stage', planned)).is).toBe(expected)
})

test('only what was left behind is unlocked', async () => {
  const marked: number[] = []
  const records = { markFailed: (one: ReleaseRecord) => Promise.resolve(void marked.push(one.revision)) }
  const unlocking = { ...context, records } as unknown as StepContext
  await unlockStale(unlocking, record({ status: 'pending-upgrade', labels: at(5) }))
  await unlockStale(unlocking, record({ status: 'deployed', labels: at(500) }))
  await unlockStale(unlocking, record({ status: 'pending-upgrade', labels: at(300), hooks: hooks('runs') }))
  await unlockStale(unlocking, record({ revision: 8, status: 'pending-upgrade', labels: at(500) }))
  expect(marked).toEqual([8])
})
