// pg_dump and pg_restore of one major.
import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { PawlError } from '../../core/errors.ts'
import { FLOOR_SCHEMA } from '../../core/floor/floor.ts'
import type { ConnectionTarget } from '../../ports/database.ts'
import {
  NO_CONNECTION,
  NO_CONNECTION_HINT,
  NO_ROOM,
  RestoreFailed,
  TOO_MANY_CONNECTIONS,
  type DumpRequest,
  type PgTools,
} from '../../ports/pgtools.ts'
import type { Processes, ProgramEnd } from '../../ports/process.ts'
import { findGzip } from './gzip.ts'
import { databaseArgument, environmentOf, errorLines } from './programs.ts'
import { startScratch } from './scratch.ts'
import { sortMegabytes } from './sort-memory.ts'

export interface ToolsOptions {
  processes: Processes
  /** Where the programs are; empty for PATH. */
  directory: string
  version: string
  scratchUser?: { uid: number; gid: number }
}

/** Several times cheaper than gzip, and from this major on pg_dump has it. */
const ZSTD_SINCE = 16

const LOCK_WAIT = '30s'
const WITHOUT_FLOOR = `--exclude-schema=${FLOOR_SCHEMA}`
/** A database that nobody uses yet: what a crash would lose is begun anew. */
function forLoading(databaseBytes: number): string {
  return `-c synchronous_commit=off -c maintenance_work_mem=${sortMegabytes(databaseBytes)}MB`
}

const LOCKED_OUT = /could not obtain lock on relation|canceling statement due to lock timeout/
/** Timeouts of the role or the server must not end a dump half-way, nor may a role that only reads keep a restore from writing. */
function unhindered(major: number): string {
  const names = ['statement_timeout', 'idle_in_transaction_session_timeout']
  if (major >= 14) names.push('idle_session_timeout')
  if (major >= 17) names.push('transaction_timeout')
  // Ends what the server still does for a program that was killed.
  const gone = major >= 14 ? ['-c client_connection_check_interval=2s'] : []
  return [...names.map((name) => `-c ${name}=0`), '-c default_transaction_read_only=off', ...gone].join(' ')
}

/** `215; 0 16390 TABLE DATA public orders owner`: number of the entry, which names its file, and the table's own. */
const TABLE_DATA = /^(\d+); 0 (\d+) TABLE DATA (\S*) (\S*)/gm
/**
 * The text of values depends on the first three, in rows as in the bounds of partitions and in defaults; on the others how names and texts
 * are written in definitions. pg_dump sets some by itself; the rest are the role's or the database's, so both sides set them.
 */
const VALUES_AS_TEXT =
  '-c timezone=UTC -c bytea_output=hex -c lc_monetary=C -c quote_all_identifiers=off -c standard_conforming_strings=on'
/** What pg_dump sets by itself; https://github.com/postgres/postgres/blob/REL_17_STABLE/src/bin/pg_dump/pg_dump.c, setup_connection */
const AS_IN_A_DUMP = `${VALUES_AS_TEXT} -c datestyle=ISO -c intervalstyle=postgres -c extra_float_digits=3 -c row_security=off -c search_path=`

const NO_RIGHT = /permission denied for|must be owner of|affected by row-level security/
/** What `--verbose` says of each piece of a parallel dump, after the program's name: it may have another one here, and two processes may write theirs at once. */
const FINISHED = /^(?:[^:\s]+: *)+finished item (\d+) (TABLE DATA|BLOBS) /

const SECTIONS = { structure: ['--section=pre-data'], content: ['--section=data', '--section=post-data'] }
const TURN = /^(?:[^:\s]+: *)+(launching|finished) item (\d+) (?:(TABLE DATA|BLOBS) )?/
/** What --verbose says of the work itself. Several processes write at once, so another one's "error:" may stand in such a line. */
const AT_WORK = /^\S+: +(?:error: +)?(?:processing (?:data|item)|launching item|finished item) .*$/gm
/** The reason may come to stand in the midst of another process's line, where it would not be taken for an error. */
const SERVER_GONE = /server closed the connection unexpectedly|terminating connection[^;\n]*/

