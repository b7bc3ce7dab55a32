// Tasks about databases that Pawl made beside live ones, and about what took a live one's name; part of the language of tasks.ts.
import type { StoreSpec } from '../store/spec.ts'
import type { Effort } from './effort.ts'
import type { DatabaseProof, DatabaseTarget, Rung, SecretRef } from './tasks.ts'

interface SetOnServer extends Effort {
  databases: DatabaseTarget[]
  identity: SecretRef
  set: string
  store: StoreSpec
}

export type CopyTask =
  /**
   * A proof made on the databases' own server: each database of the set is restored from the stored bytes into `database` +
   * suffix, compared as `prove` does, closed to everybody, and stays: the staged copy that a recovery only has to rename.
   */
  | ({ kind: 'prove-beside'; suffix: string } & SetOnServer)
  /** Are the live databases what the set holds? Looks at every row. */
  | ({ kind: 'compare' } & SetOnServer)
  /** What Pawl made beside these databases and what is still there of it. */
  | { kind: 'list-copies'; databases: DatabaseTarget[] }
  /** Drops `database` + suffix of each database, where its mark says that it is the copy of exactly this set. */
  | { kind: 'drop-copies'; databases: DatabaseTarget[]; suffix: string; set: string }

/** A database of Pawl's making, as it stands on the server. */
export interface FoundCopy {
  role: string
  database: string
  /** `unmarked`: the name is one of ours and nothing says what is in it. */
  state: 'restoring' | 'proven' | 'kept' | 'unmarked'
  /** Of the mark: the set it holds, or by which it was replaced. */
  set?: string
  digest?: string
  open: boolean
  /** Absent where the login may not ask. */
  sizeBytes?: number
}

export interface CopyResults {
  'prove-beside': {
    set: string
    manifestSha256: string
    rung: Rung
    databases: DatabaseProof[]
    proof: string
    copies: { role: string; database: string; sizeBytes: number }[]
  }
  /** `differs` says what the first difference is, in words. */
  compare: { set: string; databases: { role: string; digest: string; differs?: string }[] }
  'list-copies': { copies: FoundCopy[] }
  'drop-copies': { dropped: string[]; left: { database: string; why: string }[] }
}
