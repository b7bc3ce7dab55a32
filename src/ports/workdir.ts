// A private directory for one task's files, gone when the task ends.
import type { Readable } from 'node:stream'

export interface WorkFile {
  /** Relative to the directory, with slashes. */
  name: string
  sizeBytes: number
}

export interface WorkDir {
  /** Absolute; only this user can enter it. */
  readonly path: string
  /** Absolute path of a file or directory in it. */
  at(name: string): string
  /** Every file under a directory in it, in name order; empty where there is no such directory. */
  files(under: string): Promise<WorkFile[]>
  read(name: string): Readable
  /** The whole file; for small ones. */
  bytes(name: string): Promise<Uint8Array>
  /** Creates missing directories. Throws `backup-failed` where there is no room. */
  write(name: string, body: Readable | Uint8Array, signal?: AbortSignal): Promise<void>
  /** Appends to a file and makes it so long, by a hole where the file system has such. */
  extend(name: string, bytes: Uint8Array, sizeBytes: number): Promise<void>
  remove(name: string): Promise<void>
  /** What may still be written into the file system it lies in, and at most what this container may write at all. */
  freeBytes(): Promise<number>
  /** Removes the directory with everything in it. Idempotent. */
  dispose(): Promise<void>
}

export interface WorkDirs {
  /** Takes away first what killed ones have left. */
  make(): Promise<WorkDir>
  /** For work that turns out to need none: what killed ones have left on this machine goes. */
  sweep(): Promise<void>
  /**
   * For a directory that another user must be able to enter: the absolute path that its name begins with. Whoever makes it removes
   * it; where that does not happen, because we were killed, a later `make` does.
   */
  beginning(what: string): string
}
