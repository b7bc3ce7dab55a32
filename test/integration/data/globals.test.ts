// What no dump holds: the proof makes it again and compares, a restore puts it back or says what is not as it was.
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { childProcesses } from '../../../src/adapters/process/processes.ts'
import { scratchUser } from '../../../src/adapters/postgres/scratch-user.ts'
import type { DatabaseTarget } from '../../../src/core/data/tasks.ts'
import { PASSWORDS_NOT_READABLE } from '../../../src/data/globals/compare.ts'
import type { Globals } from '../../../src/data/manifest.ts'
import { runDataTask } from '../../../src/data/run.ts'
import { QueryFailed } from '../../../src/ports/database.ts'
import { faultyDatabases } from '../../../src/testing/faulty-databases.ts'
import { memoryStore } from '../../../src/testing/memory-store.ts'
import { plainOf, rewrite, type StoredSet } from '../../faults/set.ts'
import { startPostgres, type TestServer } from '../../support/postgres.ts'
import { ROLES } from './hostile.ts'
import { makeWorld, type World } from './world.ts'

const NAME = 'ns/rel/globals'
let server: TestServer
let world: World
let tablespace: string

beforeAll(async () => {
  server = await startPostgres()
  world = await makeWorld(server)
  const as = await scratchUser(childProcesses())
  tablespace = await mkdtemp('/tmp/pawl-test-space-')
  if (as !== undefined) await chown(tablespace, as.uid, as.gid)
  await server.query('postgres', `${ROLES}; grant pg_monitor to auditors with admin option`)
  await server.query(
    'postgres',
    `alter role auditors noinherit connection limit 3 valid until '2031-02-03 04:05:06+00' password 'canary-Auditors-11';
     create role gone login valid until '-infinity'; create role staying login valid until 'infinity';
     alter role "reader-ro" set search_path to public, "$user"; alter role "reader-ro" set app.note to 'canary-Setting-22'`,
  )
  await server.query('postgres', `create tablespace "Fast disk" location '${tablespace}'`)
  await server.query('postgres', `create database ledger owner "Tally App" tablespace "Fast disk" connection limit 17`)
  await server.query('ledger', 'create table t as select 1 as a; alter table t owner to "Tally App"')
  await server.query(
    'postgres',
    `revoke all on database ledger from public; grant connect on database ledger to auditors with grant option;
     revoke temporary on database ledger from "Tally App"; comment on database ledger is 'It''s ours';
     alter database ledger set default_transaction_read_only to on; alter role auditors in database ledger set work_mem to '8MB';
     alter database ledger set search_path to ''; alter database ledger set datestyle to 'German, DMY';
     alter role auditors in database ledger set search_path to "$user", "a, b", "C""d"; alter role auditors in database ledger set temp_tablespaces to ''`,
  )
})

afterAll(async () => {
  await world.dispose()
  await server.stop()
  await rm(tablespace, { recursive: true, force: true })
})

/** With the administrator's login, or the product's own. */
function databases(as: 'admin' | 'login'): DatabaseTarget[] {
  const [base] = world.databases
  if (base?.admin === undefined) throw new Error('no administrator')
  return [{ ...base, database: 'ledger', login: as === 'admin' ? base.admin : base.login }]
}

async function backUp(as: 'admin' | 'login') {
  const store = memoryStore()
  const deps = { ...world.deps, openStore: async () => store }
  await runDataTask(world.backupTask(NAME, { databases: databases(as) }), deps)
  const set: StoredSet = { name: NAME, objects: store.objects, keys: world }
  return { set, deps }
}

const notes = ({ databases: found }: { databases: { notCovered: string[] }[] }): string[] =>
  found.flatMap(({ notCovered }) => notCovered)

test('a proof makes roles, memberships, rights and settings again, and nothing of them is left uncovered', async () => {
  const { set, deps } = await backUp('admin')
  expect(notes(await runDataTask(world.proveTask(NAME), deps))).toEqual([])
  const sql = (await plainOf(set, 'ledger/globals.sql.age')).toString()
  expect(sql).toContain(`create role "gone" LOGIN valid until '-infinity'`)
  expect(sql).toContain(`create role "staying" LOGIN valid until 'infinity'`)
})

test('what the login may not read is said, and is all that is missing', async () => {
  const { deps } = await backUp('login')
  expect(notes(await runDataTask(world.proveTask(NAME), deps))).toEqual([PASSWORDS_NOT_READABLE])
})

async function change(set: StoredSet, changed: (globals: Globals) => Globals): Promise<void> {
  const globals = JSON.parse((await plainOf(set, 'ledger/globals.json.age')).toString()) as Globals
  await rewrite(set, 'ledger/globals.json.age', Buffer.from(JSON.stringify(changed(globals))))
}

