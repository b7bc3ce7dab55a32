// Looking at databases, waiting until they are quiet, and what is said where they cannot be reached or read.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pgToolbox } from '../../../src/adapters/postgres/toolbox.ts'
import { childProcesses } from '../../../src/adapters/process/processes.ts'
import type { DatabaseTarget, DataProgress } from '../../../src/core/data/tasks.ts'
import { reportOf } from '../../../src/core/errors.ts'
import { secret } from '../../../src/core/secret.ts'
import { runDataTask } from '../../../src/data/run.ts'
import { pins } from '../../../src/data/session.ts'
import { PG_BIN, startPostgres, type TestServer } from '../../support/postgres.ts'
import { APP, makeHostile } from './hostile.ts'
import { makeWorld, targetsOf, type World } from './world.ts'

let server: TestServer
let world: World
let ledger: DatabaseTarget

beforeAll(async () => {
  server = await startPostgres()
  await makeHostile(server)
  world = await makeWorld(server)
  ledger = world.databases[0] as DatabaseTarget
})

afterAll(async () => {
  await world.dispose()
  await server.stop()
})

async function look(databases: DatabaseTarget[] = [ledger]) {
  const [seen] = (await runDataTask({ kind: 'observe', databases }, world.deps)).databases
  if (seen === undefined) throw new Error('nothing was seen')
  return seen
}

test('one look sees version, size, migrations in their order, extensions and rights', async () => {
  const seen = await look()
  expect(seen).toMatchObject({
    role: 'ledger',
    serverMajor: 15,
    migrations: ['/20260101-one', '/20260201-two', '/20260115-late'],
    rights: {
      ownsDatabase: true,
      createDatabase: true,
      endSessions: true,
      bypassRowSecurity: true,
      createSchema: true,
    },
    extensions: { plpgsql: '1.0' },
  })
  expect(seen.serverVersion).toMatch(/^15\./)
  expect(seen.sizeBytes).toBeGreaterThan(1_000_000)
})

test('without an administrator the rights are those of the application', async () => {
  const [plain] = targetsOf(server, { admin: false })
  const seen = await look([plain as DatabaseTarget])
  expect(seen.rights).toEqual({
    ownsDatabase: true,
    createDatabase: true,
    endSessions: false,
    bypassRowSecurity: false,
    createSchema: true,
  })
})

test("where the table's key is drawn at random, as Prisma's is, migrations are in the order of their names", async () => {
  await server.query(
    'Ledger db',
    `create table _prisma_migrations (id varchar(36) primary key, migration_name text not null);
     insert into _prisma_migrations values ('c0', '2026_one'), ('a0', '2026_two'), ('b0', '2025_none')`,
    APP,
  )
  const seen = await look([{ ...ledger, migrations: { table: 'public._prisma_migrations', column: 'migration_name' } }])
  await server.query('Ledger db', 'drop table _prisma_migrations')
  expect(seen.migrations).toEqual(['2025_none', '2026_one', '2026_two'])
})

test('no migrations table: none is given', async () => {
  expect(await look([{ ...ledger, migrations: { table: 'public.nothing', column: 'name' } }])).not.toHaveProperty(
    'migrations',
  )
  expect(await look([{ ...ledger, migrations: { table: 'public.migrations', column: 'nothing' } }])).not.toHaveProperty(
    'migrations',
  )
})

test('the fingerprint follows the structure and nothing else', async () => {
  const before = (await look()).schemaFingerprint
  await server.query('Ledger db', `insert into deliveries (note) values ('x'); vacuum deliveries`.split(';')[0] ?? '')
  expect((await look()).schemaFingerprint).toBe(before)
  await server.query('Ledger db', 'alter table deliveries add column extra int')
  const changed = (await look()).schemaFingerprint
  expect(changed).not.toBe(before)
  await server.query('Ledger db', 'alter table deliveries drop column extra')
  expect((await look()).schemaFingerprint).toBe(before)
  await server.query('Ledger db', 'create index by_note on deliveries (note)')
  expect((await look()).schemaFingerprint).not.toBe(before)
  await server.query('Ledger db', 'drop index by_note')
})

test('sessions of others are seen, those of Pawl are not; the write counter grows with writes', async () => {
  const before = await look()
  expect(before.sessions).toEqual([])
  const client = await server.connect('Ledger db', 'gateway', APP)
  await client.query(`insert into deliveries (note) values ('counted')`)
  const during = await look()
  expect(during.sessions).toMatchObject([{ user: APP.user, application: 'gateway', state: 'idle' }])
  await client.end()
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(BigInt((await look()).writeCounter)).toBeGreaterThan(BigInt(before.writeCounter))
})

test('quiet: two looks without anybody', async () => {
  const begun = Date.now()
  const seen = await runDataTask(
    { kind: 'observe', databases: world.databases, until: 'quiet', timeoutMs: 20_000 },
    world.deps,
  )
  expect(seen.quiet).toBe(true)
  expect(Date.now() - begun).toBeGreaterThan(1500)
})

