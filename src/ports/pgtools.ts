// The programs that come with PostgreSQL (pg_dump, pg_restore, initdb, postgres), as Pawl uses them.
import type { Readable } from 'node:stream'
import type { ConnectionTarget } from './database.ts'

export interface DumpRequest {
  target: ConnectionTarget
  /** From `pg_export_snapshot()` in a transaction that stays open until this ends. */
  snapshot: string
  /** Created by the program; must not exist. */
  directory: string
  jobs: number
  /** Leaves the rows as they are; whoever reads the files compresses them. False where absent. */
  plain?: boolean
  /**
   * Called for a file in the directory as soon as pg_dump will not write it any more. Not for every file: those that were not
   * named are finished when the dump is.
   */
  onFinished?: (file: { name: string; sizeBytes: number }) => void
}

export interface RestoreRequest {
  target: ConnectionTarget
  /** What `dump` wrote; of the structure alone, its table of contents is enough. */
  directory: string
  jobs: number
  /** Of the database when it was dumped. */
  sizeBytes: number
  /** Part of the dump: what rows need to be there (tables, types, functions), or all the rest. Absent: the whole. */
  part?: 'structure' | 'content'
  /** Sets this role after connecting and gives it everything; absent: owners as recorded (superuser only). */
  owner?: string
  /** Drops and keeps nothing of tablespaces: the target has its own. */
  noTablespaces?: boolean
  /** Called when the rows of a table are there, with the name of its file up to `.dat`; not where `jobs` is 1. */
  onLoaded?: (stem: string) => void
  /** Called when the large objects of one of the dump's lists are there; like `onLoaded`. */
  onObjects?: () => void
  /** Called with how many pieces of the dump are being worked on, whenever that changes; like `onLoaded`. */
  onBusy?: (pieces: number) => void
}

export interface Gzip {
  /** For the manifest: `gzip:2`. */
  readonly compression: string
  /** A file, gzipped: what pg_restore reads as `<name>.gz`. The stream fails with `backup-failed` where not all of it could be read. */
  packed(path: string, signal: AbortSignal): Readable
}

export interface PgTools {
  /** Of the programs, for example `15.20`. */
  readonly version: string
  readonly major: number
  /** For what `dump` left plain; undefined where it is not here, absent where this major's pg_dump has something as quick. */
  readonly gzip?: () => Promise<Gzip | undefined>
  /**
   * `pg_dump -Fd` into a directory. Throws `database-rights`, or `backup-failed` with the program's own error lines, and `noRoom` in
   * the facts where a plain dump found its file system full.
   */
  dump(request: DumpRequest, signal?: AbortSignal): Promise<{ compression: string; warnings: string[] }>
  /** `pg_dump --schema-only` as text, in the given snapshot where there is one. Throws `backup-failed`. */
  dumpSchema(target: ConnectionTarget, snapshot?: string, signal?: AbortSignal): Promise<string>
  /**
   * Which file of a finished dump has the rows of which table: the file's name up to `.dat`, and the table's oid. `table` is
   * `schema.name`, but not all of it where a name has spaces: the list does not say where the one ends.
   */
  contents(directory: string, signal?: AbortSignal): Promise<{ stem: string; oid: string; table: string }[]>
  /**
   * What a query gives, as COPY writes it into a dump: one row on a line, under the settings that `pg_dump` uses and in the encoding of
   * the target, UTF-8 where it has none. Throws `backup-failed`, from `use` on where the program fails after it began.
   */
  copyOut<T>(
    target: ConnectionTarget,
    query: string,
    use: (rows: Readable) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T>
  /** `pg_restore --exit-on-error`. Throws `RestoreFailed` where its status is not 0. */
  restore(request: RestoreRequest, signal?: AbortSignal): Promise<void>
  /**
   * A server of this major for one proof: empty, without durability, reachable only through a socket in a directory that
   * only its user can enter. It ends, and its directory goes, on `stop` and also when this process dies.
   */
  startScratch(request: ScratchRequest, signal?: AbortSignal): Promise<ScratchServer>
}

export interface ScratchRequest {
  /** What the path of the server's directory begins with. */
  beginning: string
  /** Name of the first superuser. */
  superuser: string
  jobs: number
}

export interface ScratchServer {
  target(database: string): ConnectionTarget
  stop(): Promise<void>
}

export interface PgToolbox {
  /** The programs of one major; throws `client-major-mismatch` where they are not here (with what is, in the facts). */
  forServer(major: number): Promise<PgTools>
}

/** The server's limit of connections, the database's or the role's; https://www.postgresql.org/docs/current/runtime-config-connection.html */
export const NO_CONNECTION = /too many (?:connections|clients)|remaining connection slots/
/** SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html */
export const TOO_MANY_CONNECTIONS = '53300'
export const NO_CONNECTION_HINT =
  'Leave more connections free (max_connections of the server, CONNECTION LIMIT of the database and of the role), or work with fewer jobs.'

/** What programs say where a file system is full, or a user has all that he may have of it. */
export const NO_ROOM = /No space left on device|Disk quota exceeded/

/** pg_restore did not end with 0; the message holds its error lines, without the data they quoted. */
export class RestoreFailed extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'RestoreFailed'
  }
}
