import { expect, test } from 'vitest'
import { planPrune } from '../../core/backup/prune-plan.ts'
import type { DataTask, Rung, StoreSpec } from '../../core/data/tasks.ts'
import type { ProofNote } from '../../core/data/housekeeping.ts'
import { PawlError, type ErrorCode } from '../../core/errors.ts'
import { backupSetObject, type BackupSet } from '../../core/resources.ts'
import type { KubeObject } from '../../ports/cluster.ts'
import { FakeCluster } from '../../testing/cluster/fake-cluster.ts'
import { readSet } from '../backup/index.ts'
import { proveSet, type ProveContext } from './index.ts'

const STORE: StoreSpec = { type: 'directory', path: '/x' }
const NOW = '2026-11-26T00:00:00.000Z'

function setOf(name: string, takenAt: string): BackupSet {
  const rest = { databases: [], writers: [], targets: [], manifestSha256: name }
  const product = { appVersion: '1', chartVersion: '1', chartDigest: '' }
  const proofs = [{ at: takenAt, rung: 'proven' as const, notCovered: [] }]
  const status = { ...rest, rung: 'proven' as const, product, takenAt, proofs }
  return { name, namespace: 'toys', release: 'toy', set: `toys/toy/${name}`, store: STORE, status }
}

const SETS = [setOf('old', '2026-10-01T00:00:00Z'), setOf('new', '2026-11-01T00:00:00Z')] as const

type End = ErrorCode | { manifestSha256: string; rung?: Rung }

interface Ended {
  sets: BackupSet[]
  /** What was to be written into the store, and what was said. */
  noted: ProofNote[]
  said: string
}

/** What goes on around a proof; without a word, everything goes well. */
interface Around {
  /** A note into the store. */
  write?: () => Promise<unknown>
  discard?: () => Promise<void>
  /** By the cluster, for every write. */
  refused?: string
}

/** After each of these ends of a proof of the newer set: an error's code, or a manifest. */
async function endedWith(ends: readonly End[], { write, discard, refused }: Around = {}): Promise<Ended> {
  const cluster = new FakeCluster({ namespace: 'toys' })
  for (const set of SETS) cluster.seed(backupSetObject(set) as KubeObject)
  if (refused !== undefined) cluster.admit(() => refused)
  const known = async (name: string): Promise<BackupSet> => (await readSet(cluster, 'toys', name)) as BackupSet
  const [noted, said]: [ProofNote[], string[]] = [[], []]
  for (const end of ends) {
    const run = async (task: DataTask): Promise<unknown> => {
      if (task.kind === 'note-proof') {
        noted.push(task.note)
        return await write?.()
      }
      if (typeof end === 'string') {
        const facts = { role: 'ledger', table: 'public.t', rows: ['canary'] }
        throw new PawlError({ code: end, message: 'so it was planted: canary', facts })
      }
      return { rung: 'proven', databases: [], ...end }
    }
    const context = {
      cluster,
      dataPlane: { run, discard: async () => await discard?.() },
      clock: { now: () => new Date(NOW) },
      installation: {},
      report: ({ note }: { note?: string }) => said.push(note ?? ''),
    }
    const proof = proveSet(context as unknown as ProveContext, await known('new'), 'id')
    if (typeof end === 'string') await expect(proof).rejects.toMatchObject({ code: end })
    else await proof.catch(() => undefined)
  }
  return { sets: [await known('old'), await known('new')], noted, said: said.join() }
}

const after = async (...ends: End[]): Promise<BackupSet[]> => (await endedWith(ends)).sets

function removedOf(sets: readonly BackupSet[]): string[] {
  const stored = sets.map(({ name }) => ({ name, objects: 1, bytes: 1, newestAt: NOW, hasManifest: true }))
  const input = { now: NOW, release: 'toy', store: STORE, sets, runs: [], stored, strandedParts: 0, secrets: [] }
  const running = { appVersion: '9', chartVersion: '9' }
  const { decisions, keeper } = planPrune({ ...input, running }, { keep: 1, keepDays: 0, leftoversAfterHours: 72 })
  return [...decisions.filter(({ remove }) => remove).map(({ name }) => `- ${name}`), `keeper ${keeper}`]
}

