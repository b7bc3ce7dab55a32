// pawl backup list --from: what a store holds, known to the cluster or not.
import { rmSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { PawlError } from '../../../src/core/errors.ts'
import { storeSet } from '../../../src/data/housekeeping/set.fixture.ts'
import { makeWorld, NAMESPACE, pawl, refuteElsewhere, type World } from './invoke.ts'

const AT = `${NAMESPACE}/tally`
let world: World
beforeEach(async () => {
  world = await makeWorld()
})
afterEach(() => rmSync(world.directory, { recursive: true }))

const list = async (...more: string[]) => await pawl(world, ['backup', 'list', 'tally', '--from', '/x', ...more])

test('nothing is known here, and every set of the store is listed with what its proofs say', async () => {
  await storeSet(world.store, `${AT}/20261101-a`, { rung: 'proven' })
  await storeSet(world.store, `${AT}/20261102-b`, { rung: 'proven' })
  await refuteElsewhere(world, '20261102-b')
  await world.store.put(`${AT}/20261103-c/ledger/data/1.dat.age`, Buffer.from('x'))
  await storeSet(world.store, 'shop/another/20261104-d', { rung: 'proven' })
  expect((await pawl(world, ['backup', 'list', 'tally'])).stdout).toBe('No backup sets yet.\n')
  const { exitCode, stdout, stderr } = await list()
  expect({ exitCode, stderr }).toEqual({
    exitCode: 0,
    stderr: expect.stringContaining('look 20261103-c (3 of 3)') as string,
  })
  expect(stdout).toMatchInlineSnapshot(`
    "SET         TAKEN                 VERSION   RUNG      DATABASES  ROWS   SIZE  LAST PROOF
    20261101-a  2026-11-20 10:00:00Z  2026.1.1  proven    ledger       12  400 B  2026-11-20 11:00:00Z (5 d 1 h ago)
    20261102-b  2026-11-20 10:00:00Z  2026.1.1  archived  ledger       12  400 B  failed 2026-11-25 12:00:00Z (0.0 s ago)
    20261103-c  not finished
    "
  `)
  const said = JSON.parse((await list('-o', 'json')).stdout) as unknown[]
  expect(said).toMatchObject([
    { name: '20261101-a', rung: 'proven', stored: { about: { appVersion: '2026.1.1' } } },
    { name: '20261102-b', rung: 'archived', refuted: { by: 'elsewhere' } },
    { name: '20261103-c', objects: 1 },
  ])
  expect(said[2]).not.toHaveProperty('stored')
})

test('what is wrong with one hides no other', async () => {
  await storeSet(world.store, `${AT}/20261101-a`, { rung: 'proven' })
  await storeSet(world.store, `${AT}/20261102-b`, { rung: 'proven' })
  await storeSet(world.store, `${AT}/20261103-c`, { rung: 'proven' })
  const [part = ''] = [...world.store.objects.keys()].filter((name) => name.includes('20261102-b/ledger/'))
  world.store.objects.delete(part)
  await world.store.remove(`${AT}/20261103-c/manifest.json`)
  await world.store.put(`${AT}/20261103-c/manifest.json`, Buffer.from('{'))
  const { exitCode, stdout } = await list()
  expect(exitCode).toBe(0)
  expect(stdout).toMatchInlineSnapshot(`
    "SET         TAKEN                 VERSION   RUNG     DATABASES  ROWS   SIZE  LAST PROOF
    20261101-a  2026-11-20 10:00:00Z  2026.1.1  proven   ledger       12  400 B  2026-11-20 11:00:00Z (5 d 1 h ago)
    20261102-b  2026-11-20 10:00:00Z  2026.1.1  damaged  ledger       12  400 B  2026-11-20 11:00:00Z (5 d 1 h ago)
    20261103-c                                  damaged
    ✖ 20261102-b is not whole: ledger/data/toc.dat.age is missing
    ✖ 20261103-c is not whole: shop/tally/20261103-c/manifest.json is not what was written: it is not JSON.
    "
  `)
})

test('a set without rights to read it is named, and one that is removed meanwhile is not there', async () => {
  for (const name of ['20261101-a', '20261102-b', '20261103-c'])
    await storeSet(world.store, `${AT}/${name}`, { rung: 'proven' })
  const { get } = world.store
  world.store.get = async (name, ...given) => {
    if (name.startsWith(`${AT}/20261101-a`))
      throw new PawlError({ code: 'store-unreadable', message: 'No right to read it.' })
    if (name.startsWith(`${AT}/20261102-b`)) world.store.objects.delete(name)
    return await get(name, ...given)
  }
  const said = JSON.parse((await list('-o', 'json')).stdout) as unknown[]
  expect(said).toMatchObject([
    { name: '20261101-a', why: 'No right to read it.' },
    { name: '20261103-c', rung: 'proven' },
  ])
})

test('who forgets to name the store is told so, whatever the cluster knows', async () => {
  const said = await pawl(world, ['backup', 'list', 'tally', '--store-credentials', 's3-key'])
  expect(said).toMatchObject({ exitCode: 64, stdout: '', stderr: expect.stringContaining('--from STORE') as string })
})

test('a store without sets of the release says where it looked', async () => {
  const said = await list()
  expect(said).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(`${AT}.\n`) as string })
  expect((await pawl(world, ['backup', 'list', 'tally', '--from', 'nonsense:y'])).exitCode).toBe(65)
})
