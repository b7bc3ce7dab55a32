// Where the trials take place: a server and a store behind proxies, the data program as a process of its own, and the questions
// that must have the same answer after every kill.
import { createHash } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { childProcesses } from '../../../src/adapters/process/processes.ts'
import { openStore } from '../../../src/adapters/store/open.ts'
import type { DatabaseTarget, DataTask, StoreSpec } from '../../../src/core/data/tasks.ts'
import type { DataDeps } from '../../../src/data/deps.ts'
import type { ProgramEnd } from '../../../src/ports/process.ts'
import { makeHostile } from '../../integration/data/hostile.ts'
import { run } from '../../cluster/run.ts'
import { databaseNames, makeWorld, type World } from '../../integration/data/world.ts'
import { startPostgres, type TestServer } from '../../support/postgres.ts'
import { startS3 } from '../../support/versitygw.ts'
import { belongingTo } from './processes.ts'
import { sqlProxy } from './sql-proxy.ts'
import { storeProxy } from './store-proxy.ts'
import { trap, type Trap } from './trap.ts'

const ROOT = new URL('../../..', import.meta.url).pathname
/** As it is in the data image; it starts three times as fast as the sources do. */
const MAIN = join(ROOT, 'dist/data/pawl-data.js')
export const LIVE = ['Ledger db', 'ai_db']
const SETTLE_MS = 20_000

export interface Attempt {
  pid: number
  ended: Promise<ProgramEnd & { lines: { t: string; [field: string]: unknown }[] }>
}

export interface Ground {
  server: TestServer
  world: World
  trap: Trap
  /** As the program reaches them: through the proxies. */
  databases: DatabaseTarget[]
  store: Record<'s3' | 'directory', StoreSpec>
  /** In this process, past the proxies. */
  deps: DataDeps
  /** For `deps`. */
  direct: Record<'s3' | 'directory', StoreSpec>
  start: (task: DataTask) => Promise<Attempt>
  /** Every row of the two databases, and who owns them, by another way than Pawl's. */
  rows: () => Promise<unknown>
  databaseNames: () => Promise<string[]>
  /** Hash of every stored byte below a set's directory, by name. */
  stored: (set: string) => Promise<Record<string, string>>
  /** Resolves when the server answers: it begins anew after one of its processes was killed. */
  answers: () => Promise<void>
  /** Waits until nothing of a killed attempt runs, on the machine and on the server; gives what does not end. */
  stillRunning: (settleMs?: number) => Promise<string[]>
  temporary: () => Promise<string[]>
  /** Everything that the program is given is below it. */
  root: string
  dispose: () => Promise<void>
}

/** More than one part of an upload, and rows enough to be killed in. */
const MORE = `
  create extension if not exists pgcrypto;
  create table parcels as select i as id, gen_random_bytes(1000) as content from generate_series(1, 19000) i;
  alter table parcels add primary key (id); alter table parcels owner to "Tally App";
  insert into deliveries (note) select repeat('much ', 10) || i from generate_series(1, 20000) i; create index on deliveries (at);
  alter table cache set logged;`

async function rowsOf(server: TestServer, database: string): Promise<unknown> {
  const tables = await server.query(
    database,
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname !~ '^pg_|^information_schema$' order by 1`,
  )
  const each = tables.map(
    ({ name }) =>
      `select '${String(name).replaceAll("'", "''")}' as name, count(*)::text as n, md5(string_agg(md5(t::text), '' order by md5(t::text))) as content from only ${String(name)} t`,
  )
  const owner = `select '', pg_get_userbyid(datdba), datconnlimit::text from pg_database where datname = current_database()`
  return await server.query(database, [...each, owner].join(' union all '))
}

async function hashes(directory: string): Promise<Record<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => [])
  const found: [string, string][] = []
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name)
    found.push([
      path.slice(directory.length + 1),
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex'),
    ])
  }
  return Object.fromEntries(found)
}