/** One that no server takes, of the database and of a role. */
async function withStrangeSetting(set: StoredSet): Promise<void> {
  const strange = { setting: 'no_such_setting', value: 'canary-Strange-33' }
  await change(set, (globals) => ({
    ...globals,
    settings: [...globals.settings, { role: null, ...strange }],
    roleSettings: [...globals.roleSettings, { role: 'auditors', ...strange }],
  }))
}

test('a setting that the scratch server does not take is named without its value, and does not stop the proof', async () => {
  const { set, deps } = await backUp('admin')
  await withStrangeSetting(set)
  expect(notes(await runDataTask(world.proveTask(NAME), deps))).toEqual([
    'not tried, because the scratch server does not take it: alter role "auditors" set "no_such_setting"',
    'not tried, because the scratch server does not take it: alter database "proof_0" set "no_such_setting"',
  ])
})

test.each([
  ['xx_XX.utf8', { collate: 'xx_XX.utf8', ctype: 'xx_XX.utf8' }],
  ['xx_XX.utf8', { collate: 'xx_XX.utf8' }],
  ['de-u-ks-nothing', { provider: 'i' as const, locale: 'de-u-ks-nothing' }],
])('where the locale %s is not there, C is used and said', async (name, more) => {
  const { set, deps } = await backUp('admin')
  await change(set, (globals) => ({ ...globals, database: { ...globals.database, ...more } }))
  expect(notes(await runDataTask(world.proveTask(NAME), deps))).toEqual([
    `sort order: the locale ${name} is not on the machine that proved; C was used`,
  ])
})

test('what is of a wrong type and no locale is not taken for one', async () => {
  const { deps } = await backUp('admin')
  const refusing = faultyDatabases(deps.databases)
  refusing.before = (sql) => {
    if (sql.startsWith('create database')) throw new QueryFailed('"x" is not a table', '42809')
  }
  await expect(runDataTask(world.proveTask(NAME), { ...deps, databases: refusing })).rejects.toMatchObject({
    code: 'backup-failed',
    facts: { sqlState: '42809' },
  })
  expect(refusing.statements.filter((sql) => sql.startsWith('create database'))).toHaveLength(1)
})

test('a restore puts the database where it lay, with its rights, and names the roles that are not as they were', async () => {
  const { deps } = await backUp('admin')
  expect(notes(await runDataTask(world.restoreTask(NAME, '__same', databases('admin')), deps))).toEqual([
    expect.stringContaining('comment on the database'),
  ])
  const [made] = await server.query(
    'postgres',
    `select spcname as place, datconnlimit as limit, datacl::text as rights from pg_database d join pg_tablespace s on s.oid = dattablespace where datname = 'ledger__same'`,
  )
  expect(made).toMatchObject({ place: 'Fast disk', limit: 17, rights: expect.stringContaining('auditors=c*/') })
  // What the owner was denied stays denied.
  expect(made?.['rights']).toMatch(/Tally App\\?"=Cc\//)
  const settings = (name: string) =>
    server.query(
      'postgres',
      `select setrole, unnest(setconfig) as setting from pg_db_role_setting where setdatabase = (select oid from pg_database where datname = '${name}') order by 1, 2`,
    )
  expect(await settings('ledger__same')).toEqual(await settings('ledger'))
  await server.query(
    'postgres',
    `revoke auditors from "reader-ro"; alter role auditors createdb; alter role "reader-ro" reset app.note; alter role "reader-ro" password 'other';
     alter role gone valid until 'infinity'`,
  )
  const found = notes(await runDataTask(world.restoreTask(NAME, '__other', databases('admin')), deps))
  expect(found.slice(1)).toEqual([
    'role auditors: no attributes in the backup, CREATEDB here',
    'role gone: valid until another time here',
    'membership of reader-ro in auditors: not on this server',
    'setting app.note of role reader-ro: not the same here',
  ])
})

test('a setting that the server does not take keeps nothing that was restored and compared from being used', async () => {
  const { set, deps } = await backUp('admin')
  await withStrangeSetting(set)
  const restored = await runDataTask(world.restoreTask(NAME, '__strange', databases('admin')), deps)
  expect(restored.databases).toMatchObject([{ rung: 'proven' }])
  expect(notes(restored)).toContain(
    'not set, because the server does not take it: alter database "ledger__strange" set "no_such_setting"',
  )
  expect(notes(restored).join()).not.toContain('canary')
  const [made] = await server.query(
    'postgres',
    `select datconnlimit as limit from pg_database where datname = 'ledger__strange'`,
  )
  expect(made).toEqual({ limit: 17 })
})
