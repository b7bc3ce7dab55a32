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
   * A proof made on the databases' own server: each database of the set is restored from the stored bytes into its `nameBeside`,
   * compared as `prove` does, closed to everybody, and stays: the staged copy that a recovery only has to rename.
   */
  | ({ kind: 'prove-beside'; suffix: string } & SetOnServer)
  /** Are the live databases what the set holds? Looks at every row. */
  | ({ kind: 'compare' } & SetOnServer)
  /** What Pawl made beside these databases and what is still there of it. */
  | { kind: 'list-copies'; databases: DatabaseTarget[] }
  /** Drops the `nameBeside` of each database, where its mark says that it is the copy of exactly this set. */
  | { kind: 'drop-copies'; databases: DatabaseTarget[]; suffix: string; set: string }

/** What Pawl names a database that it makes beside a live one: the live one's own name, and a suffix that begins like this. */
const BESIDE = '__pawl_'
/** NAMEDATALEN - 1: https://www.postgresql.org/docs/current/limits.html */
const MAX_NAME_BYTES = 63
export const MAX_SUFFIX_BYTES = 29
const MAX_STEM_BYTES = MAX_NAME_BYTES - MAX_SUFFIX_BYTES
const HASH_DIGITS = 8

/** FNV-1a, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/ */
function hashOf(bytes: Uint8Array): string {
  const hash = bytes.reduce((sum, byte) => Math.imul(sum ^ byte, 0x01000193), 0x811c9dc5)
  return (hash >>> 0).toString(16).padStart(HASH_DIGITS, '0')
}

/** A live name too long to have a suffix keeps its beginning and is told from its like by a hash. */
function stemOf(live: string): string {
  const bytes = new TextEncoder().encode(live)
  if (bytes.length <= MAX_STEM_BYTES) return live
  let end = MAX_STEM_BYTES - HASH_DIGITS - 1
  // Not through the middle of a character.
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return `${new TextDecoder().decode(bytes.subarray(0, end))}_${hashOf(bytes)}`
}

/** Always a name that PostgreSQL takes as it is, for a suffix of at most `MAX_SUFFIX_BYTES`. */
export function nameBeside(live: string, suffix: string): string {
  return stemOf(live) + suffix
}

/** How the names of all databases begin that Pawl makes beside the live one. */
export function prefixBeside(live: string): string {
  return nameBeside(live, BESIDE)
}

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
