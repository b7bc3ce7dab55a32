// The vendor's store of customer packages, and the directories of this machine that they are read from and put into.
import type { PackageObject } from '../core/package/choose.ts'
import type { PackageTexts } from '../core/package/contents.ts'

export interface Packages {
  /** For messages, for example `gs://bucket`. */
  readonly where: string
  /**
   * Every object whose name begins so, however many. Throws `package-access` where the account may not (or its key is no longer
   * good), `package-unreachable` where nothing answers as a store does. Waits and asks again where it is told to.
   */
  list(prefix: string, signal?: AbortSignal): Promise<PackageObject[]>
  /**
   * The bytes of exactly this generation from an offset on, once: a cut connection ends the stream with
   * `package-unreachable`. Throws `package-changed` where that generation is gone.
   */
  download(object: PackageObject, from: number, signal?: AbortSignal): AsyncIterable<Uint8Array>
  /** Throws `package-damaged` unless the bytes have the size and the checksums that the store keeps of the object. */
  check(object: PackageObject, bytes: Uint8Array): Promise<void>
}

/** What has arrived of one download, kept so that the next one can go on. Private to the user. */
export interface PartialDownload {
  /** What is there of exactly this object; empty where nothing is, or what is there is of another. */
  readonly bytes: Uint8Array
  append(chunk: Uint8Array): Promise<void>
  close(): Promise<void>
  /** Nothing of it stays. Idempotent. */
  discard(): Promise<void>
}

export interface PlacedFile {
  name: string
  /** `same`: it was there already, with the same bytes. */
  outcome: 'written' | 'same'
  /** The name under which what was there before is kept. */
  kept?: string
}

export interface UnpackedZip {
  files: Record<string, Uint8Array>
  /** Other names at its top, and folders: harmless, and not unpacked. */
  skipped: string[]
}

export interface PackageFiles {
  /** The named files that are there. Throws `input-invalid` where there is no such directory, or a file cannot be read. */
  read(directory: string, names: readonly string[]): Promise<PackageTexts>
  /** Throws `input-invalid` where there is no such file. */
  readZip(path: string): Promise<Uint8Array>
  /**
   * The files of a package: exactly the expected names, each once, as plain files. Throws `package-damaged` where one is
   * missing, and for links, names below folders, names that are there twice and what is too large, expected or not, before
   * more than a little of it was unpacked.
   */
  unpack(zip: Uint8Array, expected: readonly string[]): Promise<UnpackedZip>
  /** Makes the directory (0700) where it is missing. Throws `output-unwritable`. */
  begin(directory: string, fileName: string, object: PackageObject): Promise<PartialDownload>
  /**
   * Puts files (0600) into a directory, all or none of them: what has one of the names is kept under a dated one. Throws
   * `output-unwritable`.
   */
  place(directory: string, files: Readonly<Record<string, Uint8Array>>, at: Date): Promise<PlacedFile[]>
}
