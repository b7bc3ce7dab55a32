import { expect, test } from 'vitest'
import type { Rung } from '../../core/data/tasks.ts'
import { backupSetObject } from '../../core/resources.ts'
import type { KubeObject } from '../../ports/cluster.ts'
import { FakeCluster } from '../../testing/cluster/fake-cluster.ts'
import { commit } from '../commit/index.ts'
import { runId } from '../names.ts'
import type { StepContext } from '../step.ts'
import { prove } from './index.ts'

/** A run whose backup set has a proof of this rung. */
function contextWith(rung: Rung, spec: object): StepContext {
  const place = { namespace: 'toys', release: 'toy', run: 'toy-1' }
  const status = {
    rung,
    manifestSha256: 'x',
    databases: [],
    product: { appVersion: '1', chartVersion: '1', chartDigest: '' },
    takenAt: '2026-11-20T11:00:00.000Z',
    proofs: [{ at: '2026-11-20T11:00:00.000Z', rung, notCovered: [] }],
    writers: [],
    targets: [],
  }
  const cluster = new FakeCluster({ namespace: 'toys' })
  const set = { name: runId('toy-1', 'toy'), set: 'toys/toy/toy-1', store: { type: 'directory', path: '/x' } as const }
  cluster.seed(backupSetObject({ ...set, ...place, status }) as KubeObject)
  return { cluster, ...place, spec, memo: new Map() } as unknown as StepContext
}

const counted = { kind: 'backup', plan: { prove: true, sourceLoad: 'low' } }
const full = { kind: 'backup', plan: { prove: true } }
const upgrade = { kind: 'upgrade', plan: { revision: 1, databases: [], accepted: [] } }
const low = { kind: 'upgrade', plan: { ...upgrade.plan, sourceLoad: 'low' } }
const accepted = { kind: 'upgrade', plan: { ...low.plan, accepted: [{ gate: 'backup-proven' }] } }
/** Somebody's word, and a source that was not spared: something is wrong. */
const unasked = { kind: 'upgrade', plan: { ...upgrade.plan, accepted: [{ gate: 'backup-proven' }] } }

test.each([
  ['proven', full, 'done'],
  ['proven', counted, 'done'],
  ['restored+', counted, 'done'],
  ['restored+', full, 'todo'],
  ['restored+', upgrade, 'todo'],
  ['restored+', low, 'todo'],
  ['restored+', unasked, 'todo'],
  ['restored+', accepted, 'done'],
  ['proven', accepted, 'done'],
  ['restored', accepted, 'todo'],
  ['restored', counted, 'todo'],
] as const)('%s is enough for what was asked for, and for nothing else (%#)', async (rung, spec, is) => {
  expect(await prove.observe(contextWith(rung, spec))).toMatchObject({ is })
})

test.each([
  ['archived', accepted],
  ['restored', accepted],
  ['restored+', upgrade],
  ['restored+', low],
  ['restored+', unasked],
] as const)('no point of no return rests on %s (%#)', async (rung, spec) => {
  expect(await commit.observe(contextWith(rung, spec))).toMatchObject({
    is: 'failed',
    error: { code: 'backup-not-found' },
  })
})
