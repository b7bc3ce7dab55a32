import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PawlError } from '../../core/errors.ts'
import type { StoreSpec } from '../../core/store/spec.ts'
import type { ObjectStore } from '../../ports/store.ts'
import { faultyStore, type FaultChoice } from '../../testing/faulty-store.ts'
import { memoryStore, type MemoryStore } from '../../testing/memory-store.ts'
import type { DataDeps } from '../deps.ts'
import { runDataTask } from '../run.ts'
import { storeSet } from './set.fixture.ts'

const STORE: StoreSpec = { type: 'directory', path: '/x' }
const UNDER = 'shop/tally'
const OLD = new Date('2026-11-01T00:00:00.000Z')
const NOW = new Date('2026-11-25T00:00:00.000Z')

/** A store whose clock says `OLD` while the test fills it. */
async function filled(fill: (store: MemoryStore) => Promise<void>, now = OLD): Promise<MemoryStore> {
  const store = memoryStore({ now: () => now })
  await fill(store)
  return store
}

function deps(store: ObjectStore): DataDeps {
  return { openStore: async () => store } as unknown as DataDeps
}

const survey = (store: ObjectStore) =>
  runDataTask<'survey'>({ kind: 'survey', store: STORE, under: UNDER, strandedBefore: NOW.toISOString() }, deps(store))
const inspect = (store: ObjectStore, read: 'manifest' | 'everything' = 'everything') =>
  runDataTask<'inspect'>({ kind: 'inspect', store: STORE, set: `${UNDER}/one`, read }, deps(store))
const prune = (store: ObjectStore, task: { sets?: string[]; leftovers?: string[]; keeper?: string }) =>
  runDataTask<'prune'>(
    { kind: 'prune', store: STORE, under: UNDER, sets: [], leftovers: [], before: NOW.toISOString(), ...task },
    deps(store),
  )

test('a survey tells sets from what interrupted work has left, and looks at one release only', async () => {
  const store = await filled(async (into) => {
    await storeSet(into, `${UNDER}/one`, { rung: 'proven' })
    await into.put(`${UNDER}/left/ledger/data/1.dat.age`, new Uint8Array(7))
    await storeSet(into, 'shop/tally-two/other')
    await into.put(`${UNDER}/README.md`, new Uint8Array(1))
  })
  const { sets } = await survey(store)
  expect(sets.map(({ name, objects, hasManifest }) => ({ name, objects, hasManifest }))).toEqual([
    { name: 'left', objects: 1, hasManifest: false },
    { name: 'one', objects: 4, hasManifest: true },
  ])
  expect(sets[0]).toMatchObject({ bytes: 7, newestAt: OLD.toISOString() })
})

test('who only looks asks the store for nothing but a list', async () => {
  const store = await filled(async (into) => void (await storeSet(into, `${UNDER}/one`)))
  const never = () => Promise.reject(new Error('more than a list'))
  const result = await runDataTask<'survey'>(
    { kind: 'survey', store: STORE, under: UNDER },
    deps({ ...store, freeBytes: never, stranded: never }),
  )
  expect(result).toEqual({ sets: [expect.objectContaining({ name: 'one' })] })
})

test('a set in a directory of its own below is whole; what an earlier try left beside it is strange, and no harm', async () => {
  const store = await filled(async (into) => {
    await storeSet(into, `${UNDER}/one`, { rung: 'proven', below: 'try-2' })
    await into.put(`${UNDER}/one/ledger/data/toc.dat.age`, new Uint8Array(7))
  })
  expect(await inspect(store)).toMatchObject({ problems: [], strangers: ['ledger/data/toc.dat.age'], objects: 2 })
  store.objects.set(`${UNDER}/one/try-2/ledger/data/toc.dat.age`, Buffer.from('other'))
  expect((await inspect(store)).problems).toHaveLength(1)
})

test('what a set says of itself, with the proofs that belong to it', async () => {
  const store = await filled(async (into) => void (await storeSet(into, `${UNDER}/one`, { rung: 'proven' })))
  store.objects.set(`${UNDER}/one/proof-2.json`, Buffer.from('{"manifestSha256":"of another"}'))
  store.objects.set(`${UNDER}/one/proof-3.json`, Buffer.from('not JSON'))
  store.objects.set(`${UNDER}/one/extra`, Buffer.from('?'))
  const found = await inspect(store)
  expect(found.proofs).toEqual([
    { name: 'proof-1.json', rung: 'proven', at: '2026-11-20T11:00:00.000Z', notCovered: { ledger: ['passwords'] } },
  ])
  expect(found).toMatchObject({ releaseFiles: ['chart.tgz'], strangers: ['extra'], problems: [], objects: 2 })
  expect(found.checkedBytes).toBe(found.storedBytes)
  expect((await inspect(store, 'manifest')).checkedBytes).toBe(0)
})

test('every change of a stored byte, every cut and every loss is found, and a good set has no fault', async () => {
  const store = await filled(async (into) => void (await storeSet(into, `${UNDER}/one`)))
  const good = new Map(store.objects)
  const names = [...good.keys()].filter((name) => !name.endsWith('manifest.json'))
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...names),
      fc.nat(),
      fc.constantFrom('flip', 'cut', 'lose', 'grow'),
      async (name, at, how) => {
        store.objects.clear()
        for (const [key, bytes] of good) store.objects.set(key, bytes)
        expect((await inspect(store)).problems).toEqual([])
        const bytes = Buffer.from(good.get(name) ?? '')
        if (how === 'lose') store.objects.delete(name)
        else if (how === 'cut') store.objects.set(name, bytes.subarray(0, at % bytes.length))
        else if (how === 'grow') store.objects.set(name, Buffer.concat([bytes, Buffer.from('x')]))
        else {
          bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ (1 << (at % 8))
          store.objects.set(name, bytes)
        }
        expect((await inspect(store)).problems.length).toBe(1)
      },
    ),
    { numRuns: 200 },
  )
})

