// What people use instead, on the same server and the same disk.
import { execFile } from 'node:child_process'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { SUPERUSER_PASSWORD, type TestServer } from '../../support/postgres.ts'
import { use, type Usage } from './usage.ts'

export interface Rivals {
  /** `pg_dump -Fd -jN`, everything else as it is by default. */
  dump: () => Promise<Usage>
  /** `pg_restore -jN` of that into a new database of the same server. */
  restore: () => Promise<Usage>
  /** `count(*)` of every table on both sides: what a careful person does after the two. */
  count: () => Promise<Usage>
  /** Physical: the whole server, and not to be had from a managed one. */
  baseBackup: () => Promise<Usage>
  /** Physical too: a full backup; undefined where it is not installed or does not know the server's version. */
  backRest: () => Promise<Usage | undefined>
  /**
   * Every table once through COPY to nowhere, in as many sessions as are used elsewhere: the least that reading a database can
   * cost its server. Processors that share a core need more of their own time when both are busy, so one session would look cheaper.
   */
  copyFloor: () => Promise<Usage>
}

const COPY = 'benchcopy'

export interface Place {
  server: TestServer
  /** Directory of the server's socket. */
  sockets: string
  database: string
  /** Where everything is written to. */
  root: string
  jobs: number
  bin: string
}

/** How it is called for this server; undefined where it cannot be. */
async function backRestArguments({ server, sockets, root }: Place, env: NodeJS.ProcessEnv) {
  const [{ place } = {}] = await server.query('postgres', `select current_setting('data_directory') as place`)
  const args = [
    '--config=/dev/null',
    '--stanza=bench',
    `--repo1-path=${join(root, 'backrest')}`,
    `--lock-path=${join(root, 'backrest-lock')}`,
    `--pg1-path=${String(place)}`,
    `--pg1-port=${server.port}`,
    `--pg1-socket-path=${sockets}`,
    `--pg1-user=${server.superuser}`,
    '--log-level-console=warn',
    '--log-level-file=off',
  ]
  const made = promisify(execFile)('pgbackrest', [...args, 'stanza-create'], { env })
  return await made.then(
    () => args,
    () => undefined,
  )
}

export async function rivals(place: Place): Promise<Rivals> {
  const { server, database, root, jobs, bin } = place
  const env = {
    ...process.env,
    PGHOST: '127.0.0.1',
    PGPORT: String(server.port),
    PGUSER: server.superuser,
    PGPASSWORD: SUPERUSER_PASSWORD,
  }
  const directory = join(root, 'rival')
  const backRest = await backRestArguments(place, env)
  const run = async (program: string, args: readonly string[]): Promise<Usage> =>
    await use({ program: join(bin, program), args, env }, server.pid)
  async function tables(): Promise<string[]> {
    const rows = await server.query(
      database,
      `select oid::regclass::text as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
        and relname <> 'spatial_ref_sys' order by pg_relation_size(oid) desc`,
    )
    return rows.map((row) => String(row['name']))
  }
  return {
    async dump() {
      await rm(directory, { recursive: true, force: true })
      await mkdir(root, { recursive: true })
      return await run('pg_dump', ['-Fd', `-j${jobs}`, '-f', directory, database])
    },
    async restore() {
      await server.query('postgres', `drop database if exists ${COPY} with (force)`)
      const script = `"$0/psql" -qX -d postgres -c 'create database ${COPY}' && exec "$0/pg_restore" -j${jobs} -d ${COPY} "$1"`
      return await use({ program: '/bin/sh', args: ['-c', script, bin, directory], env }, server.pid)
    },
    async count() {
      const sql = (await tables()).map((name) => `select count(*) from only ${name}`).join(' union all ')
      const args = [database, COPY].flatMap((name) => ['-c', `\\connect ${name}`, '-c', sql])
      const usage = await run('psql', ['-q', '-v', 'ON_ERROR_STOP=1', '-d', database, ...args])
      await server.query('postgres', `drop database ${COPY} with (force)`)
      return usage
    },
    async baseBackup() {
      const to = join(root, 'base')
      await rm(to, { recursive: true, force: true })
      const usage = await run('pg_basebackup', ['-Ft', '-z', '-Z1', '-X', 'fetch', '-c', 'fast', '-D', to])
      await rm(to, { recursive: true })
      return usage
    },
    async backRest() {
      if (backRest === undefined) return undefined
      const options = ['--type=full', '--no-archive-check', '--start-fast', '--compress-type=zst', '--compress-level=1']
      const args = [...backRest, ...options, `--process-max=${jobs}`, '--repo1-retention-full=1', 'backup']
      return await use({ program: 'pgbackrest', args, env }, server.pid)
    },
    async copyFloor() {
      const all = await tables()
      const sessions = Array.from({ length: jobs }, (_, lane) => {
        const copies = all.filter((_, at) => at % jobs === lane).map((name) => `-c "copy ${name} to '/dev/null'"`)
        return `"$0" -q -v ON_ERROR_STOP=1 -d "$1" ${copies.join(' ')} & sessions="$sessions $!"`
      })
      const script = [...sessions, 'for session in $sessions; do wait "$session" || exit 1; done'].join('\n')
      return await use({ program: '/bin/sh', args: ['-c', script, join(bin, 'psql'), database], env }, server.pid)
    },
  }
}
