// Work that is stopped half-way and done again: by a cut connection at each statement, by an abort, by a killed program.
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { childProcesses } from '../../../src/adapters/process/processes.ts'
import { workDirs } from '../../../src/adapters/workdir/workdirs.ts'
import type { DatabaseTarget, ResultOf, TaskOf } from '../../../src/core/data/tasks.ts'
import { runDataTask } from '../../../src/data/run.ts'
import { cut, cutAt, failureAt, faultyDatabases } from '../../../src/testing/faulty-databases.ts'
import { startPostgres, type TestServer } from '../../support/postgres.ts'
import { APP, makeHostile } from './hostile.ts'
import { databaseNames, makeWorld, openRestored, targetsOf, type World } from './world.ts'

const SET = 'ns/rel/crash'
let server: TestServer
let world: World
let backup: ResultOf<'backup'>

beforeAll(async () => {
  server = await startPostgres()
  await makeHostile(server)
  const sealed = 'create table sealed as select 7 as n; revoke insert on sealed from "Tally App"'
  await server.query('ai_db', `set role "Tally App"; ${sealed}; reset role`)
  world = await makeWorld(server)
  backup = await runDataTask(world.backupTask(SET), world.deps)
})

afterAll(async () => {
  await world.dispose()
  await server.stop()
})

const databases = async (): Promise<string[]> => await databaseNames(server)

const LIVE = ['Ledger db', 'ai_db']

test('a backup whose snapshot holder is killed fails loudly, stores no manifest, and succeeds when repeated', async () => {
  const faulty = faultyDatabases(world.deps.databases)
  faulty.before = async (sql) => {
    // The first digest: by now the holder has its locks and its snapshot.
    if (!sql.includes('hashtextextended')) return
    await server.query(
      'postgres',
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pawl' and state = 'idle in transaction'`,
    )
    faulty.before = () => undefined
  }
  const task = world.backupTask('ns/rel/killed')
  await expect(runDataTask(task, { ...world.deps, databases: faulty })).rejects.toMatchObject({
    code: expect.stringMatching(/database-unreachable|backup-failed/),
  })
  const store = await world.deps.openStore(task.store)
  expect(await store.head('ns/rel/killed/manifest.json')).toBeUndefined()
  expect((await runDataTask(task, world.deps)).databases.map((database) => database.digest)).toEqual(
    backup.databases.map((database) => database.digest),
  )
  expect(await world.leftovers()).toEqual([])
})

test('a store that breaks during a backup leaves no manifest; the next attempt clears up and succeeds', async () => {
  const task = world.backupTask('ns/rel/broken-store')
  const store = await world.deps.openStore(task.store)
  let puts = 0
  const breaking = {
    ...store,
    put: async (...args: Parameters<typeof store.put>) =>
      ++puts > 12 ? Promise.reject(cut()) : await store.put(...args),
  }
  await expect(runDataTask(task, { ...world.deps, openStore: async () => breaking })).rejects.toThrow(
    'the connection was cut',
  )
  expect((await store.list('ns/rel/broken-store/')).length).toBeGreaterThan(5)
  expect(await store.head('ns/rel/broken-store/manifest.json')).toBeUndefined()
  const result = await runDataTask(task, world.deps)
  expect(result.databases.length).toBe(2)
})

test.each(['backup', 'prove', 'restore'] as const)(
  'an aborted %s stops soon and leaves no file, no server and no database',
  async (kind) => {
    const tasks = {
      backup: world.backupTask('ns/rel/aborted'),
      prove: world.proveTask(SET),
      restore: world.restoreTask(SET, '__aborted'),
    }
    const phases = { backup: 'digest', prove: 'restore', restore: 'restore' }
    const controller = new AbortController()
    let abortedAt = 0
    const work = runDataTask(tasks[kind], world.deps, {
      signal: controller.signal,
      onProgress: (progress) => {
        if (progress.phase !== phases[kind] || abortedAt > 0) return
        abortedAt = Date.now()
        setTimeout(() => controller.abort(new Error('enough')), 30)
      },
    })
    await expect(work).rejects.toThrow('enough')
    expect(Date.now() - abortedAt).toBeLessThan(10_000)
    expect(await world.leftovers()).toEqual([])
    expect(await databases()).toEqual(LIVE)
    const sessions = await server.query(
      'postgres',
      `select count(*)::int as n from pg_stat_activity where application_name = 'pawl'`,
    )
    expect(sessions).toEqual([{ n: 0 }])
  },
)

async function dropAll(names: readonly string[]): Promise<void> {
  for (const name of names) await server.query('postgres', `drop database "${name}" with (force)`)
}

