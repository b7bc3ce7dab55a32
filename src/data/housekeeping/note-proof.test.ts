import { expect, test } from 'vitest'
import { refutationIn, rungOfProofs } from '../../core/backup/rung.ts'
import type { ProofNote } from '../../core/data/housekeeping.ts'
import type { ResultOf } from '../../core/data/tasks.ts'
import type { ObjectStore } from '../../ports/store.ts'
import { memoryStore, type MemoryStore } from '../../testing/memory-store.ts'
import type { DataDeps } from '../deps.ts'
import { addProof } from '../prove/proof.ts'
import { runDataTask } from '../run.ts'
import { storeSet } from './set.fixture.ts'

type Rehearsed = Extract<ProofNote, { found: 'rehearsed' }>

const SET = 'shop/tally/one'
const NOW = new Date('2026-11-26T00:00:00.000Z')
const store = { type: 'directory', path: '/x' } as const

async function filled(rung?: 'proven'): Promise<{ stored: MemoryStore; note: Rehearsed }> {
  const stored = memoryStore({ now: () => NOW })
  const { manifestSha256 } = await storeSet(stored, SET, rung === undefined ? {} : { rung })
  const databases = [{ role: 'ledger', rung: 'proven' as const, notCovered: ['the weather'] }]
  return { stored, note: { found: 'rehearsed', manifestSha256, rehearsal: { run: 'tally-1', seconds: 50 }, databases } }
}

async function noteOn(stored: ObjectStore, note: ProofNote): Promise<ResultOf<'note-proof'>> {
  const deps = { openStore: async () => stored, clock: { now: () => NOW } } as unknown as DataDeps
  return await runDataTask<'note-proof'>({ kind: 'note-proof', store, set: SET, note }, deps)
}

async function proofsOf(stored: ObjectStore): Promise<ResultOf<'inspect'>['proofs']> {
  const deps = { openStore: async () => stored } as unknown as DataDeps
  return (await runDataTask<'inspect'>({ kind: 'inspect', store, set: SET, read: 'manifest' }, deps)).proofs
}

test('a recovery is one more proof: by which run, how long it took, and what it does not cover', async () => {
  const { stored, note } = await filled('proven')
  expect(await noteOn(stored, note)).toMatchObject({ rung: 'rehearsed', proof: `${SET}/proof-2.json` })
  expect(JSON.parse(stored.objects.get(`${SET}/proof-2.json`)?.toString() ?? '')).toMatchObject({
    at: NOW.toISOString(),
    tool: { pawl: expect.any(String) as string },
    databases: [{ role: 'ledger', rung: 'rehearsed', rows: '12' }],
  })
  expect(await proofsOf(stored)).toMatchObject([
    { rung: 'proven' },
    { rung: 'rehearsed', rehearsal: { run: 'tally-1', seconds: 50 }, notCovered: { ledger: ['the weather'] } },
  ])
})

test('noted again, as after a crash, it is still one', async () => {
  const { stored, note } = await filled()
  const first = await noteOn(stored, note)
  expect(await noteOn(stored, note)).toEqual(first)
  expect(await proofsOf(stored)).toHaveLength(1)
})

test('a source that was only counted is no surer for it', async () => {
  const { stored, note } = await filled()
  const databases = [{ role: 'ledger', rung: 'restored+' as const, notCovered: [] }]
  expect(await noteOn(stored, { ...note, databases })).toMatchObject({ rung: 'restored+' })
  expect(await proofsOf(stored)).toMatchObject([{ rung: 'restored+', rehearsal: { seconds: 50 } }])
})

test.each([{ manifestSha256: 'of another' }, { databases: [] }])(
  'of another set nothing is noted (%#)',
  async (change) => {
    const { stored, note } = await filled()
    await expect(noteOn(stored, { ...note, ...change })).rejects.toMatchObject({ code: 'backup-damaged' })
    expect(await proofsOf(stored)).toEqual([])
  },
)

test('proofs are read in the order of their numbers', async () => {
  const { stored, note } = await filled()
  for (let run = 0; run < 11; run += 1)
    await noteOn(stored, { ...note, rehearsal: { run: `tally-${run}`, seconds: run } })
  const seconds = (await proofsOf(stored)).map(({ rehearsal }) => rehearsal?.seconds)
  expect(seconds).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
})

