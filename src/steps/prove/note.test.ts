import { expect, test } from 'vitest'
import { planPrune } from '../../core/backup/prune-plan.ts'
import type { Rung, StoreSpec } from '../../core/data/tasks.ts'
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

/** What is known of the sets after each of these ends of a proof of the newer one: an error's code, or a manifest. */
async function after(...ends: (ErrorCode | { manifestSha256: string; rung?: Rung })[]): Promise<BackupSet[]> {
  const cluster = new FakeCluster({ namespace: 'toys' })
  for (const set of SETS) cluster.seed(backupSetObject(set) as KubeObject)
  const known = async (name: string): Promise<BackupSet> => (await readSet(cluster, 'toys', name)) as BackupSet
  for (const end of ends) {
    const run = async (): Promise<unknown> => {
      if (typeof end === 'string') throw new PawlError({ code: end, message: 'so it was planted' })
      return { rung: 'proven', databases: [], ...end }
    }
    const context = { cluster, dataPlane: { run }, clock: { now: () => new Date(NOW) }, installation: {} }
    const proof = proveSet(context as unknown as ProveContext, await known('new'), 'id')
    if (typeof end === 'string') await expect(proof).rejects.toMatchObject({ code: end })
    else await proof.catch(() => undefined)
  }
  return [await known('old'), await known('new')]
}

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

test('a proof that succeeds afterwards is believed again', async () => {
  const [, set] = await after('proof-mismatch', { manifestSha256: 'new' })
  expect(set?.status?.rung).toBe('proven')
  expect(set?.status?.refuted).toBeUndefined()
  expect(set?.status?.proofs.length).toBe(2)
})
