// The guide for the day without Pawl: its own commands, run as they stand there.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { childProcesses } from '../../../src/adapters/process/processes.ts'
import type { DatabaseTarget } from '../../../src/core/data/tasks.ts'
import { runDataTask } from '../../../src/data/run.ts'
import { makeDataset } from '../../bench/proof/dataset.ts'
import { PG_BIN, startPostgres, SUPERUSER_PASSWORD, type TestServer } from '../../support/postgres.ts'
import { makeHostile } from './hostile.ts'
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
  { set, role } = { set: SET, role: 'ledger' },
) {
  const env = {
    SET: join(world.storePath, set),
    KEY: join(directory, 'key'),
    ROLE: role,
    DATABASE: database,
    PGHOST: '127.0.0.1',
    PGPORT: String(server.port),
    PGUSER: server.superuser,
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