const finding = { code: 'proof-mismatch', role: 'ledger', table: 'public.t', by: 'id' } as const
const failed: ProofNote = { found: 'refuted', finding }

test('a proof that failed stands in the store, and takes away what was shown before it', async () => {
  const { stored, note } = await filled('proven')
  expect(await noteOn(stored, failed)).toMatchObject({ rung: 'archived', proof: `${SET}/proof-2.json` })
  const proofs = await proofsOf(stored)
  expect(proofs).toMatchObject([{ rung: 'proven' }, { rung: 'archived', refuted: finding }])
  expect(rungOfProofs(proofs)).toBe('archived')
  expect(refutationIn(proofs)).toMatchObject({
    at: NOW.toISOString(),
    by: 'id',
    why: expect.stringContaining('public.t') as string,
  })
  const counted = { ...note, databases: [{ role: 'ledger', rung: 'restored+' as const, notCovered: [] }] }
  await noteOn(stored, counted)
  expect(rungOfProofs(await proofsOf(stored))).toBe('restored+')
  expect(refutationIn(await proofsOf(stored))).toBeUndefined()
})

test('that a proof failed is said once, until one has succeeded', async () => {
  const { stored, note } = await filled('proven')
  const first = await noteOn(stored, failed)
  expect(await noteOn(stored, { found: 'refuted', finding: { ...finding, by: 'another' } })).toEqual(first)
  await noteOn(stored, note)
  expect(await noteOn(stored, failed)).toMatchObject({ proof: `${SET}/proof-4.json` })
})

/** What `--rung restored` leaves beside a set. */
async function count(stored: ObjectStore, manifestSha256: string): Promise<void> {
  const proof = { set: SET, manifestSha256, rung: 'restored', databases: [] } as const
  await addProof(stored, proof, { now: () => NOW } as DataDeps['clock'], new AbortController().signal)
}

test('a proof that only counts the rows answers none that failed', async () => {
  const { stored, note } = await filled('proven')
  const first = await noteOn(stored, failed)
  await count(stored, note.manifestSha256)
  const proofs = await proofsOf(stored)
  expect(proofs.map(({ rung }) => rung)).toEqual(['proven', 'archived', 'restored'])
  expect([rungOfProofs(proofs), refutationIn(proofs)?.by]).toEqual(['archived', 'id'])
  expect(await noteOn(stored, failed)).toEqual(first)
  await noteOn(stored, note)
  expect(rungOfProofs(await proofsOf(stored))).toBe('rehearsed')
  expect(refutationIn(await proofsOf(stored))).toBeUndefined()
})

test('nothing is removed in favour of a set of which a proof failed, whoever made it', async () => {
  const { stored, note } = await filled('proven')
  await storeSet(stored, 'shop/tally/older', { rung: 'proven' })
  await noteOn(stored, failed)
  await count(stored, note.manifestSha256)
  const deps = { openStore: async () => stored } as unknown as DataDeps
  const sets = { sets: ['shop/tally/older'], keeper: SET, leftovers: [], before: NOW.toISOString() }
  await expect(
    runDataTask<'prune'>({ kind: 'prune', store, under: 'shop/tally', ...sets }, deps),
  ).rejects.toMatchObject({
    code: 'backup-damaged',
    unchanged: 'Nothing was removed.',
  })
  expect(stored.objects.has('shop/tally/older/manifest.json')).toBe(true)
})

test.each([1, 2])('what a listing does not name yet is read all the same (from proof %i on)', async (from) => {
  const { stored, note } = await filled('proven')
  const list: ObjectStore['list'] = async (prefix) =>
    (await stored.list(prefix)).filter(({ name }) => !(Number(/proof-(\d+)/.exec(name)?.[1]) >= from))
  const lagging: ObjectStore = { ...stored, list }
  await noteOn(lagging, failed)
  await count(lagging, note.manifestSha256)
  const proofs = await proofsOf(lagging)
  expect(proofs.map(({ rung }) => rung)).toEqual(['proven', 'archived', 'restored'])
  expect(refutationIn(proofs)?.by).toBe('id')
})
