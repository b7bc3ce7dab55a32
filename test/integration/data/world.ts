// Everything a data task needs, real: server, store in a directory, age, PostgreSQL's programs; only the secrets are in memory.
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ageCipher } from '../../../src/adapters/age/cipher.ts'
import { generateIdentity } from '../../../src/adapters/age/identity.ts'
import { postgresDatabases } from '../../../src/adapters/postgres/connect.ts'
import { scratchUser } from '../../../src/adapters/postgres/scratch-user.ts'
import { pgToolbox } from '../../../src/adapters/postgres/toolbox.ts'
import { childProcesses } from '../../../src/adapters/process/processes.ts'
import { openImages } from '../../../src/adapters/artifacts/open-images.ts'
import { fileStore } from '../../../src/adapters/store/file/store.ts'
import { trustAlso } from '../../../src/adapters/store/network.ts'
import { workDirs } from '../../../src/adapters/workdir/workdirs.ts'
import { systemClock } from '../../../src/adapters/world/clock.ts'
import type { DatabaseTarget, DataTask, TaskOf } from '../../../src/core/data/tasks.ts'
import { secret } from '../../../src/core/secret.ts'
import { PawlError } from '../../../src/core/errors.ts'
import type { Secrets } from '../../../src/ports/secrets.ts'
import type { DataDeps } from '../../../src/data/deps.ts'
import { SUPERUSER_PASSWORD, type TestServer } from '../../support/postgres.ts'
import { APP } from './hostile.ts'

export interface World {
  deps: DataDeps
  databases: DatabaseTarget[]
  recipient: string
  identity: string
  storePath: string
  /** Secrets by `name/key`. */
  secrets: Map<string, string>
  backupTask: (set: string, more?: Partial<TaskOf<'backup'>>) => TaskOf<'backup'>
  proveTask: (set: string) => TaskOf<'prove'>
  restoreTask: (set: string, suffix: string, databases?: DatabaseTarget[]) => TaskOf<'restore'>
  leftovers: () => Promise<string[]>
  dispose: () => Promise<void>
}

export function targetsOf(server: TestServer, options: { admin?: boolean } = {}): DatabaseTarget[] {
  const base = {
    host: '127.0.0.1',
    port: server.port,
    login: { user: APP.user, password: { secret: 'app', key: 'password' } },
    tls: 'disable' as const,
    ...(options.admin === false
      ? {}
      : { admin: { user: server.superuser, password: { secret: 'admin', key: 'password' }, database: 'postgres' } }),
  }
  return [
    { ...base, role: 'ledger', database: 'Ledger db', migrations: { table: 'public.migrations', column: 'name' } },
    { ...base, role: 'ai', database: 'ai_db', migrations: { table: 'schema_migrations', column: 'version' } },
  ]
}

/** Every database that is not the server's own. */
export async function databaseNames(server: TestServer): Promise<string[]> {
  const rows = await server.query(
    'postgres',
    `select datname from pg_database where datname not in ('postgres', 'template0', 'template1') order by 1`,
  )
  return rows.map((row) => String(row['datname']))
}

/** What was restored is closed until it has the live name; a test that looks into it has to open it. */
export async function openRestored(server: TestServer, ...names: string[]): Promise<void> {
  for (const name of names) await server.query('postgres', `alter database "${name}" with allow_connections true`)
}

/** Nothing is quicker than what pg_dump has in it. */
export function withoutGzip(toolbox: DataDeps['toolbox']): DataDeps['toolbox'] {
  return {
    async forServer(major) {
      const { gzip: _, ...tools } = await toolbox.forServer(major)
      return tools
    },
  }
}

/** `bin` is where the programs of the server's major are, where they are not in one of the usual places. */
export async function makeWorld(server: TestServer, bin?: string): Promise<World> {
  const storePath = await mkdtemp(join(tmpdir(), 'pawl-test-store-'))
  const workRoot = await mkdtemp('/tmp/pawl-test-work-')
  const processes = childProcesses()
  const as = await scratchUser(processes)
  // The scratch server's user must be able to enter its own directory in here.
  const { chmod } = await import('node:fs/promises')
  await chmod(workRoot, 0o711)
  const { identity, recipient } = await generateIdentity()
  const secrets = new Map([
    ['app/password', APP.password],
    ['admin/password', SUPERUSER_PASSWORD],
    ['pawl-identity/identity', identity],
    ['release/values.yaml', 'password: canary-Values-88aa'],
    ['release/chart.tgz', 'not really a chart'],
  ])
  const kept: Secrets = {
    async resolve(ref) {
      const value = secrets.get(`${ref.secret}/${ref.key}`)
      if (value === undefined)
        throw new PawlError({ code: 'input-invalid', message: `no secret ${ref.secret}/${ref.key}` })
      return secret(value)
    },
    async files(name) {
      const own = [...secrets].filter(([key]) => key.startsWith(`${name}/`))
      return own.map(([key, value]) => ({ name: key.slice(name.length + 1), bytes: Buffer.from(value) }))
    },
  }
  const deps: DataDeps = {
    databases: postgresDatabases(),
    toolbox: pgToolbox(processes, {
      ...(bin === undefined ? {} : { directories: [bin], path: false }),
      ...(as === undefined ? {} : { scratchUser: as }),
    }),
    cipher: ageCipher(),
    secrets: kept,
    workDirs: workDirs(workRoot),
    clock: systemClock(),
    randomName: () => randomBytes(6).toString('hex'),
    openStore: async () => fileStore({ path: storePath }),
    openImages: async (reach) =>
      await openImages(reach, { secrets: kept, clock: systemClock(), env: {}, trust: trustAlso }),
  }
  const databases = targetsOf(server)
  const store = { type: 'directory' as const, path: storePath }
  return {
    deps,
    databases,
    recipient,
    identity,
    storePath,
    secrets,
    backupTask: (set, more = {}) => ({
      kind: 'backup',
      databases,
      recipients: [recipient],
      about: { product: 'tally' },
      jobs: 2,
      set,
      store,
      releaseFiles: 'release',
      ...more,
    }),
    proveTask: (set) => ({
      kind: 'prove',
      identity: { secret: 'pawl-identity', key: 'identity' },
      jobs: 2,
      set,
      store,
    }),
    restoreTask: (set, suffix, some = databases) => ({
      kind: 'restore',
      databases: some,
      identity: { secret: 'pawl-identity', key: 'identity' },
      suffix,
      jobs: 2,
      set,
      store,
    }),
    leftovers: async () => await readdir(workRoot),
    async dispose() {
      await rm(storePath, { recursive: true, force: true })
      await rm(workRoot, { recursive: true, force: true })
    },
  }
}

export type { DataTask }
