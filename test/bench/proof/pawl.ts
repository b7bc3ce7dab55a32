// Pawl's data program as a Job runs it, for a server of the bench: its tasks, its secrets as files, its places.
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateIdentity } from '../../../src/adapters/age/identity.ts'
import { wire } from '../../../src/apps/data/wire.ts'
import type { DatabaseTarget, DataResults, DataTask } from '../../../src/core/data/tasks.ts'
import { runDataTask } from '../../../src/data/run.ts'
import { SUPERUSER_PASSWORD, type TestServer } from '../../support/postgres.ts'
import { use, type Usage } from './usage.ts'

const PROGRAM = join(import.meta.dirname, '../../../dist/data/pawl-data.js')
const ROLE = 'bench'
const FRESH = '__fresh'
const KEPT = '__kept'
const BACKED_UP = 'ns/rel/set'

/** What the data image sets for its program. */
async function imageEnvironment(): Promise<Record<string, string>> {
  const text = await readFile(join(import.meta.dirname, '../../../images/data/Containerfile'), 'utf8')
  const [, pairs = ''] = /^ENV (.*)$/m.exec(text) ?? []
  return Object.fromEntries(
    pairs.split(' ').map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  )
}

export interface Pawl {
  /** Directory everything of this bench lies in. */
  root: string
  backup: () => Promise<Usage>
  prove: () => Promise<Usage>
  restore: () => Promise<Usage>
  /** Seconds, without the start of a process: what is left to do when the restored copy is there already. */
  swap: () => Promise<number>
  storedBytes: () => number
  /** Everything as before the backup. */
  rewind: () => Promise<void>
  dispose: () => Promise<void>
}

export async function preparePawl(server: TestServer, database: string, jobs: number, bin: string): Promise<Pawl> {
  const root = await mkdtemp(join(tmpdir(), 'pawl-bench-'))
  await chmod(root, 0o711)
  const { identity, recipient } = await generateIdentity()
  const places = { secrets: join(root, 'secrets'), release: join(root, 'release'), tmp: join(root, 'tmp') }
  for (const place of Object.values(places)) await mkdir(place)
  await chmod(places.tmp, 0o1777)
  for (const [name, key, value] of [
    ['admin', 'password', SUPERUSER_PASSWORD],
    ['identity', 'identity', identity],
  ] as const) {
    await mkdir(join(places.secrets, name))
    await writeFile(join(places.secrets, name, key), value, { mode: 0o600 })
  }
  const env = {
    ...process.env,
    ...(await imageEnvironment()),
    PAWL_SECRETS_DIR: places.secrets,
    PAWL_RELEASE_DIR: places.release,
    PAWL_PG_BIN: bin,
    TMPDIR: places.tmp,
  }
  const login = { user: server.superuser, password: { secret: 'admin', key: 'password' } }
  const target: DatabaseTarget = {
    role: ROLE,
    host: '127.0.0.1',
    port: server.port,
    database,
    login,
    admin: { ...login, database: 'postgres' },
    tls: 'disable',
    migrations: { table: 'public.migrations', column: 'name' },
  }
  const databases = [target]
  const store = { type: 'directory' as const, path: join(root, 'store') }
  const common = { set: BACKED_UP, store, jobs }
  const secret = { secret: 'identity', key: 'identity' }
  let backedUp: DataResults['backup'] | undefined

  async function run(task: DataTask): Promise<Usage> {
    const work = {
      program: process.execPath,
      args: [PROGRAM],
      env: { ...env, PAWL_TASK: JSON.stringify(task) },
    }
    return await use(work, server.pid)
  }
  return {
    root,
    async backup() {
      await rm(store.path, { recursive: true, force: true })
      await mkdir(store.path)
      const usage = await run({ kind: 'backup', databases, recipients: [recipient], about: {}, ...common })
      const last = JSON.parse(usage.stdout.trim().split('\n').at(-1) ?? '') as { result: DataResults['backup'] }
      backedUp = last.result
      return usage
    },
    prove: async () => await run({ kind: 'prove', identity: secret, ...common }),
    restore: async () => await run({ kind: 'restore', databases, identity: secret, suffix: FRESH, ...common }),
    async swap() {
      const expect = { [ROLE]: backedUp?.databases[0]?.digest ?? '' }
      const deps = await wire(env)
      const startedAt = performance.now()
      await runDataTask({ kind: 'swap', databases, newSuffix: FRESH, oldSuffix: KEPT, expect }, deps)
      return (performance.now() - startedAt) / 1000
    },
    storedBytes: () => backedUp?.storedBytes ?? 0,
    async rewind() {
      const kept = await server.query('postgres', `select 1 from pg_database where datname = '${database}${KEPT}'`)
      if (kept.length > 0) {
        await server.query('postgres', `drop database "${database}" with (force)`)
        await server.query('postgres', `alter database "${database}${KEPT}" rename to "${database}"`)
        await server.query('postgres', `alter database "${database}" with allow_connections true`)
      } else await server.query('postgres', `drop database if exists "${database}${FRESH}" with (force)`)
    },
    dispose: async () => await rm(root, { recursive: true, force: true }),
  }
}