const WORKER_DIED = /a worker process died unexpectedly/

/** What pg_restore failed of. */
function restoreErrors(stderr: string): string {
  const words = stderr.replace(AT_WORK, '')
  const [died] = WORKER_DIED.exec(stderr) ?? []
  // In such a line it was taken away with it; whatever else is there is no error.
  const why = died !== undefined && !/error:|ERROR:|FATAL:|PANIC:/.test(words) ? died : errorLines(words)
  const [gone] = SERVER_GONE.exec(stderr) ?? []
  return gone === undefined || why.includes(gone) ? why : `${why}; ${gone}`
}

const WARNING = /^\S+: warning: (.*)/

/** Names the files of a piece that is finished: a table has one; large objects have one each, and a list of them. */
async function nameFinished(request: DumpRequest, line: string, major: number, suffix: string): Promise<void> {
  const [, item, kind] = FINISHED.exec(line) ?? []
  if (item === undefined) return
  const stems = kind === 'TABLE DATA' ? [`${item}.dat`] : await largeObjects(request.directory, item, major)
  for (const stem of stems) {
    const name = `${stem}${suffix}`
    // At once: there may be very many, and each call in another thread takes ten times as long.
    const seen = statSync(join(request.directory, name), { throwIfNoEntry: false })
    if (seen !== undefined) request.onFinished?.({ name, sizeBytes: seen.size })
  }
}

async function largeObjects(directory: string, item: string, major: number): Promise<string[]> {
  const list = join(directory, major >= 17 ? `blobs_${item}.toc` : 'blobs.toc')
  const lines = (await readFile(list, 'utf8').catch(() => '')).split('\n')
  // `16413 blob_16413.dat`
  return lines.flatMap((line) => line.split(' ')[1] ?? [])
}

function failed(program: string, end: ProgramEnd, plain = false): PawlError {
  // With `--verbose` the rest of the output says what was done, not what failed.
  const why = errorLines(end.stderr)
  return new PawlError({
    code: NO_RIGHT.test(why) ? 'database-rights' : 'backup-failed',
    message: `${program} ended with ${end.exitCode}: ${why}`,
    // The workers of a parallel dump do not wait in a queue behind an exclusive lock; the whole dump may succeed another time.
    facts: {
      program,
      exitCode: end.exitCode,
      ...(LOCKED_OUT.test(why) ? { lockQueue: true } : {}),
      ...(NO_CONNECTION.test(why) ? { sqlState: TOO_MANY_CONNECTIONS } : {}),
      ...(plain && NO_ROOM.test(why) ? { noRoom: true } : {}),
    },
    ...(NO_CONNECTION.test(why) ? { hint: NO_CONNECTION_HINT } : {}),
  })
}

