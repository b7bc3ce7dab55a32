// A throw-away PostgreSQL 15 on this machine for the tests of the sample product.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { run } from '../../../examples/tally/build/run.ts'
import { tallyDirectory } from '../../../examples/tally/build/releases.ts'

const password = 'test-password'

export type LocalPostgres = {
  readonly port: number
  /** Environment of the app for a database of this server. */
  environment(database: string): Record<string, string>
  /** Makes an empty database owned by tally_admin, as an administrator would. */
  createDatabase(name: string): Promise<void>
  /** Connects as tally_admin. */
  connect(database: string): Promise<pg.Client>
  stop(): Promise<void>
}

/** Starts a server with the very script that the image tally/postgres:15 runs; ready when it answers. */
export async function startLocalPostgres(): Promise<LocalPostgres> {
  const directory = mkdtempSync(join(tmpdir(), 'tally-pg-'))
  const port = await freePort()
  const isRoot = process.getuid?.() === 0
  const owner = isRoot ? await idsOf('postgres') : null
  if (owner) chownSync(directory, owner.uid, owner.gid)
  const script = join(directory, 'start.sh')
  writeFileSync(script, await startScript(), { mode: 0o755 })
  chmodSync(script, 0o755)
  const server = spawn('sh', [script], {
    cwd: directory,
    env: {
      ...process.env,
      TMPDIR: directory,
      PGPORT: String(port),
      PGDATA: join(directory, 'data'),
      POSTGRES_USER: 'tally_admin',
      POSTGRES_DATABASE: 'tally',
      ASSIST_DATABASE: 'assist',
      POSTGRES_PASSWORD: password,
      POSTGRES_POSTGRES_PASSWORD: password,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
    ...owner,
  })
  const said: string[] = []
  server.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()))
  const open = (database: string, user: string) => connect(port, database, user)
  try {
    await untilReady(server, () => open('postgres', 'postgres'))
  } catch (error) {
    throw new Error(`PostgreSQL did not start: ${said.join('').slice(-2_000)}`, { cause: error })
  }
  return {
    port,
    environment: (database) => environmentOf(port, database),
    connect: (database) => open(database, 'tally_admin'),
    async createDatabase(name) {
      const admin = await open('postgres', 'postgres')
      await admin.query(`CREATE DATABASE ${pg.escapeIdentifier(name)} OWNER tally_admin`)
      await admin.end()
    },
    async stop() {
      const ended = new Promise((resolve) => server.once('exit', resolve))
      server.kill('SIGINT')
      await ended
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

function environmentOf(port: number, database: string): Record<string, string> {
  const common = { HOST: '127.0.0.1', PORT: String(port), PASSWORD: password }
  const entries = (prefix: string) => Object.entries(common).map(([key, value]) => [`${prefix}_${key}`, value])
  return {
    ...(Object.fromEntries([...entries('LEDGER_POSTGRES'), ...entries('ASSIST_DATABASE')]) as Record<string, string>),
    LEDGER_POSTGRES_DB: database,
    LEDGER_POSTGRES_USER: 'tally_admin',
    ASSIST_DATABASE_NAME: database,
    ASSIST_DATABASE_USERNAME: 'tally_admin',
    TALLY_ENCRYPTION_KEY: 'test-key',
  }
}

async function connect(port: number, database: string, user: string): Promise<pg.Client> {
  const client = new pg.Client({ host: '127.0.0.1', port, database, user, password })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

async function untilReady(server: ChildProcess, open: () => Promise<pg.Client>): Promise<void> {
  for (const deadline = Date.now() + 60_000; ;) {
    try {
      return await (await open()).end()
    } catch (error) {
      if (server.exitCode !== null || Date.now() > deadline) throw error
      await wait(100)
    }
  }
}

/** The script as it is, with fsync off: these databases need not outlive the machine. */
async function startScript(): Promise<string> {
  const script = await run('cat', [join(tallyDirectory, 'postgres', 'start.sh')])
  return script.replace('exec postgres ', 'exec postgres -c fsync=off ').replaceAll('/tmp', '"$TMPDIR"')
}

async function idsOf(user: string): Promise<{ uid: number; gid: number }> {
  const uid = Number(await run('id', ['-u', user]))
  return { uid, gid: Number(await run('id', ['-g', user])) }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => (typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port'))))
    })
  })
}
