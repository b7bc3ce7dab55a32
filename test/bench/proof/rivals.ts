// What people use instead, on the same server and the same disk.
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
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
  /** Every table once through COPY to nowhere: the least that reading a database can cost its server. */
  copyFloor: () => Promise<Usage>
}

const COPY = 'benchcopy'

export function rivals(server: TestServer, database: string, root: string, jobs: number, bin: string): Rivals {
  const env = {
    ...process.env,
    PGHOST: '127.0.0.1',
    PGPORT: String(server.port),
    PGUSER: server.superuser,
    PGPASSWORD: SUPERUSER_PASSWORD,
  }
  const directory = join(root, 'rival')
  const run = async (program: string, args: readonly string[]): Promise<Usage> =>
    await use({ program: join(bin, program), args, env }, server.pid)
  async function tables(): Promise<string[]> {
    const rows = await server.query(
      database,
      `select oid::regclass::text as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
        and relname <> 'spatial_ref_sys'`,
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
      await server.query('postgres', `create database ${COPY}`)
      return await run('pg_restore', [`-j${jobs}`, '-d', COPY, directory])
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
    async copyFloor() {
      const args = (await tables()).flatMap((name) => ['-c', `copy ${name} to '/dev/null'`])
      return await run('psql', ['-q', '-v', 'ON_ERROR_STOP=1', '-d', database, ...args])
    },
  }
}
