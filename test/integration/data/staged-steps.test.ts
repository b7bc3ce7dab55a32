// The steps that make, use and take away staged copies, on a real server: prove, restore, swap and reopen as a run calls them. Whatever
// became of the copies, the databases come back as the set holds them.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { DatabaseTarget } from '../../../src/core/data/tasks.ts'
import { listOf, recordOf } from '../../../src/core/json.ts'
import { runDataTask } from '../../../src/data/run.ts'
import { QueryFailed } from '../../../src/ports/database.ts'
import { prove } from '../../../src/steps/prove/index.ts'
import { reopen } from '../../../src/steps/reopen/index.ts'
import { restore } from '../../../src/steps/restore/index.ts'
import { dropStanding, findStanding } from '../../../src/steps/staged/accept.ts'
import { swap } from '../../../src/steps/swap/index.ts'
import { cut, cutAt, failureAt, faultyDatabases } from '../../../src/testing/faulty-databases.ts'
import { startPostgres, type TestServer } from '../../support/postgres.ts'
import { makeHostile } from './hostile.ts'
import { ID, ranNothing, RecoverySteps, SET, type Ran } from './recovery-steps.ts'
import { databaseNames, makeWorld, targetsOf, type World } from './world.ts'

const LIVE = ['Ledger db', 'ai_db']
const COPIES = LIVE.map((name) => `${name}__pawl_set_20260101120000abcd`)
const KEPT = LIVE.map((name) => `${name}__pawl_old_20260102120000wxyz`)
const ALTERED = LIVE.map((name) => `${name}__pawl_alt_20260102120000wxyz`)
let server: TestServer
let world: World
let here: RecoverySteps

beforeAll(async () => {
  server = await startPostgres()
  await makeHostile(server)
  world = await makeWorld(server)
  here = new RecoverySteps(world, await runDataTask(world.backupTask(SET), world.deps))
})

afterAll(async () => {
  await world.dispose()
  await server.stop()
})

beforeEach(() => {
  here.use(world.databases)
})

const names = async (): Promise<string[]> => await databaseNames(server)

async function changeCopy(name: string, sql: string): Promise<void> {
  await server.query('postgres', `alter database "${name}" with allow_connections true`)
  await server.query(name, sql)
  await server.query('postgres', `alter database "${name}" with allow_connections false`)
}

afterEach(async () => {
  const there = new Set(await names())
  for (const [at, live] of LIVE.entries()) {
    const kept = KEPT[at] ?? ''
    if (there.has(kept)) {
      await server.query('postgres', `drop database "${live}" with (force)`)
      await server.query('postgres', `alter database "${kept}" rename to "${live}"`)
    }
    await server.query('postgres', `alter database "${live}" with allow_connections true`)
  }
  for (const name of (await names()).filter((one) => !LIVE.includes(one)))
    await server.query('postgres', `drop database "${name}" with (force)`)
})

test('the proof leaves its copies, and notes them on the set; the recovery renames them and forgets them', async () => {
  const ran = ranNothing()
  const proof = await here.step(prove, 'upgrade', ran)
  expect(proof).toMatchObject({ rung: 'proven', copies: COPIES.map((database) => ({ database })) })
  expect((await here.noted()).staged?.copies.map(({ database }) => database)).toEqual(COPIES)
  await server.query('ai_db', 'drop table prompts')
  expect(await here.step(restore, 'recovery', ran)).toMatchObject({ from: 'staged', databases: [{}, {}] })
  const exchanged = await here.step(swap, 'recovery', ran)
  expect(exchanged).toMatchObject({ databases: [{ kept: KEPT[0] }, { kept: KEPT[1] }] })
  expect(exchanged).not.toHaveProperty('replaced')
  expect(await here.differences()).toEqual([])
  expect((await here.noted()).staged).toBeUndefined()
  expect(await names()).toEqual([...LIVE, ...KEPT].toSorted())
})