test('no manifest, or one that was changed', async () => {
  const store = await filled(async (into) => void (await storeSet(into, `${UNDER}/one`)))
  const name = `${UNDER}/one/manifest.json`
  const text = store.objects.get(name)?.toString() ?? ''
  store.objects.set(name, Buffer.from(text.replace('"12"', '"13"')))
  await expect(inspect(store)).rejects.toMatchObject({ code: 'backup-damaged' })
  store.objects.delete(name)
  await expect(inspect(store)).rejects.toMatchObject({ code: 'backup-not-found' })
})

async function three(): Promise<MemoryStore> {
  return await filled(async (into) => {
    for (const name of ['old', 'keep', 'other']) await storeSet(into, `${UNDER}/${name}`, { rung: 'proven' })
    await into.put(`${UNDER}/left/ledger/data/1.dat.age`, new Uint8Array(7))
  })
}

const directories = (store: MemoryStore): string[] => [
  ...new Set([...store.objects.keys()].map((name) => name.split('/')[2] ?? '')),
]

test('pruning removes what it is told to, and leaves the rest', async () => {
  const store = await three()
  const task = { sets: [`${UNDER}/old`], leftovers: [`${UNDER}/left`], keeper: `${UNDER}/keep` }
  const pruned = await prune(store, task)
  expect(pruned.removed.map(({ name, objects }) => ({ name, objects }))).toEqual([
    { name: 'old', objects: 4 },
    { name: 'left', objects: 1 },
  ])
  expect(directories(store)).toEqual(['keep', 'other'])
  // Again: nothing is there any more, and nothing is wrong with that.
  expect((await prune(store, task)).removed.map(({ objects }) => objects)).toEqual([0])
})

test('nothing goes where what is to stay is not whole, or nothing is named that stays', async () => {
  const store = await three()
  store.objects.delete(`${UNDER}/keep/ledger/data/toc.dat.age`)
  const sets = [`${UNDER}/old`]
  const before = [...store.objects.keys()]
  await expect(prune(store, { sets, keeper: `${UNDER}/keep` })).rejects.toMatchObject({ code: 'backup-damaged' })
  await expect(prune(store, { sets, keeper: `${UNDER}/nowhere` })).rejects.toMatchObject({ code: 'backup-not-found' })
  await expect(prune(store, { sets })).rejects.toMatchObject({ code: 'internal' })
  await expect(prune(store, { sets, keeper: `${UNDER}/old` })).rejects.toMatchObject({ code: 'internal' })
  expect([...store.objects.keys()]).toEqual(before)
})

test('a leftover that was finished or went on meanwhile stays', async () => {
  const store = await filled(async (into) => {
    await into.put(`${UNDER}/left/x`, new Uint8Array(1))
    await storeSet(into, `${UNDER}/done`)
  })
  const young = await filled(async (into) => void (await into.put(`${UNDER}/left/x`, new Uint8Array(1))), NOW)
  expect((await prune(young, { leftovers: [`${UNDER}/left`] })).removed).toEqual([])
  expect((await prune(store, { leftovers: [`${UNDER}/done`] })).removed).toEqual([])
  expect(directories(store)).toEqual(['left', 'done'])
})

test('stopped at any object it leaves no half set that looks whole, and goes on when repeated', async () => {
  for (let stopAt = 0; stopAt < 9; stopAt += 1) {
    const memory = await three()
    let removals = 0
    const failing: FaultChoice = (operation) =>
      operation === 'remove' && (removals += 1) > stopAt ? 'unavailable' : undefined
    const sets = [`${UNDER}/old`, `${UNDER}/other`]
    await prune(faultyStore(memory, failing), { sets, keeper: `${UNDER}/keep` }).catch(() => undefined)
    for (const name of ['old', 'other']) {
      const left = [...memory.objects.keys()].filter((key) => key.startsWith(`${UNDER}/${name}/`))
      const whole = left.includes(`${UNDER}/${name}/manifest.json`)
      if (whole) expect(left.filter((key) => !key.includes('/proof-')).length).toBe(3)
    }
    await prune(memory, { sets, keeper: `${UNDER}/keep` })
    expect(directories(memory)).toEqual(['keep', 'left'])
  }
})

test('a set that the store keeps under lock is named, and the others go all the same', async () => {
  const memory = await three()
  memory.fault = (operation, name) => {
    if (operation === 'remove' && name.startsWith(`${UNDER}/old/`))
      throw new PawlError({ code: 'store-locked', message: 'memory keeps it' })
  }
  const pruned = await prune(memory, { sets: [`${UNDER}/old`, `${UNDER}/other`], keeper: `${UNDER}/keep` })
  expect(pruned.locked).toEqual([{ name: 'old', why: 'memory keeps it' }])
  expect(directories(memory)).toEqual(['old', 'keep', 'left'])
})

test('a listing that lags behind is no damage', async () => {
  const memory = memoryStore()
  const lagging = faultyStore(memory, (operation) => (operation === 'list' ? 'listing-lag' : undefined))
  await storeSet(lagging, `${UNDER}/one`, { files: { 'ledger/data/toc.dat.age': 'x' } })
  await lagging.put(`${UNDER}/one/again`, new Uint8Array(1))
  expect((await inspect(lagging)).problems).toEqual([])
})
