// Recoveries to which something happens that is not a crash: what was restored is gone or changed before the exchange, what was exchanged is
// altered before anything was started; and an upgrade that was let rest on `restored+`.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { runDataTask } from '../../../src/data/run.ts'
import { prove } from '../../../src/steps/prove/index.ts'
import { restore } from '../../../src/steps/restore/index.ts'
import { swap } from '../../../src/steps/swap/index.ts'
import { startPostgres, type TestServer } from '../../support/postgres.ts'
import { makeHostile } from './hostile.ts'
import { RecoverySteps, ranNothing, SET } from './recovery-steps.ts'
import { databaseNames, makeWorld, openRestored, type World } from './world.ts'

const [FRESH, KEPT, ALTERED, AGAIN] = ['new', 'old', 'alt', 'al2'].map(
  (what) => `ai_db__pawl_${what}_20260102120000wxyz`,
)
let server: TestServer
let world: World
let here: RecoverySteps

beforeAll(async () => {
  server = await startPostgres()
  await makeHostile(server)
  world = await makeWorld(server)
  here = new RecoverySteps(world, await runDataTask(world.backupTask(SET), world.deps))
  here.use(world.databases.slice(1))
})

afterAll(async () => {
  await world.dispose()
  await server.stop()
})

afterEach(async () => {
  for (const name of await databaseNames(server))
    if (name.includes('__pawl_')) await server.query('postgres', `drop database "${name}" with (force)`)
})

test('what was restored from the store is gone before the exchange: it is restored once more', async () => {
  here.begin()
  const ran = ranNothing()
  expect(await here.step(restore, 'recovery', ran)).toMatchObject({ from: 'store' })
  await server.query('postgres', `drop database "${FRESH}"`)
  expect(await here.step(swap, 'recovery', ran)).toMatchObject({
    databases: [{ role: 'ai', kept: KEPT }],
    replaced: { ai: expect.stringContaining('ai_db') as string },
  })
  expect(ran.said.join()).toContain('the restored copy of ai is gone')
  expect(await here.differences()).toEqual([])
  // Done again, as after a crash.
  await here.step(swap, 'recovery', ran, world.deps, 2)
  expect(await databaseNames(server)).toEqual(['Ledger db', 'ai_db', KEPT])
})

test('what was restored from the store is changed, and closed again, before the exchange: it is restored once more', async () => {
  here.begin()
  const ran = ranNothing()
  await here.step(restore, 'recovery', ran)
  await openRestored(server, FRESH ?? '')
  await server.query(FRESH ?? '', `update prompts set text = 'forged' where id = 7`)
  await server.query('postgres', `alter database "${FRESH}" with allow_connections false`)
  expect(await here.step(swap, 'recovery', ran)).toMatchObject({
    databases: [{ role: 'ai', kept: KEPT }],
    replaced: { ai: expect.stringContaining('rows were written') as string },
  })
  expect(await here.differences()).toEqual([])
})

test('what differs a second time within one recovery is replaced once more, and all that was replaced is kept', async () => {
  here.begin()
  const ran = ranNothing()
  await here.step(prove, 'upgrade', ran)
  await here.step(restore, 'recovery', ran)
  await here.step(swap, 'recovery', ran)
  for (const kept of [ALTERED, AGAIN]) {
    await server.query('ai_db', `update prompts set text = 'forged' where id = 7`)
    expect(await here.step(swap, 'recovery', ran)).toMatchObject({
      replaced: { ai: expect.stringContaining('prompts') as string },
    })
    expect(await here.differences()).toEqual([])
    expect(await databaseNames(server)).toContain(kept)
  }
})

test('a set that somebody let an upgrade rest on leaves its copies, and is recovered to, like a proven one', async () => {
  const set = `${SET}-counted`
  const counted = new RecoverySteps(world, await runDataTask(world.backupTask(set, { sourceLoad: 'low' }), world.deps))
  counted.use(world.databases)
  const ran = ranNothing()
  const low = { staged: { bytes: 1 }, sourceLoad: 'low' }
  await expect(counted.step(prove, 'upgrade', ran, world.deps, 1, low)).rejects.toThrow('todo')
  const accepted = [{ gate: 'backup-proven', by: 'ada', at: '2026-01-01T12:00:00.000Z', evidence: '' }]
  const proof = await counted.step(prove, 'upgrade', ran, world.deps, 2, { ...low, accepted })
  expect(proof).toMatchObject({ rung: 'restored+', copies: [{}, {}] })
  await server.query('ai_db', `delete from prompts`)
  expect(await counted.step(restore, 'recovery', ran)).toMatchObject({ from: 'staged', databases: [{}, {}] })
  expect(await counted.step(swap, 'recovery', ran)).not.toHaveProperty('replaced')
  expect(await counted.differences()).toEqual([])
  expect(await server.query('ai_db', 'select count(*)::int as n from prompts')).toEqual([{ n: 1500 }])
})
