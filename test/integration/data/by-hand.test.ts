// The guide for the day without Pawl: its own commands, run as they stand there.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { childProcesses } from '../../../src/adapters/process/processes.ts'
import type { DatabaseTarget } from '../../../src/core/data/tasks.ts'
import { databaseDifferences, rolesDifferences } from '../../../src/data/globals/compare.ts'
import { readDatabaseGlobals, readRoles } from '../../../src/data/globals/read.ts'
import { runDataTask } from '../../../src/data/run.ts'
import { connectionTarget } from '../../../src/data/session.ts'
import { makeDataset } from '../../bench/proof/dataset.ts'
import { PG_BIN, startPostgres, SUPERUSER_PASSWORD, type TestServer } from '../../support/postgres.ts'
import { APP, makeHostile } from './hostile.ts'
import { makeWorld, type World } from './world.ts'

const GUIDE = join(import.meta.dirname, '../../../docs/guide/restore-by-hand.md')
const SET = 'ns/rel/by-hand'
/** `npm run test:by-hand` does it once more with a database of this size. */
const BYTES = Number(process.env['PAWL_BY_HAND_BYTES'] ?? 0)
let server: TestServer
let world: World
let directory: string

beforeAll(async () => {
  server = await startPostgres()
  await makeHostile(server)
  world = await makeWorld(server)
  directory = await mkdtemp('/tmp/pawl-by-hand-')
  await writeFile(join(directory, 'key'), `# what age-keygen writes\n${world.identity}\n`, { mode: 0o600 })
  await runDataTask(world.backupTask(SET), world.deps)
})

afterAll(async () => {
  await rm(directory, { recursive: true, force: true })
  await world.dispose()
  await server.stop()
})

/** Every command of the guide, in its order. */
async function commands(): Promise<string> {
  const blocks = [...(await readFile(GUIDE, 'utf8')).matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block ?? '')
  expect(blocks.length).toBeGreaterThan(4)
  return blocks.join('\n')
}

async function followGuide(
  database: string,
  change = (script: string): string => script,
  { set = SET, role = 'ledger', on = server } = {},
) {
  const env = {
    SET: join(world.storePath, set),
    KEY: join(directory, 'key'),
    ROLE: role,
    DATABASE: database,
    PGHOST: '127.0.0.1',
    PGPORT: String(on.port),
    PGUSER: on.superuser,
    PGPASSWORD: SUPERUSER_PASSWORD,
    TMPDIR: directory,
    PATH: `${PG_BIN}:${process.env['PATH'] ?? ''}`,
  }
  return await childProcesses().run({
    program: 'bash',
    args: ['-euo', 'pipefail', '-c', change(await commands())],
    env,
  })
}

function targetOf(database: string, role: string): DatabaseTarget {
  const [base] = world.databases
  if (base?.admin === undefined) throw new Error('no administrator')
  return { ...base, role, database, login: base.admin }
}

async function backUp(set: string, database: string, role: string) {
  return await runDataTask(world.backupTask(set, { databases: [targetOf(database, role)] }), world.deps)
}

async function digestOf(database: string): Promise<string | undefined> {
  return (await backUp(`ns/rel/of-${database.length}`, database, 'ledger')).databases[0]?.digest
}

test('following the guide brings every row back, and says nothing', async () => {
  expect(await followGuide('by_hand')).toEqual({ exitCode: 0, stdout: '', stderr: '' })
  expect(await digestOf('by_hand')).toBe(await digestOf('Ledger db'))
})

if (BYTES > 0)
  test(`a database of ${BYTES} bytes comes back by following the guide`, async () => {
    await makeDataset(server, 'big', BYTES)
    const [set, role] = ['ns/rel/big', 'big']
    const { databases, storedBytes } = await backUp(set, 'big', role)
    const begun = Date.now()
    expect(await followGuide('big_by_hand', undefined, { set, role })).toEqual({ exitCode: 0, stdout: '', stderr: '' })
    const seconds = Math.round((Date.now() - begun) / 1000)
    const [big] = databases
    console.log(`${big?.sizeBytes} bytes, ${big?.rows} rows, ${storedBytes} stored: by hand in ${seconds} s`)
    expect(await digestOf('big_by_hand')).toBe(big?.digest)
  })

test('a server that knows nobody: roles with everything they have, rights and settings come back too', async () => {
  await server.query(
    'postgres',
    `alter role auditors connection limit 3 valid until '2031-02-03 04:05:06+00'; alter role auditors set search_path to public, "Mixed Case";
     alter role "reader-ro" set app.note to 'a ''b'' \\ :c $d$'; grant pg_monitor to auditors with admin option; alter role auditors noinherit`,
  )
  await backUp('ns/rel/whole', 'Ledger db', 'ledger')
  const fresh = await startPostgres()
  try {
    const end = await followGuide('came_back', undefined, { set: 'ns/rel/whole', on: fresh })
    expect(end).toEqual({ exitCode: 0, stdout: '', stderr: '' })
    const look = async (on: TestServer, database: string) => {
      const target = { ...targetOf(database, 'ledger'), port: on.port }
      const connection = await world.deps.databases.connect(
        await connectionTarget(world.deps, target, target.login, 'postgres'),
      )
      const found = { ...(await readRoles(connection, 15)), ...(await readDatabaseGlobals(connection, database, 15)) }
      await connection.close()
      return found
    }
    const [was, is] = [await look(server, 'Ledger db'), await look(fresh, 'came_back')]
    expect(is.roles.find(({ name }) => name === 'Tally App')?.password).toMatch(/^SCRAM-SHA-256/)
    expect(rolesDifferences(was, is, true)).toEqual([])
    expect(databaseDifferences(was, is)).toEqual([])
    expect(await fresh.query('came_back', 'select 1 as in', APP)).toEqual([{ in: 1 }])
    // Once more: what is there already stays as it is now.
    await fresh.query('postgres', 'alter role auditors connection limit 9')
    expect((await followGuide('again', undefined, { set: 'ns/rel/whole', on: fresh })).stderr).toBe('')
    expect((await look(fresh, 'again')).roles.find(({ name }) => name === 'auditors')?.connectionLimit).toBe(9)
  } finally {
    await fresh.stop()
  }
})

test('where the login may not read passwords, globals.sql says so', async () => {
  const shown = await followGuide('unread', (script) =>
    script.replace(/^rm -r "\$PLAIN"$/m, 'grep -i password "$PLAIN/globals.sql"; $&'),
  )
  expect(shown.stdout).toContain('not readable with the login')
  expect(shown.stdout).not.toContain('SCRAM')
})

test('a table that came back short is named', async () => {
  const lose = `psql -q -d "$DATABASE" -c 'delete from "references" where id = 100'\n`
  const end = await followGuide('short', (script) => script.replace(/^awk .*"\$PLAIN\/digests\.json"/m, `${lose}$&`))
  expect(end.stdout).toBe('public.references: 99 rows, expected 100\n')
})

test('a changed object is named before anything is made of it', async () => {
  const path = join(world.storePath, SET, 'ledger/globals.json.age')
  const good = await readFile(path)
  await writeFile(path, good.subarray(0, -1))
  const end = await followGuide('damaged')
  await writeFile(path, good)
  expect(end.exitCode).not.toBe(0)
  expect(end.stdout).toContain('ledger/globals.json.age: FAILED')
  expect(await server.query('postgres', `select 1 from pg_database where datname = 'damaged'`)).toEqual([])
})