test('a copy that is gone, opened, or of something else: everything comes from the store, and that is said', async () => {
  const spoil: [string, () => Promise<unknown>, RegExp][] = [
    ['gone', () => server.query('postgres', `drop database "${COPIES[1]}"`), /is not there/],
    ['open', () => server.query('postgres', `alter database "${COPIES[1]}" with allow_connections true`), /is open/],
    ['other', () => server.query('postgres', `comment on database "${COPIES[1]}" is 'mine'`), /no mark/],
  ]
  for (const [what, spoiled, why] of spoil) {
    const ran = ranNothing()
    here.begin()
    await here.step(prove, 'upgrade', ran)
    await spoiled()
    const restored = await here.step(restore, 'recovery', ran)
    expect(restored, what).toMatchObject({ from: 'store', why: expect.stringMatching(why) as string })
    expect(ran.said.join()).toMatch(why)
    for (const name of await names())
      if (!LIVE.includes(name)) await server.query('postgres', `drop database "${name}" with (force)`)
  }
})

test('a copy that was changed by hand is found out under the live name, and replaced from the store before anything is started', async () => {
  const ran = ranNothing()
  await here.step(prove, 'upgrade', ran)
  await changeCopy(COPIES[1] ?? '', `update prompts set text = 'forged' where id = 7`)
  await here.step(restore, 'recovery', ran)
  const exchanged = await here.step(swap, 'recovery', ran)
  expect(exchanged).toMatchObject({ replaced: { ai: expect.stringContaining('table public.prompts') as string } })
  expect(ran.said.join()).toContain('the staged copy of ai is altered')
  expect(await here.differences()).toEqual([])
  // What was forged is kept as well; the other database came from its copy.
  expect(await names()).toEqual([...LIVE, ...KEPT, ALTERED[1] ?? ''].toSorted())
})

test('copies that go away between the look and the exchange are replaced from the store', async () => {
  const ran = ranNothing()
  await here.step(prove, 'upgrade', ran)
  await here.step(restore, 'recovery', ran)
  await server.query('postgres', `drop database "${COPIES[0]}"`)
  expect(await here.step(swap, 'recovery', ran)).toMatchObject({
    replaced: { ledger: expect.any(String) as string, ai: expect.any(String) as string },
  })
  expect(await here.differences()).toEqual([])
  // Accepting drops what is left of the copies.
  expect((await here.noted()).staged).toBeDefined()
  const context = await here.contextOf('recovery', ran, world.deps)
  const deps = { ...context, ids: { next: () => 'id' } }
  const standing = await findStanding(deps)
  expect(Object.keys(standing.copies)).toEqual([ID])
  expect(standing.others.map(({ state }) => state)).toEqual(['kept', 'kept'])
  expect(await dropStanding(deps, standing)).toEqual({ dropped: [COPIES[1]], left: [] })
  expect((await here.noted()).staged).toBeUndefined()
  expect(await names()).toEqual([...LIVE, ...KEPT].toSorted())
})