test('quiet waits for a session to go and says for whom it waits', async () => {
  const client = await server.connect('ai_db', 'worker-7', APP)
  const said: DataProgress[] = []
  const waiting = runDataTask(
    { kind: 'observe', databases: world.databases, until: 'quiet', timeoutMs: 30_000 },
    world.deps,
    { onProgress: (progress) => said.push(progress) },
  )
  await new Promise((resolve) => setTimeout(resolve, 700))
  await client.query(`insert into prompts values (99999, 'last words')`)
  await client.end()
  const seen = await waiting
  expect(seen.quiet).toBe(true)
  expect(said[0]).toMatchObject({ phase: 'wait', note: 'waiting for 1 session (worker-7)' })
  expect(seen.databases[1]?.sessions).toEqual([])
})

test('not quiet in time: the last look says who is still there, prepared transactions too', async () => {
  const client = await server.connect('ai_db', 'stays', APP)
  const seen = await runDataTask(
    { kind: 'observe', databases: world.databases, until: 'quiet', timeoutMs: 800 },
    world.deps,
  )
  await client.end()
  expect(seen.quiet).toBe(false)
  expect(seen.databases[1]?.sessions).toMatchObject([{ application: 'stays' }])
  await server.query('ai_db', `begin; insert into prompts values (77777, 'x'); prepare transaction 'half done'`)
  const prepared = await runDataTask(
    { kind: 'observe', databases: world.databases, until: 'quiet', timeoutMs: 800 },
    world.deps,
  )
  await server.query('ai_db', `rollback prepared 'half done'`)
  expect(prepared.quiet).toBe(false)
  expect(prepared.databases[1]?.sessions).toMatchObject([{ application: 'prepared transaction half done' }])
})

test.each([true, false])(
  'activity is known of a database that is gone, closed, or read by nobody (administrator: %s)',
  async (admin) => {
    const [own, ai] = targetsOf(server, { admin }) as [DatabaseTarget, DatabaseTarget]
    const gone = { ...ai, role: 'gone', database: 'gone db' }
    const closed = await server.connect('ai_db', 'still inside', APP)
    await server.query('Ledger db', `revoke select on ${own.migrations.table} from "${APP.user}"`)
    await server.query('postgres', 'alter database ai_db with allow_connections false')
    const activity = { kind: 'activity' as const, databases: [own, ai, gone] }
    try {
      expect((await failure([own])).code).toBe('database-rights')
      for (const one of [ai, gone]) expect((await failure([one])).code).toBe('database-unreachable')
      const early = await runDataTask({ ...activity, timeoutMs: 0 }, world.deps)
      expect(early).toMatchObject({
        quiet: false,
        databases: [{}, { sessions: [{ application: 'still inside' }] }, {}],
      })
      await closed.query(`insert into prompts values (88888, 'counted'); delete from prompts where id = 88888`)
      await closed.end()
      const late = await runDataTask({ ...activity, timeoutMs: 20_000 }, world.deps)
      expect(late.quiet).toBe(true)
      expect(late.databases.map(({ role, sessions }) => [role, sessions])).toEqual([
        ['ledger', []],
        ['ai', []],
        ['gone', []],
      ])
      const counters = [early, late].map(({ databases }) => databases.map(({ writeCounter }) => BigInt(writeCounter)))
      expect(Number(counters[1]?.[1]) - Number(counters[0]?.[1])).toBeGreaterThanOrEqual(2)
      expect(counters.map((ofOne) => ofOne[2])).toEqual([0n, 0n])
    } finally {
      await server.query('postgres', 'alter database ai_db with allow_connections true')
      await server.query('Ledger db', `grant select on ${own.migrations.table} to "${APP.user}"`)
    }
  },
)

test('an abort ends the waiting with its reason', async () => {
  const client = await server.connect('ai_db', 'stays')
  const task = { kind: 'observe' as const, databases: world.databases, until: 'quiet' as const, timeoutMs: 60_000 }
  await expect(runDataTask(task, world.deps, { signal: AbortSignal.timeout(300) })).rejects.toMatchObject({
    name: 'TimeoutError',
  })
  await client.end()
})

test('a statement of ours ends on the server when we are gone', async () => {
  const target = {
    host: '127.0.0.1',
    port: server.port,
    database: 'ai_db',
    user: APP.user,
    password: secret(APP.password),
    tls: 'disable' as const,
  }
  const connection = await world.deps.databases.connect(target, pins(15))
  const asleep = connection.query('select pg_sleep(120)').catch((error: unknown) => error)
  await new Promise((resolve) => setTimeout(resolve, 300))
  await connection.close()
  await asleep
  const running = async () =>
    await server.query(
      'postgres',
      `select 1 from pg_stat_activity where query like '%pg_sleep(120)%' and pid <> pg_backend_pid()`,
    )
  expect((await running()).length).toBe(1)
  await new Promise((resolve) => setTimeout(resolve, 4000))
  expect(await running()).toEqual([])
})

