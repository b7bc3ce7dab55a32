// A PostgreSQL server as Pawl talks to it: plain SQL over connections that say when they are lost.
import type { Secret } from '../core/secret.ts'

/** How to reach one database as one role. */
export interface ConnectionTarget {
  /** Name or address, or the directory of a Unix socket where it starts with `/`. */
  host: string
  port: number
  database: string
  user: string
  password?: Secret
  tls: 'disable' | 'require'
  /**
   * What programs read and write its texts in: the database's own encoding, where it is known, whatever the database or the role has set
   * for its clients. Pawl's own sessions always use UTF-8.
   */
  encoding?: string
}

/** Every value as PostgreSQL writes it in text; `null` for NULL. */
export type Row = Record<string, string | null>

export interface Connection {
  /** Throws `QueryFailed` for what the server refuses; a lost connection is `database-unreachable`. */
  query(sql: string, parameters?: readonly (string | null)[]): Promise<Row[]>
  /** Aborts, with the reason, when the connection is lost without `close`. */
  readonly lost: AbortSignal
  close(): Promise<void>
}

export interface Databases {
  /**
   * Opens one connection. `settings` travel as connection options, so they hold from the first statement on. Throws
   * `database-unreachable` with the reason (no answer, no such database, password refused), never with the password.
   */
  connect(target: ConnectionTarget, settings?: Record<string, string>, signal?: AbortSignal): Promise<Connection>
}

/** What the server answered to a statement it did not carry out. */
export class QueryFailed extends Error {
  /** SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html */
  readonly state: string
  constructor(message: string, state: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'QueryFailed'
    this.state = state
  }
}
