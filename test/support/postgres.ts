// A real PostgreSQL server for one test file: own directory, loopback only, passwords required, gone when the test process is.
import { chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { childProcesses } from '../../src/adapters/process/processes.ts'
import { scratchUser } from '../../src/adapters/postgres/scratch-user.ts'

export const PG_BIN = process.env['PAWL_TEST_PG_BIN'] ?? '/usr/lib/postgresql/15/bin'
/** Long and odd, so that a search for it in any output finds it and nothing else. */
export const SUPERUSER_PASSWORD = 'canary-Superuser-7f3a91'

export interface TestServer {
  port: number
  /** Of the postmaster. */
  pid: number
  superuser: string
  /** Runs statements, each text on a connection of its own; gives the last result's rows. */
  query: (
    database: string,
    sql: string,
    login?: { user: string; password: string },
  ) => Promise<Record<string, unknown>[]>
  connect: (database: string, application?: string, login?: { user: string; password: string }) => Promise<pg.Client>
  stop: () => Promise<void>
}

const WATCHED = `
dir=$1; shift
exec 3<&0
"$@" </dev/null >"$dir/log" 2>&1 3<&- &
server=$!
{ read -r _ <&3; kill -QUIT "$server" 2>/dev/null; } &
wait "$server"
rm -rf "$dir"
`

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** `bin` is where the programs of its major are; those of the machine where absent. */
export async function startPostgres(settings: Record<string, string> = {}, bin = PG_BIN): Promise<TestServer> {
  const processes = childProcesses()
  const user = await scratchUser(processes)
  const as = user === undefined ? {} : { as: user }
  const directory = await mkdtemp(join(tmpdir(), 'pawl-test-pg-'))
  const passwordFile = join(directory, 'password')
  await writeFile(passwordFile, SUPERUSER_PASSWORD)
  if (user !== undefined) for (const path of [directory, passwordFile]) await chown(path, user.uid, user.gid)
  const data = join(directory, 'data')
  const port = await freePort()
  const superuser = 'postgres'
  const env = { LC_ALL: 'C' }
  const made = await processes.run({
    program: join(bin, 'initdb'),
    args: [
      '-D',
      data,
      '-U',
      superuser,
      '-A',
      'scram-sha-256',
      `--pwfile=${passwordFile}`,
      '-E',
      'UTF8',
      '--locale=C.UTF-8',
      '--no-sync',
    ],
    env,
    cwd: '/',
    ...as,
  })
  if (made.exitCode !== 0) throw new Error(made.stderr)
  const all = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    fsync: 'off',
    max_connections: '60',
    max_prepared_transactions: '4',
    ...settings,
  }
  const options = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const running = await processes.start({
    program: '/bin/sh',
    args: ['-c', WATCHED, 'test-pg', directory, join(bin, 'postgres'), '-D', data, ...options],
    env,
    cwd: '/',
    ...as,
  })
  running.stdout.resume()

  async function connect(
    database: string,
    application = 'test',
    login = { user: superuser, password: SUPERUSER_PASSWORD },
  ): Promise<pg.Client> {
    const client = new pg.Client({ host: '127.0.0.1', port, database, ...login, application_name: application })
    client.on('error', () => undefined)
    await client.connect()
    return client
  }
  async function query(database: string, sql: string, login?: { user: string; password: string }) {
    const client = await connect(database, 'test', login)
    try {
      const result = (await client.query(sql)) as unknown as pg.QueryResult | pg.QueryResult[]
      return ((Array.isArray(result) ? result.at(-1) : result)?.rows ?? []) as Record<string, unknown>[]
    } finally {
      await client.end()
    }
  }
  let pid = Number.NaN
  for (let tried = 0; ; tried++) {
    const lines = (await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')
    pid = Number(lines[0])
    if (lines[7]?.trim() === 'ready') break
    if (tried > 600) throw new Error(await readFile(join(directory, 'log'), 'utf8'))
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return {
    port,
    pid,
    superuser,
    query,
    connect,
    async stop() {
      running.stdin.end()
      await running.ended
      await rm(directory, { recursive: true, force: true })
    },
  }
}
