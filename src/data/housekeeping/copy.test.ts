import { expect, test } from 'vitest'
import { faultyStore, type StoreFault } from '../../testing/faulty-store.ts'
import { memoryStore } from '../../testing/memory-store.ts'
import { copySet } from './copy.ts'
import { exportSet } from './export.ts'
import { storeSet } from './set.fixture.ts'

const SET = 'shop/tally/one'
const context = { report: () => undefined, signal: new AbortController().signal }

async function source() {
  const store = memoryStore()
  await storeSet(store, SET, { rung: 'proven' })
  return store
}

const inSet = (objects: Map<string, Buffer>) =>
  [...objects].filter(([name]) => name.startsWith(`${SET}/`)).toSorted(([left], [right]) => (left < right ? -1 : 1))

test('a copy is the same objects, and a second one makes nothing', async () => {
  const [from, to] = [await source(), memoryStore()]
  expect(await copySet({ from, to, set: SET }, context)).toBe(4)
  expect(inSet(to.objects)).toEqual(inSet(from.objects))
  expect(await copySet({ from, to, set: SET }, context)).toBe(0)
})

test('stopped at any object, there is no manifest before all is there, and the copy goes on', async () => {
  for (let stopAt = 0; stopAt < 4; stopAt += 1) {
    const [from, memory] = [await source(), memoryStore()]
    let puts = 0
    const to = faultyStore(memory, (operation) =>
      operation === 'put' && (puts += 1) > stopAt ? 'unavailable' : undefined,
    )
    await expect(copySet({ from, to, set: SET }, context)).rejects.toMatchObject({ code: 'store-unwritable' })
    const names = inSet(memory.objects).map(([name]) => name)
    if (names.includes(`${SET}/manifest.json`)) expect(names.filter((name) => name.endsWith('.age')).length).toBe(2)
    await copySet({ from, to: memory, set: SET }, context)
    expect(inSet(memory.objects)).toEqual(inSet(from.objects))
  }
})

test.each<StoreFault>(['wrong-bytes', 'short-read'])('a source that gives %s makes no copy', async (fault) => {
  const [memory, to] = [await source(), memoryStore()]
  const from = faultyStore(memory, (operation, name) =>
    operation === 'get' && name.endsWith('.age') ? fault : undefined,
  )
  await expect(copySet({ from, to, set: SET }, context)).rejects.toMatchObject({ code: 'backup-damaged' })
  expect([...to.objects.keys()].filter((name) => name.endsWith('.age') || name.endsWith('manifest.json'))).toEqual([])
})

test('other bytes under a name are left alone, and said', async () => {
  const [from, to] = [await source(), memoryStore()]
  await to.put(`${SET}/release/chart.tgz.age`, new TextEncoder().encode('theirs'))
  await expect(copySet({ from, to, set: SET }, context)).rejects.toMatchObject({ code: 'cluster-conflict' })
  expect(to.objects.get(`${SET}/release/chart.tgz.age`)?.toString()).toBe('theirs')
})

test('an exported set says what is in it and how it is restored, and can be exported again', async () => {
  const [from, to] = [await source(), memoryStore()]
  expect(await exportSet(from, to, SET, context)).toEqual({ made: 4, checksums: 'one.sha256' })
  const text = to.objects.get('one.README.md')?.toString() ?? ''
  for (const word of ['age1example', 'pg_restore', 'sha256sum -c one.sha256', 'tally']) expect(text).toContain(word)
  // As globals.sql itself says it is run; it makes the database, and has the roles with their passwords.
  expect(text).toContain("--set database='tally' --dbname postgres --file ledger/globals.sql")
  expect(text).not.toMatch(/createdb|passwords are not in a backup/)
  expect(to.objects.get('one.sha256')?.toString()).toMatch(/^[0-9a-f]{64} {2}shop\/tally\/one\//)
  expect(await exportSet(from, to, SET, context)).toMatchObject({ made: 0 })
})

test('a set whose first try the store has kept: what counts is copied, exported and checked, where it lies', async () => {
  const [from, to] = [memoryStore(), memoryStore()]
  await storeSet(from, SET, { rung: 'proven', below: 'try-2' })
  await from.put(`${SET}/ledger/data/toc.dat.age`, new TextEncoder().encode('of the first try'))
  expect(await exportSet(from, to, SET, context)).toMatchObject({ made: 4 })
  expect(inSet(to.objects).map(([name]) => name)).toEqual([
    `${SET}/manifest.json`,
    `${SET}/proof-1.json`,
    `${SET}/try-2/ledger/data/toc.dat.age`,
    `${SET}/try-2/release/chart.tgz.age`,
  ])
  expect(to.objects.get('one.README.md')?.toString()).toContain(`cd ${SET}/try-2\n`)
  expect(to.objects.get('one.sha256')?.toString()).toContain(`  ${SET}/try-2/release/chart.tgz.age\n`)
})
