// Files of a dump go to the store as soon as pg_dump is done with each, while it still writes others, and are removed here: the
// work directory holds what is under way, not the whole dump.
import { basename } from 'node:path/posix'
import type { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { storePart, type Vault } from '../archive.ts'
import type { WorkDir } from '../../ports/workdir.ts'
import { isPlainRows, packFiles, type PackedFile } from '../pack.ts'
import type { Gzip } from '../../ports/pgtools.ts'
import type { StoredPart } from '../manifest.ts'
import { expectation } from './expectation.ts'

/** How many objects are written at once: small files wait for the store, not for the processor. */
const WRITES_AT_ONCE = 4
/** Up to here a file is read in one piece: a stream has buffers several times as big, and a dump may have thousands of files. */
const SMALL_BYTES = 256 * 1024
/** For files that a program of their own would cost more than it saves. */
const QUICKLY = { level: 1 }

export interface Outgoing {
  /** In the set. */
  name: string
  sizeBytes: number
  /** In the work directory, removed when they are stored (several files as one pack); or the bytes themselves. */
  content: { file: string; gzip?: Gzip } | { files: readonly string[] } | { bytes: Uint8Array }
}

export interface Shipping {
  /** Takes one more. Each name once; the same again is left out. */
  add: (outgoing: Outgoing) => void
  /** Nothing more will come. */
  close: () => void
  /** Stores whatever was and will be added; settles when it was closed and all is stored, or rejects with the first failure. */
  run: (signal: AbortSignal) => Promise<void>
  readonly parts: readonly StoredPart[]
}

/** Told how much the store has taken, and of how much: that is known when nothing more will come. */
export type OnShipped = (bytes: number, bytesTotal: number | undefined) => void

export function shipping(
  vault: Vault,
  work: WorkDir,
  recipients: readonly string[],
  onShipped: OnShipped = () => undefined,
): Shipping {
  const waiting: Outgoing[] = []
  const known = new Set<string>()
  const parts: StoredPart[] = []
  let closed = false
  const total = expectation()
  let bytes = 0
  let changed = Promise.withResolvers<void>()

  function wake(): void {
    changed.resolve()
    changed = Promise.withResolvers()
  }

  function tell(): void {
    onShipped(bytes, closed ? total.bytes() : undefined)
  }

  async function ship({ name, sizeBytes, content }: Outgoing, signal: AbortSignal): Promise<void> {
    let plain: Uint8Array | Readable
    let files: readonly string[] = []
    if ('bytes' in content) plain = content.bytes
    else if ('files' in content) [files, plain] = [content.files, await packed(content.files)]
    else {
      files = [content.file]
      plain = await opened(content, sizeBytes, signal)
    }
    const part = await storePart(vault, name, plain, recipients, signal, (more) => {
      bytes += more
      tell()
    })
    parts.push(part)
    total.stored({ sizeBytes, content }, part.plainBytes)
    tell()
    for (const file of files) await work.remove(file)
  }

  async function opened(
    { file, gzip }: { file: string; gzip?: Gzip },
    sizeBytes: number,
    signal: AbortSignal,
  ): Promise<Uint8Array | Readable> {
    if (sizeBytes > SMALL_BYTES) return gzip === undefined ? work.read(file) : gzip.packed(work.at(file), signal)
    const bytes = await work.bytes(file)
    return gzip === undefined ? bytes : gzipSync(bytes, QUICKLY)
  }

  async function packed(files: readonly string[]): Promise<Buffer> {
    const found: PackedFile[] = []
    for (const file of files) {
      const [name, bytes] = [basename(file), await work.bytes(file)]
      found.push(isPlainRows(name) ? { name: `${name}.gz`, bytes: gzipSync(bytes, QUICKLY) } : { name, bytes })
    }
    return packFiles(found)
  }

  async function lane(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const next = waiting.shift()
      if (next !== undefined) await ship(next, signal)
      else if (closed) return
      else await changed.promise
    }
  }

  return {
    parts,
    add(outgoing) {
      if (known.has(outgoing.name)) return
      known.add(outgoing.name)
      total.add(outgoing)
      waiting.push(outgoing)
      wake()
    },
    close() {
      closed = true
      tell()
      wake()
    },
    async run(signal) {
      const failed = new AbortController()
      const either = AbortSignal.any([signal, failed.signal])
      either.addEventListener('abort', wake, { once: true })
      const lanes = Array.from({ length: WRITES_AT_ONCE }, async () => {
        await lane(either).catch((error: unknown) => failed.abort(error))
      })
      await Promise.all(lanes)
      signal.throwIfAborted()
      if (failed.signal.aborted) throw failed.signal.reason
    },
  }
}