test('a restore cut at any statement of its own is finished by the next attempt', async () => {
  const [, ai] = world.databases as [DatabaseTarget, DatabaseTarget]
  const task = world.restoreTask(SET, '__cut', [ai])
  const whole = faultyDatabases(world.deps.databases)
  const expected = await runDataTask(task, { ...world.deps, databases: whole })
  await dropAll(['ai_db__cut'])
  const points = whole.statements.flatMap((sql, at) =>
    /^\s*(?:create|comment|grant|alter|revoke|drop|commit)/.test(sql) ? [at, at + 1] : [],
  )
  expect(points.length).toBeGreaterThan(4)
  for (const point of new Set(points)) {
    const faulty = cutAt(world.deps.databases, point)
    const failure = await failureAt(faulty, point, runDataTask(task, { ...world.deps, databases: faulty }))
    if (failure !== undefined) expect(failure).toMatchObject({ code: 'database-unreachable' })
    expect(await runDataTask(task, world.deps), `cut at statement ${point}: ${whole.statements[point]}`).toEqual(
      expected,
    )
    await openRestored(server, 'ai_db__cut')
    expect(await server.query('ai_db__cut', 'select count(*)::int as n from prompts')).toEqual([{ n: 1500 }])
    await dropAll(['ai_db__cut'])
  }
  expect(await databases()).toEqual(LIVE)
})

test('an attempt that goes on although the next one has begun neither marks nor drops what that one has made', async () => {
  const [, ai] = world.databases as [DatabaseTarget, DatabaseTarget]
  const task = world.restoreTask(SET, '__late', [ai])
  const faulty = faultyDatabases(world.deps.databases)
  faulty.before = async (sql) => {
    if (!sql.includes('with allow_connections false')) return
    faulty.before = () => undefined
    await dropAll(['ai_db__late'])
    await server.query('postgres', 'create database "ai_db__late"')
  }
  await expect(runDataTask(task, { ...world.deps, databases: faulty })).rejects.toMatchObject({ code: 'unknown-state' })
  const state = `select datallowconn as open, shobj_description(oid, 'pg_database') as mark from pg_database where datname = 'ai_db__late'`
  expect(await server.query('postgres', state)).toEqual([{ open: true, mark: null }])
  await dropAll(['ai_db__late'])
})

test('a restore does not touch a database that is not its own', async () => {
  await server.query('postgres', 'create database "ai_db__mine"')
  await server.query('ai_db__mine', 'create table precious (a int)')
  const task = world.restoreTask(SET, '__mine', world.databases.slice(1))
  await expect(runDataTask(task, world.deps)).rejects.toMatchObject({
    code: 'input-invalid',
    facts: { database: 'ai_db__mine' },
  })
  expect(await server.query('ai_db__mine', 'select count(*)::int as n from precious')).toEqual([{ n: 0 }])
  await dropAll(['ai_db__mine'])
})

test('the application restores everything of its own by itself: large objects, row security, rights, trusted extensions', async () => {
  await server.query('Ledger db', 'create extension hstore; create extension if not exists pg_trgm')
  await server.query('postgres', 'alter role "Tally App" createdb')
  const [ledger] = targetsOf(server, { admin: false }) as [DatabaseTarget]
  const set = 'ns/rel/by-itself'
  const saved = await runDataTask(world.backupTask(set, { databases: [ledger] }), world.deps)
  const restored = await runDataTask(world.restoreTask(set, '__self', [ledger]), world.deps)
  expect(restored.databases[0]).toMatchObject({ rung: 'proven', digest: saved.databases[0]?.digest })
  expect(restored.databases[0]?.notCovered.join()).toContain(`alter role "reader-ro" in database`)
  expect(restored.databases[0]?.notCovered.join()).not.toContain('5s')
  await openRestored(server, 'Ledger db__self')
  const extensions = await server.query('Ledger db__self', 'select extname from pg_extension order by 1')
  expect(extensions.map((row) => row['extname'])).toEqual(['hstore', 'pg_trgm', 'plpgsql'])
  expect(
    await server.query('Ledger db__self', `select has_table_privilege('reader-ro', 'secrets_of', 'select') as may`),
  ).toEqual([{ may: true }])
  await dropAll(['Ledger db__self'])
})

test('what only a superuser may restore is database-rights, and nothing of it is left', async () => {
  await server.query('ai_db', 'create extension file_fdw')
  const [, ai] = targetsOf(server, { admin: false }) as [DatabaseTarget, DatabaseTarget]
  try {
    await runDataTask(world.backupTask('ns/rel/untrusted', { databases: [ai] }), world.deps)
    await expect(runDataTask(world.restoreTask('ns/rel/untrusted', '__un', [ai]), world.deps)).rejects.toMatchObject({
      code: 'database-rights',
    })
    expect(await databases()).toEqual(LIVE)
  } finally {
    await server.query('ai_db', 'drop extension file_fdw')
  }
})

