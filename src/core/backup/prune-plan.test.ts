import { expect, test } from 'vitest'
import type { BackupSet } from '../resources.ts'
import type { Run } from '../run/run.ts'
import type { StoreSpec } from '../store/spec.ts'
import { planPrune, type PruneInput } from './prune-plan.ts'

const STORE: StoreSpec = { type: 'volume', claim: 'pawl-store' }
const POLICY = { keep: 1, keepDays: 0, leftoversAfterHours: 72 }
const NOW = '2026-11-25T12:00:00.000Z'

function set(name: string, takenAt: string, more: Partial<BackupSet> = {}): BackupSet {
  const product = { appVersion: '1', chartVersion: '1.0.0', chartDigest: '' }
  const rest = { databases: [], proofs: [], writers: [], targets: [], manifestSha256: 'x' }
  const status = { ...rest, rung: 'proven' as const, product, takenAt }
  return { name, namespace: 'shop', release: 'tally', set: `shop/tally/${name}`, store: STORE, status, ...more }
}

function run(name: string, kind: 'upgrade' | 'backup', ended: boolean): Run {
  const at = '2026-11-01T00:00:00.000Z'
  const to = { appVersion: '2', chartVersion: '2.0.0', chartDigest: '' }
  const first = { seq: 0, at, fence: 1, event: 'created' as const, phase: 'PLANNED' as const, by: 'ana' }
  const end = { seq: 1, at, fence: 1, event: 'ended' as const, outcome: 'done' as const }
  const spec = { kind, by: 'ana', plan: { release: 'tally', to } } as unknown as Run['spec']
  return { name: `tally-${name}`, namespace: 'shop', spec, createdAt: at, events: ended ? [first, end] : [first] }
}

function stored(...names: string[]): PruneInput['stored'] {
  return names.map((name) => ({
    name,
    objects: 3,
    bytes: 100,
    newestAt: '2026-11-01T00:00:00.000Z',
    hasManifest: true,
  }))
}

const BASE: PruneInput = {
  now: NOW,
  release: 'tally',
  store: STORE,
  sets: [set('a', '2026-10-01T00:00:00Z'), set('b', '2026-10-02T00:00:00Z')],
  runs: [],
  running: { appVersion: '9', chartVersion: '9.0.0' },
  stored: stored('a', 'b'),
  strandedParts: 0,
  secrets: [],
}

const gone = (input: Partial<PruneInput>): string[] =>
  planPrune({ ...BASE, ...input }, POLICY).decisions.flatMap(({ name, remove }) => (remove ? [name] : []))

test('a set whose copies stand beside the databases is not removed', () => {
  const older = set('a', '2026-10-01T00:00:00Z')
  const staged = { suffix: '__pawl_set_a', at: NOW, copies: [] }
  const sets = [{ ...older, status: { ...older.status!, staged } }, set('b', '2026-10-02T00:00:00Z')]
  expect(gone({ sets })).toEqual([])
  expect(planPrune({ ...BASE, sets }, POLICY).copies).toEqual([{ set: 'a', sizeBytes: 0 }])
})

test('the older one goes, the newer one must be whole', () => {
  const plan = planPrune(BASE, POLICY)
  expect(plan.decisions.map(({ name, remove, bytes }) => ({ name, remove, bytes }))).toEqual([
    { name: 'a', remove: true, bytes: 100 },
    { name: 'b', remove: false, bytes: 100 },
  ])
  expect(plan.keeper).toBe('b')
})

test('a set that the store lacks proves nothing: nothing goes on its account', () => {
  expect(gone({ stored: stored('a') })).toEqual([])
  expect(planPrune({ ...BASE, stored: stored('a') }, POLICY).missing).toEqual(['b'])
})

test('a set that the store lacks goes only where somebody has begun to remove it', () => {
  const older = set('a', '2026-10-01T00:00:00Z')
  const begun = { ...older, status: { ...older.status!, removing: NOW } }
  const newer = set('b', '2026-10-02T00:00:00Z')
  expect(gone({ sets: [older, newer], stored: stored('b') })).toEqual([])
  expect(gone({ sets: [begun, newer], stored: stored('b') })).toEqual(['a'])
})

test('sets in another store, and sets of others in this one, are left alone', () => {
  const elsewhere = set('a', '2026-10-01T00:00:00Z', { store: { type: 'directory', path: '/other' } })
  expect(gone({ sets: [elsewhere, BASE.sets[1] ?? elsewhere] })).toEqual([])
  const plan = planPrune({ ...BASE, stored: stored('a', 'b', 'theirs') }, POLICY)
  expect(plan.foreign).toEqual(['theirs'])
})

test('the set of the upgrade that brought what runs stays, and that of one that is under way', () => {
  const running = { appVersion: '2', chartVersion: '2.0.0' }
  expect(gone({ runs: [run('a', 'upgrade', true)], running })).toEqual([])
  expect(gone({ runs: [run('a', 'backup', false)] })).toEqual([])
  expect(gone({ runs: [run('a', 'backup', true)] })).toEqual(['a'])
})

test('what an interrupted backup left goes when nobody can be at it any more', () => {
  const left = { name: 'left', objects: 1, bytes: 7, newestAt: '2026-11-20T00:00:00.000Z', hasManifest: false }
  const plan = planPrune({ ...BASE, stored: [...stored('a', 'b'), left] }, POLICY)
  expect(plan.leftovers.map(({ name }) => name)).toEqual(['left'])
  const busy = { ...BASE, stored: [...stored('a', 'b'), left], runs: [run('left', 'upgrade', false)] }
  expect(planPrune(busy, POLICY).leftovers).toEqual([])
})

test('Secrets go with their set, and with runs that ended without one', () => {
  const secrets = [
    'pawl-set-a',
    'pawl-run-tally-a',
    'pawl-set-b',
    'pawl-run-tally-b',
    'pawl-set-c',
    'pawl-run-tally-d',
    'pawl-set-e',
  ]
  const runs = [run('a', 'backup', true), run('c', 'upgrade', true), run('d', 'upgrade', false)]
  expect(planPrune({ ...BASE, secrets, runs: [...runs] }, POLICY).secrets).toEqual([
    'pawl-set-a',
    'pawl-run-tally-a',
    'pawl-set-c',
  ])
})
