// Tasks that look after stored sets without touching any database; part of the language of tasks.ts.
import type { KeptImage } from '../images/wish.ts'
import type { StoreSpec } from '../store/spec.ts'
import type { Effort } from './effort.ts'
import type { DatabaseEvidence, DatabaseProof, Rehearsal, Rung } from './tasks.ts'

export type HousekeepingTask =
  /** What is below a release's directory; with `strandedBefore`, what the store holds of uploads that nobody ended since, too. */
  | { kind: 'survey'; store: StoreSpec; under: string; strandedBefore?: string }
  /** One set's manifest and proofs; with `everything`, every stored byte is read and compared with the manifest. */
  | { kind: 'inspect'; store: StoreSpec; set: string; read: 'manifest' | 'everything' }
  /** The release's files as they are stored, encrypted: for whoever has the key and does not reach the store. */
  | { kind: 'release-files'; store: StoreSpec; set: string }
  /** From store to store, every byte compared with the manifest; `page`: with checksums and a page that says how to restore by hand. */
  | ({ kind: 'copy-set'; store: StoreSpec; to: StoreSpec; set: string; page: boolean } & Pick<Effort, 'maxRate'>)
  /** Writes down beside a set what was found of it elsewhere, as one more of its proofs. Needs neither key nor database. */
  | { kind: 'note-proof'; store: StoreSpec; set: string; note: ProofNote }
  | {
      kind: 'prune'
      store: StoreSpec
      /** The release's directory: what others keep in the store is not looked at. */
      under: string
      /** Finished sets to remove. */
      sets: string[]
      /** Directories without a manifest; each is looked at again first. */
      leftovers: string[]
      /** A leftover whose newest object is younger stays, and so does a stranded part. */
      before: string
      /** Set that must be whole, now, before anything is removed; absent only where no finished set is removed. */
      keeper?: string
    }

export interface SurveyedSet {
  /** Last part of the directory's name. */
  name: string
  objects: number
  bytes: number
  newestAt: string
  hasManifest: boolean
}

export interface StoredProof {
  name: string
  rung: Rung
  at: string
  /** By role. */
  notCovered: Record<string, string[]>
  rehearsal?: Rehearsal
  /** A proof that failed: none of those before it is believed any more. */
  refuted?: Finding
}

/** What a proof that failed has found. It is stored in the clear: names of databases and tables, and nothing that is in them. */
export interface Finding {
  code: 'proof-mismatch' | 'backup-damaged'
  role?: string
  table?: string
  /** Task or command. */
  by: string
}

export type ProofNote =
  /** Of a recovery that was carried through: what each database reached when it was compared. */
  | {
      found: 'rehearsed'
      /** Of the set that was restored: of another one nothing is noted. */
      manifestSha256: string
      rehearsal: Rehearsal
      databases: Pick<DatabaseProof, 'role' | 'rung' | 'notCovered'>[]
    }
  | { found: 'refuted'; finding: Finding }

/** An object of a set with what its manifest says of it. */
export interface CarriedPart {
  name: string
  sizeBytes: number
  sha256: string
  plainBytes: number
  plainSha256: string
  /** The stored bytes. */
  base64: string
}

export interface HousekeepingResults {
  'release-files': { recipients: string[]; parts: CarriedPart[] }
  /** `made`: how many objects were not there yet; `checksums`: file for `sha256sum -c`, where there is a page. */
  'copy-set': { made: number; checksums?: string }
  /** `strandedParts`: where they were asked for. */
  survey: { sets: SurveyedSet[]; strandedParts?: number; freeBytes?: number }
  inspect: {
    set: string
    manifestSha256: string
    createdAt: string
    finishedAt: string
    recipients: string[]
    about: Record<string, string>
    snapshotSpreadMs: number
    tool: { pawl: string; pgDump: Record<string, string>; compression: Record<string, string> }
    databases: DatabaseEvidence[]
    /** Those whose bytes are in the set; absent where it was not asked to hold any. */
    images?: KeptImage[]
    /** Names of the release's files, without their ending. */
    releaseFiles: string[]
    objects: number
    storedBytes: number
    proofs: StoredProof[]
    /** Objects of the set's directory that neither the manifest names nor Pawl knows. */
    strangers: string[]
    /** What was found wrong, each in words; empty where all that was read is as the manifest says. */
    problems: string[]
    /** How many stored bytes were read and compared. */
    checkedBytes: number
  }
  'note-proof': { manifestSha256: string; rung: Rung; databases: DatabaseProof[]; proof: string }
  prune: {
    removed: { name: string; objects: number; bytes: number }[]
    /** What the store keeps on purpose: the set stays listed. */
    locked: { name: string; why: string }[]
    strandedParts: number
  }
}