test.each(['altered', 'gone'] as const)(
  'an exchange of %s copies, killed at any change it makes, ends with the rows of the backup when it is repeated',
  async (what) => {
    here.use(world.databases.slice(1))
    const [live, copy] = [LIVE[1] ?? '', COPIES[1] ?? '']
    async function spoiled(): Promise<Ran> {
      const ran = ranNothing()
      here.begin()
      await here.step(prove, 'upgrade', ran)
      await here.step(restore, 'recovery', ran)
      if (what === 'altered') await changeCopy(copy, `update prompts set text = 'forged' where id = 7`)
      else await server.query('postgres', `drop database "${copy}"`)
      return ran
    }
    async function rewind(): Promise<void> {
      for (const name of await names())
        if (!LIVE.includes(name) && name !== KEPT[1]) await server.query('postgres', `drop database "${name}"`)
      if (!(await names()).includes(KEPT[1] ?? '')) return
      await server.query('postgres', `drop database "${live}" with (force)`)
      await server.query('postgres', `alter database "${KEPT[1]}" rename to "${live}"`)
      await server.query('postgres', `alter database "${live}" with allow_connections true`)
    }
    const whole = faultyDatabases(world.deps.databases)
    await here.step(swap, 'recovery', await spoiled(), { ...world.deps, databases: whole })
    const points = whole.statements.flatMap((sql, at) =>
      /^\s*(?:create database|begin|commit|alter database .* allow_connections)/.test(sql) ? [at] : [],
    )
    expect(points.length).toBeGreaterThan(4)
    for (const point of points) {
      await rewind()
      const ran = await spoiled()
      const faulty = cutAt(world.deps.databases, point)
      const killed = here.step(swap, 'recovery', ran, { ...world.deps, databases: faulty })
      const failure = await failureAt(faulty, point, killed)
      if (failure !== undefined) expect(failure).toMatchObject({ code: 'database-unreachable' })
      await here.step(swap, 'recovery', ran, world.deps, 2)
      expect(await here.differences(), `killed before ${whole.statements[point]}`).toEqual([])
      expect(await names()).not.toContain(copy)
    }
    expect(await server.query(live, 'select count(*)::int as n from prompts')).toEqual([{ n: 1500 }])
  },
)

test('a run that is given up takes its copies away, also where its proof was killed, and nothing else', async () => {
  const ran = ranNothing()
  await here.step(prove, 'upgrade', ran)
  await server.query('postgres', `create database "Ledger db__pawl_set_mine"`)
  ran.steps.prove = { failures: 0, forgiven: 0, done: false, startedAt: '2026-01-01T12:00:00Z' }
  expect(await here.step(reopen, 'upgrade', ran)).toMatchObject({ copies: { dropped: COPIES, left: [] } })
  expect((await here.noted()).staged).toBeUndefined()
  expect(await names()).toEqual(['Ledger db', 'Ledger db__pawl_set_mine', 'ai_db'])
})

test('a database whose name leaves no room for a suffix is staged, exchanged, restored and cleaned up like any other', async () => {
  const live = `${'x'.repeat(41)}${'ü'.repeat(11)}`
  const [, ai] = world.databases as [DatabaseTarget, DatabaseTarget]
  here.use([{ ...ai, database: live }])
  await server.query('postgres', `create database "${live}" template ai_db`)
  const others = async () => (await names()).filter((name) => ![...LIVE, live].includes(name))
  for (const from of ['staged', 'store']) {
    const ran = ranNothing()
    here.begin()
    await here.step(prove, 'upgrade', ran)
    const [copy = ''] = await others()
    expect(copy).toMatch(/^x+_[0-9a-f]{8}__pawl_set_20260101120000abcd$/)
    if (from === 'store') await server.query('postgres', `drop database "${copy}"`)
    await server.query(live, 'drop table if exists prompts')
    expect(await here.step(restore, 'recovery', ran)).toMatchObject({ from })
    await here.step(swap, 'recovery', ran)
    expect(await here.differences()).toEqual([])
    for (const name of await others()) await server.query('postgres', `drop database "${name}"`)
  }
  const ran = ranNothing()
  here.begin()
  await here.step(prove, 'upgrade', ran)
  const deps = { ...(await here.contextOf('recovery', ran, world.deps)), ids: { next: () => 'id' } }
  expect(Object.keys((await findStanding(deps)).copies)).toEqual([ID])
  ran.steps.prove = { failures: 0, forgiven: 0, done: false, startedAt: '2026-01-01T12:00:00Z' }
  expect(await here.step(reopen, 'upgrade', ran)).toMatchObject({ copies: { dropped: [expect.any(String)], left: [] } })
})