export function pgTools(options: ToolsOptions): PgTools {
  const { processes, version } = options
  const major = Number.parseInt(version, 10)
  const at = (program: string): string => (options.directory === '' ? program : join(options.directory, program))
  const own =
    major >= ZSTD_SINCE
      ? { argument: 'zstd:1', name: 'zstd:1', suffix: '.zst' }
      : { argument: '1', name: 'gzip:1', suffix: '.gz' }

  /** Runs a program whose output is read while it comes; its end decides, whatever `use` made of the output. */
  async function reading<T>(
    program: string,
    args: string[],
    env: Record<string, string>,
    use: (output: Readable) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const running = await processes.start({ program: at(program), args, env })
    running.stdin.end()
    const stop = (): void => void running.stop()
    signal?.addEventListener('abort', stop, { once: true })
    try {
      const value = await use(running.stdout)
      const end = await running.ended
      signal?.throwIfAborted()
      if (end.exitCode !== 0) throw failed(program, end)
      return value
    } finally {
      signal?.removeEventListener('abort', stop)
    }
  }

  async function dumpSchema(target: ConnectionTarget, snapshot?: string, signal?: AbortSignal): Promise<string> {
    const inSnapshot = snapshot === undefined ? [] : [`--snapshot=${snapshot}`]
    const args = ['--schema-only', WITHOUT_FLOOR, `--lock-wait-timeout=${LOCK_WAIT}`, '--no-password', ...inSnapshot]
    return await reading('pg_dump', args, environmentOf(target, `${unhindered(major)} ${VALUES_AS_TEXT}`), text, signal)
  }

  return {
    version,
    major,
    ...(major >= ZSTD_SINCE ? {} : { gzip: async () => await findGzip(processes) }),
    async dump(request, signal) {
      const compression = request.plain === true ? { argument: '0', name: 'none', suffix: '' } : own
      const naming: Promise<void>[] = []
      const warnings: string[] = []
      const end = await processes.run(
        {
          program: at('pg_dump'),
          args: [
            '--format=directory',
            `--file=${request.directory}`,
            `--jobs=${request.jobs}`,
            `--compress=${compression.argument}`,
            `--snapshot=${request.snapshot}`,
            `--lock-wait-timeout=${LOCK_WAIT}`,
            WITHOUT_FLOOR,
            '--no-sync',
            '--no-password',
            ...(request.onFinished === undefined ? [] : ['--verbose']),
          ],
          env: environmentOf(request.target, `${unhindered(major)} ${VALUES_AS_TEXT}`),
          onErrorLine: (line) => {
            naming.push(nameFinished(request, line, major, compression.suffix))
            warnings.push(...(WARNING.exec(line)?.slice(1) ?? []))
          },
        },
        signal,
      )
      await Promise.all(naming)
      if (end.exitCode !== 0) throw failed('pg_dump', end, request.plain)
      return { compression: compression.name, warnings }
    },
    dumpSchema,
    async contents(directory, signal) {
      const list = await reading('pg_restore', ['--list', directory], { LC_ALL: 'C' }, text, signal)
      const entries = [...list.matchAll(TABLE_DATA)]
      return entries.map(([, stem = '', oid = '', schema, name]) => ({ stem, oid, table: `${schema}.${name}` }))
    },
    async copyOut(target, query, use, signal) {
      // The query is UTF-8 like all that Pawl writes; the rows are in the encoding of the dump that they are compared with.
      const { encoding } = target
      const rows = encoding === undefined ? '' : ` with (encoding '${encoding.replaceAll("'", "''")}')`
      const env = environmentOf({ ...target, encoding: 'UTF8' }, `${unhindered(major)} ${AS_IN_A_DUMP}`)
      const args = [
        '--no-psqlrc',
        '--quiet',
        '--no-password',
        '--set=ON_ERROR_STOP=1',
        `--command=copy (${query}) to stdout${rows}`,
      ]
      return await reading('psql', args, env, use, signal)
    },
    async restore(request, signal) {
      const working = new Set<string>()
      const end = await processes.run(
        {
          program: at('pg_restore'),
          args: [
            '--format=directory',
            `--dbname=${databaseArgument(request.target.database)}`,
            `--jobs=${request.jobs}`,
            '--exit-on-error',
            '--no-password',
            ...(request.owner === undefined ? [] : ['--no-owner', `--role=${request.owner}`]),
            ...(request.part === undefined ? [] : SECTIONS[request.part]),
            ...(request.noTablespaces === true ? ['--no-tablespaces'] : []),
            ...(request.onLoaded === undefined ? [] : ['--verbose']),
            request.directory,
          ],
          env: environmentOf(request.target, `${unhindered(major)} ${forLoading(request.sizeBytes)} ${VALUES_AS_TEXT}`),
          onErrorLine: (line) => {
            const [, turn, item = '', kind] = TURN.exec(line) ?? []
            if (turn === undefined) return
            if (turn === 'launching') working.add(item)
            else working.delete(item)
            request.onBusy?.(working.size)
            if (turn === 'launching') return
            if (kind === 'BLOBS') request.onObjects?.()
            else if (kind === 'TABLE DATA') request.onLoaded?.(item)
          },
        },
        signal,
      )
      if (end.exitCode !== 0)
        throw new RestoreFailed(`pg_restore ended with ${end.exitCode}: ${restoreErrors(end.stderr)}`)
    },
    async startScratch(request, signal) {
      return await startScratch({ ...options, at }, request, signal)
    },
  }
}
