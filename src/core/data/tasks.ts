// The language between Pawl and whatever works next to a database: tasks that go in, results that come out. Plain JSON, no secrets.
import type { DatabaseFloor, SeenFloor, WantedFloor } from '../floor/floor.ts'
import type { StoreSpec } from '../store/spec.ts'
import type { Effort } from './effort.ts'
import type { Standing } from './standing.ts'
import type { VersionScheme } from '../versions/version.ts'
import type { ImagesResults, ImagesTask, WantedImages } from './images.ts'
import type { CopyResults, CopyTask } from './copies.ts'
import type { HousekeepingResults, HousekeepingTask } from './housekeeping.ts'

export type { StoreSpec }

/** A key of a Kubernetes Secret in the installation's namespace. The value itself never travels in a task. */
export interface SecretRef {
  secret: string
  key: string
}

export interface Login {
  user: string
  /** Absent where the server asks for none. */
  password?: SecretRef
}

/** One database of an installation, as the product itself reaches it. */
export interface DatabaseTarget {
  /** The profile's name for it, for example `ledger` or `metadata`; not the database's own name. */
  role: string
  host: string
  port: number
  database: string
  login: Login
  /** A login that may create databases and end sessions, where the product has one. */
  admin?: Login & { database: string }
  tls: 'disable' | 'require'
  /** Where the product's migrator records what it applied; `schema.table` and the column with the name. */
  migrations: { table: string; column: string }
}

/** What goes on in one database, as its server says; nobody has to enter it to know. */
export interface DatabaseActivity {
  role: string
  /** Client sessions in this database other than Pawl's own. */
  sessions: { pid: number; user: string; application: string; state: string }[]
  /** As `Standing` has it; who does not enter the database counts the server's own tables too. A still database keeps it. */
  writeCounter: string
}

/** What one look at one database saw. Anything that could not be read is absent, never guessed. */
export interface DatabaseObservation extends DatabaseActivity, Standing {
  at: string
  serverVersion: string
  serverMajor: number
  sizeBytes: number
  /** Names the migrator has recorded, in the order they were applied; `undefined` where its table does not exist. */
  migrations?: string[]
  /** False where the server's statistics are off (`track_counts`): then a still counter says nothing. */
  countsWrites: boolean
  /** What the login(s) may do. */
  rights: {
    ownsDatabase: boolean
    createDatabase: boolean
    endSessions: boolean
    bypassRowSecurity: boolean
    createSchema: boolean
  }
  /** Extension name to version. */
  extensions: Record<string, string>
  /** Those of them that only a superuser may create, or whom the server's owner lets; none where a login is one. */
  untrustedExtensions: string[]
  /** Of this database, that somebody still has to commit or to roll back. */
  preparedTransactions: number
  /** `null` where the database has none; absent where it could not be read. */
  floor?: DatabaseFloor | null
}

export interface TableDigest {
  /** `schema.table` of a leaf table, or `pg_largeobject` for all large objects. */
  table: string
  rows: string
  /** Two sums of 64 bit hashes as decimal numbers joined by `/`. */
  digest: string
  /** Of a big table: `rows digest` of each of its parts, so that a difference can be found. */
  parts?: string[]
}

/** Its `Standing` is of before the snapshot: whatever is written later differs from it, also what the snapshot still has. */
export interface DatabaseEvidence extends Standing {
  role: string
  database: string
  serverVersion: string
  serverMajor: number
  /** When the snapshot was taken (ISO 8601, UTC). */
  snapshotAt: string
  tables: number
  rows: string
  /** SHA-256 over the sorted table digests: one line to compare a whole database by. */
  digest: string
  /** SHA-256 over the dumped schema text. */
  schemaDigest: string
  /** Of the dump, compressed, before encryption. */
  archiveBytes: number
  sizeBytes: number
  migrations?: string[]
}

/**
 * Lowest first. `restored`: it restores, with the structure and as many rows as it had; no row was read. `restored+`: the archive restores to exactly what it holds, and has as many rows as the source had; the source's content
 * was not read. `rehearsed`: proven, and a recovery to it was carried through until the product was ready.
 */
export const RUNGS = ['archived', 'restored', 'restored+', 'proven', 'rehearsed'] as const
export type Rung = (typeof RUNGS)[number]

/** A recovery to a set that was carried through. */
export interface Rehearsal {
  run: string
  /** From the beginning of the restore until the release was ready. */
  seconds: number
}

interface SetRef {
  /** Directory of the set in the store: `<namespace>/<release>/<set id>`. */
  set: string
  store: StoreSpec
}

/**
 * `raise` leaves a higher floor alone, `set` does not; both refuse where a later recovery has been. Who remembers none keeps the
 * number of recoveries that stands there (`keepEpoch`).
 */