/** A directory with everything that a Job's pod is given. */
async function makePlace(secrets: ReadonlyMap<string, string>): Promise<{ root: string; env: Record<string, string> }> {
  const root = await mkdtemp('/tmp/pawl-kills-')
  // Run by root, the scratch server has another user, who must be able to enter its directory in here.
  await chmod(root, 0o711)
  for (const [name, value] of secrets) {
    const [secret = '', key = ''] = name.split('/')
    const directory = secret === 'release' ? join(root, 'release') : join(root, 'secrets', secret)
    await mkdir(directory, { recursive: true })
    await writeFile(join(directory, key), value, { mode: 0o600 })
  }
  await mkdir(join(root, 'tmp'))
  await chmod(join(root, 'tmp'), 0o1777)
  const env = {
    PAWL_SECRETS_DIR: join(root, 'secrets'),
    PAWL_RELEASE_DIR: join(root, 'release'),
    PAWL_TERMINATION_LOG: join(root, 'termination'),
    TMPDIR: join(root, 'tmp'),
  }
  return { root, env }
}

export async function prepareGround(): Promise<Ground> {
  await run(process.execPath, [join(ROOT, 'scripts/build.ts')], { cwd: ROOT })
  const server = await startPostgres({ max_connections: '80' })
  await makeHostile(server)
  await server.query('Ledger db', MORE)
  const s3 = await startS3(['backups'])
  const world = await makeWorld(server)
  world.secrets.set('s3/accessKeyId', s3.accessKeyId).set('s3/secretAccessKey', s3.secretAccessKey)
  const { root, env } = await makePlace(world.secrets)
  const held = trap()
  const [database, store] = [await sqlProxy(server.port, held), await storeProxy(s3.endpoint, held)]
  const bucket = (endpoint: string): StoreSpec => ({
    type: 's3',
    bucket: 'backups',
    prefix: 'pawl',
    endpoint,
    credentials: 's3',
  })
  const directory: StoreSpec = { type: 'directory', path: world.storePath }
  const processes = childProcesses()

  return {
    server,
    world,
    trap: held,
    databases: world.databases.map((target) => ({ ...target, port: database.port })),
    store: { s3: bucket(`http://127.0.0.1:${store.port}`), directory },
    direct: { s3: bucket(s3.endpoint), directory },
    deps: {
      ...world.deps,
      openStore: async (spec) => await openStore(spec, { volumePath: '', secrets: world.deps.secrets, env: {} }),
    },
    async start(task) {
      const running = await processes.start({
        program: process.execPath,
        args: [MAIN],
        env: { ...env, PAWL_TASK: JSON.stringify(task) },
      })
      const said = async (): Promise<Awaited<Attempt['ended']>> => {
        let stdout = ''
        for await (const chunk of running.stdout.setEncoding('utf8')) stdout += String(chunk)
        // A killed program may leave half a line.
        const lines = stdout.split('\n').filter((line) => line.endsWith('}'))
        return { ...(await running.ended), stdout, lines: lines.map((line) => JSON.parse(line) as { t: string }) }
      }
      return { pid: running.pid, ended: said() }
    },
    async rows() {
      const found = []
      for (const name of LIVE) found.push(await rowsOf(server, name))
      return found
    },
    databaseNames: async () => await databaseNames(server),
    async stored(set) {
      return { ...(await hashes(join(s3.root, 'backups/pawl', set))), ...(await hashes(join(world.storePath, set))) }
    },
    async answers() {
      for (const deadline = Date.now() + SETTLE_MS; ; await sleep(50)) {
        const answer = await server.query('postgres', 'select 1').catch((error: unknown) => error)
        if (!(answer instanceof Error)) return
        if (Date.now() > deadline) throw answer
      }
    },
    async stillRunning(settleMs = SETTLE_MS) {
      for (const deadline = Date.now() + settleMs; ; await sleep(100)) {
        const here = (await belongingTo(root)).map(({ pid, command }) => `${pid} ${command}`)
        const there = await server.query(
          'postgres',
          `select pid, state, query from pg_stat_activity where application_name = 'pawl'`,
        )
        const left = [...here, ...there.map((row) => JSON.stringify(row))]
        if (left.length === 0 || Date.now() > deadline) return left
      }
    },
    temporary: async () => await readdir(join(root, 'tmp')),
    root,
    async dispose() {
      await database.stop()
      await store.stop()
      await s3.stop()
      await world.dispose()
      await server.stop()
      await rm(root, { recursive: true, force: true })
    },
  }
}