test.each(['proof-mismatch', 'backup-damaged'] as const)(
  'a set whose newest proof ends with %s counts no longer',
  async (code) => {
    const sets = await after(code)
    expect(sets[1]?.status).toMatchObject({
      rung: 'archived',
      refuted: { at: NOW, by: 'id' },
      proofs: [{ rung: 'proven' }],
    })
    expect(removedOf(sets)).toEqual(['keeper old'])
  },
)

test('another manifest in the store than the one that was noted refutes it as well', async () => {
  const [, set] = await after({ manifestSha256: 'other' })
  expect(set?.status).toMatchObject({ rung: 'archived', refuted: { at: NOW } })
})

test.each(['key-wrong', 'backup-failed', 'database-unreachable'] as const)(
  '%s says nothing about the set',
  async (code) => {
    const sets = await after(code)
    expect(sets[1]?.status).toEqual(SETS[1].status)
    expect(removedOf(sets)).toEqual(['- old', 'keeper new'])
  },
)

test('a proof that shows less than an earlier one takes nothing away', async () => {
  const [, set] = await after(
    { manifestSha256: 'new', rung: 'rehearsed' },
    { manifestSha256: 'new', rung: 'restored+' },
  )
  expect(set?.status).toMatchObject({ rung: 'rehearsed', proofs: [{}, { rung: 'rehearsed' }, { rung: 'restored+' }] })
})

test('what was shown before a proof failed has to be shown again', async () => {
  const [, set] = await after({ manifestSha256: 'new', rung: 'rehearsed' }, 'proof-mismatch', { manifestSha256: 'new' })
  expect(set?.status?.rung).toBe('proven')
})

test('a proof that only counts the rows answers none that failed', async () => {
  const { sets, said } = await endedWith(['proof-mismatch', { manifestSha256: 'new', rung: 'restored' }])
  expect(sets[1]?.status).toMatchObject({ rung: 'archived', refuted: { at: NOW }, proofs: [{}, { rung: 'restored' }] })
  expect(removedOf(sets)).toEqual(['keeper old'])
  expect(said).toContain('still does not count')
})

test('a proof that succeeds afterwards is believed again', async () => {
  const [, set] = await after('proof-mismatch', { manifestSha256: 'new' })
  expect(set?.status?.rung).toBe('proven')
  expect(set?.status?.refuted).toBeUndefined()
  expect(set?.status?.proofs.length).toBe(2)
})

test.each(['proof-mismatch', 'backup-damaged'] as const)(
  'whoever else reads the store is told of %s, by names and nothing that is in a row',
  async (code) => {
    const { noted } = await endedWith([code])
    expect(noted).toEqual([{ found: 'refuted', finding: { code, by: 'id', role: 'ledger', table: 'public.t' } }])
    expect(JSON.stringify(noted)).not.toContain('canary')
  },
)

test('what says nothing about the set is not told', async () => {
  expect((await endedWith(['key-wrong', { manifestSha256: 'new' }])).noted).toEqual([])
})

test('a store that takes no note leaves the answer as it is, and that is said', async () => {
  const full = new PawlError({ code: 'store-full', message: 'no room' })
  const { sets, said } = await endedWith(['proof-mismatch'], { write: () => Promise.reject(full) })
  expect(sets[1]?.status?.refuted).toMatchObject({ at: NOW, by: 'id' })
  expect(said).toContain('no room')
})

test('what noting leaves behind takes nothing from what was found, and that is said', async () => {
  const gone = new PawlError({ code: 'cluster-unreachable', message: 'nobody answers' })
  const { sets, said } = await endedWith(['proof-mismatch'], { discard: () => Promise.reject(gone) })
  expect(sets[1]?.status?.refuted).toMatchObject({ at: NOW, by: 'id' })
  expect(said).toContain('nobody answers')
})

test.each([{ refused: 'not taken' }, { write: () => Promise.reject(new Error('not taken')) }])(
  'noting that fails takes nothing from what was found, and that is said (%#)',
  async (around) => {
    const { said, noted } = await endedWith(['backup-damaged'], around)
    expect(said).toContain('not taken')
    expect(noted).toHaveLength(1)
  },
)