test('a restore without CREATEDB is database-rights; with it, the application can restore by itself', async () => {
  const [, ai] = targetsOf(server, { admin: false }) as [DatabaseTarget, DatabaseTarget]
  const task = world.restoreTask(SET, '__own', [ai])
  await server.query('postgres', 'alter role "Tally App" nocreatedb')
  try {
    await expect(runDataTask(task, world.deps)).rejects.toMatchObject({
      code: 'database-rights',
      facts: { right: 'CREATEDB' },
    })
  } finally {
    await server.query('postgres', 'alter role "Tally App" createdb')
  }
  const restored = await runDataTask(task, world.deps)
  expect(restored.databases[0]).toMatchObject({ role: 'ai', rung: 'proven', digest: backup.databases[1]?.digest })
  await openRestored(server, 'ai_db__own')
  expect(
    await server.query(
      'ai_db__own',
      `select pg_get_userbyid(relowner) as owner from pg_class where relname = 'prompts'`,
    ),
  ).toEqual([{ owner: APP.user }])
  await server.query('postgres', 'alter database ai_db__own with allow_connections false')
  const swap = {
    kind: 'swap' as const,
    databases: [ai],
    newSuffix: '__own',
    oldSuffix: '__before',
    expect: { ai: backup.databases[1]?.digest ?? '' },
  }
  expect((await runDataTask(swap, world.deps)).databases[0]).toMatchObject({ live: 'ai_db', kept: 'ai_db__before' })
  await dropAll(['ai_db__before'])
})

function swapTask(more: Partial<TaskOf<'swap'>> = {}): TaskOf<'swap'> {
  const digests = Object.fromEntries(backup.databases.map((database) => [database.role, database.digest]))
  return {
    kind: 'swap',
    databases: world.databases,
    newSuffix: '__next',
    oldSuffix: '__prev',
    expect: digests,
    ...more,
  }
}

beforeEach(async () => {
  const names = await databases()
  await dropAll(names.filter((name) => name.endsWith('__prev')))
})

test('a swap cut at every one of its statements is finished by the next attempt, and never leaves half of it', async () => {
  await runDataTask(world.restoreTask(SET, '__next'), world.deps)
  const whole = faultyDatabases(world.deps.databases)
  const expected = await runDataTask(swapTask(), { ...world.deps, databases: whole })
  const count = whole.statements.length
  expect(count).toBeGreaterThan(15)
  // Back again by the same means: what was kept becomes the new one.
  async function rewind(): Promise<void> {
    for (const name of LIVE) {
      await server.query('postgres', `alter database "${name}" with allow_connections false`)
      await server.query('postgres', `alter database "${name}" rename to "${name}__next"`)
      await server.query('postgres', `alter database "${name}__prev" rename to "${name}"`)
      await server.query('postgres', `alter database "${name}" with allow_connections true`)
      await server.query('postgres', `comment on database "${name}" is null`)
    }
  }
  for (let point = 0; point < count; point++) {
    await rewind()
    const faulty = cutAt(world.deps.databases, point)
    await expect(runDataTask(swapTask(), { ...world.deps, databases: faulty })).rejects.toMatchObject({
      code: 'database-unreachable',
    })
    const between = await databases()
    // Both names changed, or none: never one.
    expect([
      LIVE.flatMap((name) => [name, `${name}__next`]),
      LIVE.flatMap((name) => [name, `${name}__prev`]),
    ]).toContainEqual(between)
    const finished = await runDataTask(swapTask(), world.deps)
    expect(finished.databases, `cut at ${whole.statements[point]}`).toEqual(expected.databases)
    const states = await server.query(
      'postgres',
      `select datname, datallowconn as open from pg_database where datname like 'Ledger%' or datname like 'ai%' order by 1`,
    )
    expect(states).toEqual([
      { datname: 'Ledger db', open: true },
      { datname: 'Ledger db__prev', open: false },
      { datname: 'ai_db', open: true },
      { datname: 'ai_db__prev', open: false },
    ])
  }
  await rewind()
  await dropAll(['Ledger db__next', 'ai_db__next'])
})