export type FloorWrite =
  | { how: 'raise'; floor: WantedFloor; scheme: VersionScheme; keepEpoch?: true }
  | { how: 'set'; floor: WantedFloor }
  | { how: 'remove' }

export type DataTask =
  | {
      /** One look, or looking again and again until something is true. */
      kind: 'observe'
      databases: DatabaseTarget[]
      /** `quiet`: no foreign session, and two equal write counters at least 1.5 s apart. */
      until?: 'quiet'
      /** How long to wait for `until`; the last observation is returned either way. */
      timeoutMs?: number
    }
  | {
      /**
       * Waits as `observe` does until `quiet`, without entering the databases: those that are gone have no sessions, and those that
       * are closed or damaged are looked at all the same.
       */
      kind: 'activity'
      databases: DatabaseTarget[]
      timeoutMs?: number
    }
  | ({
      kind: 'backup'
      databases: DatabaseTarget[]
      /** age recipients the archives are encrypted to. */
      recipients: string[]
      /** Secret whose every key is stored, encrypted, beside the archives (chart, values, record of the release). */
      releaseFiles?: string
      /** Facts kept readable in the manifest: product, release, versions, chart digest. */
      about: Record<string, string>
      /** `low`: the source's rows are counted, not read a second time; such a set can reach `restored+`, no more. */
      sourceLoad?: 'low'
      images?: WantedImages
    } & SetRef &
      Effort)
  | ({
      kind: 'prove'
      identity: SecretRef
      /** As far as this only: rows are counted and not read. */
      rung?: 'restored'
    } & SetRef &
      Effort)
  | ({
      /** Creates the `nameBeside` of each database of the set, restores into it and compares. */
      kind: 'restore'
      databases: DatabaseTarget[]
      identity: SecretRef
      /** Names the new databases; the same suffix again drops an unfinished one of that name and redoes it. */
      suffix: string
    } & SetRef &
      Effort)
  | {
      /** Renames every live database to its `nameBeside` of `oldSuffix`, and that of `newSuffix` to the live name, in one transaction per server. */
      kind: 'swap'
      databases: DatabaseTarget[]
      newSuffix: string
      oldSuffix: string
      /** Digest that `restore` must have left on each new database (in its comment), by role; nothing is swapped where one differs. */
      expect: Record<string, string>
    }
  | {
      /** Reads the floor of each database, or writes it and reads it again. */
      kind: 'floor'
      databases: DatabaseTarget[]
      write?: FloorWrite
      /** Reads again and again until something else than `known` is seen, or the time is over. */
      watch?: { known: SeenFloor[]; forMs: number }
    }
  | { kind: 'check-store'; store: StoreSpec }
  | CopyTask
  | HousekeepingTask
  | ImagesTask

export type TaskKind = DataTask['kind']
export type TaskOf<K extends TaskKind> = Extract<DataTask, { kind: K }>
/** As it is done: with the number of connections that it came to. */
export type SettledTask<K extends TaskKind> = TaskOf<K> & { jobs: number }

export interface DatabaseProof extends DatabaseEvidence {
  rung: Rung
  /** Object classes and objects the comparison did not cover, each in words. */
  notCovered: string[]
}

export interface DataResults extends HousekeepingResults, CopyResults, ImagesResults {
  observe: { quiet: boolean; databases: DatabaseObservation[] }
  activity: { quiet: boolean; databases: DatabaseActivity[] }
  backup: {
    set: string
    manifestSha256: string
    databases: DatabaseEvidence[]
    storedBytes: number
    snapshotSpreadMs: number
  }
  prove: { set: string; manifestSha256: string; rung: Rung; databases: DatabaseProof[]; proof: string }
  restore: { set: string; databases: DatabaseProof[] }
  /** `exchangedInMs`: from closing the first database to opening the last; absent where the names had been exchanged before. */
  /**
   * `kept` is absent where nothing had the live name. `replication`: in words, what of logical replication stays with what is kept;
   * absent where that is nothing.
   */
  swap: {
    databases: { role: string; live: string; kept?: string; digest: string; replication?: string[] }[]
    exchangedInMs?: number
  }
  floor: { databases: SeenFloor[] }
  /** `locks`: the store keeps what is written under a retention or lock of its own, for a while at least. */
  'check-store': { freeBytes?: number; createOnly: boolean; locks?: true }
}

export type ResultOf<K extends TaskKind> = DataResults[K]

/** What a long task says while it works; numbers are totals so far. */
export interface DataProgress {
  /** For example `dump`, `encrypt`, `restore`, `digest`, `wait`. */
  phase: string
  role?: string
  /** In words, for a person: "waiting for 2 sessions". */
  note?: string
  bytes?: number
  bytesTotal?: number
  rows?: number
  rowsTotal?: number
}