test('a run that may not drop its copies ends all the same, and says what stays and how it goes', async () => {
  const ran = ranNothing()
  await here.step(prove, 'upgrade', ran)
  ran.steps.prove = { failures: 0, forgiven: 0, done: false, startedAt: '2026-01-01T12:00:00Z' }
  const faulty = faultyDatabases(world.deps.databases)
  faulty.before = (sql) => {
    if (sql.startsWith('drop database')) throw new QueryFailed('must be owner of database', '42501')
  }
  const ended = await here.step(reopen, 'upgrade', ran, { ...world.deps, databases: faulty })
  const why = expect.stringContaining('pawl runs accept rel -n ns') as string
  expect(ended).toMatchObject({ copies: { dropped: [], left: COPIES.map((database) => ({ database, why })) } })
  expect((await here.noted()).staged).toBeDefined()
  expect(await names()).toEqual([...LIVE, ...COPIES].toSorted())
  // A server that does not answer is asked again before it is given up.
  const unreachable = { code: 'database-unreachable' }
  faulty.before = () => {
    throw cut()
  }
  await expect(here.step(reopen, 'upgrade', ran, { ...world.deps, databases: faulty })).rejects.toMatchObject(
    unreachable,
  )
  expect(await here.step(reopen, 'upgrade', ran, { ...world.deps, databases: faulty }, 3)).toMatchObject({
    copies: { left: [{ why }, { why }] },
  })
})

test.each([
  ['damaged', true, `update pg_class set relfilenode = 4000000 where relname = 'prompts'`, /could not open file/],
  ['not to be read', false, 'create table somebody_elses (a int)', /permission denied/],
])('a copy that is %s is replaced from the store like one that was changed', async (_what, asAdmin, spoil, why) => {
  if (!asAdmin) {
    await server.query('postgres', 'alter role "Tally App" createdb')
    here.use(targetsOf(server, { admin: false }).slice(1))
  } else here.use(world.databases.slice(1))
  const ran = ranNothing()
  await here.step(prove, 'upgrade', ran)
  await changeCopy(COPIES[1] ?? '', spoil)
  expect(await here.step(restore, 'recovery', ran)).toMatchObject({ from: 'staged' })
  expect(await here.step(swap, 'recovery', ran)).toMatchObject({
    replaced: { ai: expect.stringMatching(why) as string },
  })
  expect(await here.differences()).toEqual([])
  expect(await names()).toEqual([...LIVE, KEPT[1] ?? '', ALTERED[1] ?? ''].toSorted())
})

test.each(['53200', '57014'])('a comparison that the server ends (%s) says nothing of the copy', async (state) => {
  here.use(world.databases.slice(1))
  const ran = ranNothing()
  await here.step(prove, 'upgrade', ran)
  await here.step(restore, 'recovery', ran)
  const faulty = faultyDatabases(world.deps.databases)
  faulty.before = (sql) => {
    if (sql.includes('hashtextextended')) throw new QueryFailed('not now', state)
  }
  const ended = here.step(swap, 'recovery', ran, { ...world.deps, databases: faulty })
  await expect(ended).rejects.toMatchObject({ code: 'backup-failed', facts: { sqlState: state } })
  expect(await here.step(swap, 'recovery', ran, world.deps, 2)).not.toHaveProperty('replaced')
})

test.each(['staged', 'gone'])(
  'a live database that is gone comes back, with its copy %s, and nothing is said to be kept',
  async (how) => {
    const ran = ranNothing()
    await here.step(prove, 'upgrade', ran)
    await here.step(restore, 'recovery', ran)
    await server.query('postgres', 'create database ai_before template ai_db')
    await server.query('postgres', 'drop database ai_db')
    if (how === 'gone') await server.query('postgres', `drop database "${COPIES[1]}"`)
    const exchanged = await here.step(swap, 'recovery', ran)
    expect(recordOf(listOf(exchanged['databases'])[1])).not.toHaveProperty('kept')
    expect(await here.differences()).toEqual([])
    // Done again, as after a crash.
    await here.step(swap, 'recovery', ran, world.deps, 2)
    expect(await here.differences()).toEqual([])
    await server.query('postgres', 'drop database ai_db with (force)')
    await server.query('postgres', 'alter database ai_before rename to ai_db')
  },
)