test('a swap refuses anything but the proven copy that was expected, and renames nothing', async () => {
  const ai = world.databases.slice(1)
  await runDataTask(world.restoreTask(SET, '__next', ai), world.deps)
  const refused = async (task: TaskOf<'swap'>): Promise<unknown> => {
    try {
      return await runDataTask(task, world.deps)
    } catch (error) {
      expect(await databases()).toEqual([...LIVE, 'ai_db__next'])
      return (error as { code: string }).code
    }
  }
  expect(await refused(swapTask({ databases: ai, expect: { ai: 'f'.repeat(64) } }))).toBe('proof-mismatch')
  expect(await refused(swapTask({ databases: ai, expect: {} }))).toBe('input-invalid')
  expect(await refused(swapTask({ databases: ai, newSuffix: '__absent' }))).toBe('unknown-state')
  // One of two databases has no copy: then the other one is not exchanged either.
  expect(await refused(swapTask())).toBe('unknown-state')
  // Whoever opened it may have written into it: the next restore makes it anew, and then it is taken.
  await openRestored(server, 'ai_db__next')
  await server.query('ai_db__next', 'delete from prompts')
  expect(await refused(swapTask({ databases: ai }))).toBe('proof-mismatch')
  await runDataTask(world.restoreTask(SET, '__next', ai), world.deps)
  expect((await runDataTask(swapTask({ databases: ai }), world.deps)).databases).toMatchObject([{ live: 'ai_db' }])
  expect(await server.query('ai_db', 'select count(*) > 0 as there from prompts')).toEqual([{ there: true }])
  await dropAll(['ai_db__prev'])
  await runDataTask(world.restoreTask(SET, '__next', ai), world.deps)
  await server.query(
    'postgres',
    `comment on database ai_db__next is '{"pawl":{"set":"x","role":"ai","state":"restoring","digest":"${backup.databases[1]?.digest}"}}'`,
  )
  expect(await refused(swapTask({ databases: ai }))).toBe('proof-mismatch')
  await dropAll(['ai_db__next'])
})

test('a swap ends the sessions of the application and lets nobody in meanwhile', async () => {
  const ai = world.databases.slice(1)
  await runDataTask(world.restoreTask(SET, '__next', ai), world.deps)
  let reconnected = 0
  let going = true
  const application = (async () => {
    while (going) {
      const client = await server.connect('ai_db', 'stubborn').catch(() => undefined)
      if (client !== undefined) reconnected++
      await client?.query('select pg_sleep(10)').catch(() => undefined)
      await client?.end().catch(() => undefined)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  })()
  await new Promise((resolve) => setTimeout(resolve, 200))
  const swapped = await runDataTask(swapTask({ databases: ai }), world.deps)
  expect(swapped.databases[0]?.kept).toBe('ai_db__prev')
  await new Promise((resolve) => setTimeout(resolve, 300))
  going = false
  await server.query(
    'postgres',
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'stubborn'`,
  )
  await application
  expect(reconnected).toBeGreaterThan(1)
  await dropAll(['ai_db__prev'])
})

test('a swap that cannot empty a database lets the application back in', async () => {
  const ai = world.databases.slice(1)
  await runDataTask(world.restoreTask(SET, '__next', ai), world.deps)
  await server.query('ai_db', `begin; insert into prompts values (-1, 'x'); prepare transaction 'in the way'`)
  let skipped = 0
  // The half minute it waits passes at once.
  const clock = { now: () => new Date(Date.now() + skipped), sleep: async (ms: number) => void (skipped += ms * 50) }
  await expect(runDataTask(swapTask({ databases: ai }), { ...world.deps, clock })).rejects.toMatchObject({
    code: 'writers-remain',
    unchanged: 'No database was renamed.',
  })
  expect(await server.query('ai_db', 'select 1 as open')).toEqual([{ open: 1 }])
  await server.query('ai_db', `rollback prepared 'in the way'`)
  expect((await runDataTask(swapTask({ databases: ai }), world.deps)).databases.length).toBe(1)
  await dropAll(['ai_db__prev'])
})

test('a place for temporary files that is not there is said as such', async () => {
  const deps = { ...world.deps, workDirs: workDirs('/tmp/pawl-not-there') }
  await expect(runDataTask(world.backupTask('ns/rel/nowhere'), deps)).rejects.toMatchObject({
    code: 'backup-failed',
    message: expect.stringContaining('/tmp/pawl-not-there'),
  })
})

test.runIf(process.getuid?.() === 0)(
  'no room for the dump, nor for the scratch server: backup-failed, and all is cleared',
  async () => {
    const processes = childProcesses()
    const root = await mkdtemp('/tmp/pawl-tiny-')
    const mount = await processes.run({
      program: 'mount',
      args: ['-t', 'tmpfs', '-o', 'size=300k,mode=0711', 'tmpfs', root],
    })
    expect(mount.exitCode).toBe(0)
    try {
      const deps = { ...world.deps, workDirs: workDirs(root) }
      await expect(runDataTask(world.backupTask('ns/rel/full'), deps)).rejects.toMatchObject({ code: 'backup-failed' })
      await expect(runDataTask(world.proveTask(SET), deps)).rejects.toMatchObject({ code: 'backup-failed' })
      expect(await readdir(root)).toEqual([])
    } finally {
      await processes.run({ program: 'umount', args: [root] })
      await rm(root, { recursive: true, force: true })
    }
  },
)