async function failure(databases: DatabaseTarget[], kind: 'observe' | 'backup' = 'observe') {
  try {
    const task = kind === 'observe' ? { kind, databases } : world.backupTask('ns/rel/never', { databases })
    await runDataTask(task, world.deps)
  } catch (error) {
    const report = reportOf(error)
    expect(JSON.stringify(report)).not.toContain('canary')
    return report
  }
  throw new Error('it was reached')
}

test.each(['observe', 'backup'] as const)(
  'unreachable for %s, with the reason and without the password',
  async (kind) => {
    const [, ai] = world.databases as [DatabaseTarget, DatabaseTarget]
    world.secrets.set('app/wrong', 'canary-wrong-password')
    const cases: [Partial<DatabaseTarget>, RegExp][] = [
      [{ port: 9 }, /ECONNREFUSED/],
      [{ database: 'not there' }, /"not there" does not exist/],
      [{ login: { user: APP.user, password: { secret: 'app', key: 'wrong' } } }, /password authentication failed/],
      [{ login: { user: 'nobody here', password: { secret: 'app', key: 'password' } } }, /authentication failed/],
      [{ login: { user: APP.user } }, /password/],
      [{ tls: 'require' }, /SSL/],
      [{ host: 'no-such-host.invalid' }, /ENOTFOUND|EAI_AGAIN/],
    ]
    for (const [change, reason] of cases) {
      const report = await failure([{ ...ai, ...change }], kind)
      expect(report.code).toBe('database-unreachable')
      expect(report.message).toMatch(reason)
    }
  },
)

test('a closed database is unreachable', async () => {
  await server.query('postgres', 'alter database ai_db with allow_connections false')
  try {
    expect((await failure(world.databases.slice(1))).message).toMatch(/not currently accepting connections/)
  } finally {
    await server.query('postgres', 'alter database ai_db with allow_connections true')
  }
})

test('rows behind row security that the login may not see: database-rights, never an empty table; an administrator helps', async () => {
  await server.query(
    'ai_db',
    `create table tenants (a int); insert into tenants values (1), (2); alter table tenants owner to "Tally App"`,
  )
  await server.query(
    'ai_db',
    `alter table tenants enable row level security; alter table tenants force row level security`,
  )
  const [, plain] = targetsOf(server, { admin: false }) as [DatabaseTarget, DatabaseTarget]
  try {
    const report = await failure([plain], 'backup')
    expect(report).toMatchObject({ code: 'database-rights', message: expect.stringContaining('tenants') })
    const saved = await runDataTask(
      world.backupTask('ns/rel/by-admin', { databases: world.databases.slice(1) }),
      world.deps,
    )
    expect(saved.databases[0]?.tables).toBe(3)
    expect((await runDataTask(world.proveTask('ns/rel/by-admin'), world.deps)).rung).toBe('proven')
  } finally {
    await server.query('ai_db', 'drop table tenants')
  }
})

test('programs of another major are refused before anything is read', async () => {
  const directory = await mkdtemp('/tmp/pawl-fake-pg-')
  try {
    await writeFile(join(directory, 'pg_dump'), '#!/bin/sh\necho "pg_dump (PostgreSQL) 18.4"\n')
    await chmod(join(directory, 'pg_dump'), 0o755)
    const toolbox = pgToolbox(childProcesses(), { directories: [directory], path: false })
    await expect(runDataTask(world.backupTask('ns/rel/never'), { ...world.deps, toolbox })).rejects.toMatchObject({
      code: 'client-major-mismatch',
      facts: { serverMajor: 15, found: ['18.4'] },
    })
    const [right] = [pgToolbox(childProcesses(), { directories: [directory, PG_BIN], path: false })]
    expect((await right.forServer(15)).version).toMatch(/^15\./)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})

test('a table that somebody has locked: the backup gives up, says so, and changes nothing', async () => {
  const client = await server.connect('ai_db', 'migrator')
  await client.query('begin; lock table prompts in access exclusive mode')
  const deps = { ...world.deps, databases: shortLocks(world) }
  await expect(
    runDataTask(world.backupTask('ns/rel/locked', { databases: world.databases.slice(1) }), deps),
  ).rejects.toMatchObject({
    code: 'backup-failed',
    message: expect.stringContaining('lock timeout'),
  })
  await client.query('rollback')
  await client.end()
})

/** The same connections, but a lock is waited for half a second only. */
function shortLocks({ deps }: World): World['deps']['databases'] {
  return {
    connect: async (target, settings, signal) =>
      await deps.databases.connect(
        target,
        settings?.['lock_timeout'] === undefined ? settings : { ...settings, lock_timeout: '500ms' },
        signal,
      ),
  }
}
