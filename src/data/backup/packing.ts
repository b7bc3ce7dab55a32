// Large objects are a file each in a dump, and there may be a hundred thousand of them: small ones go to the store together, a
// few megabytes at a time. An object of its own for each costs a key exchange and several round trips to the store.
import type { Gzip } from '../../ports/pgtools.ts'
import { isPlainRows, LARGE_OBJECT_FILE, packedBytes } from '../pack.ts'
import type { Outgoing } from './shipping.ts'

/** A bigger one is worth an object of its own. */
const SMALL_BYTES = 256 * 1024
/** A pack is held in memory, one for each write that is under way. */
const PACK_BYTES = 2 * 1024 * 1024

export interface DumpFile {
  /** In the dump's directory. */
  name: string
  sizeBytes: number
}

export interface Packing {
  /** Takes a finished file of the dump. Each once; the same again is left out. */
  add: (file: DumpFile) => void
  /** Gives on what is collected and not full yet. */
  flush: () => void
}

/** Turns the finished files of a dump into what is to be stored of it; `gzip` is for those that pg_dump left plain. */
export function packing(role: string, directory: string, ship: (outgoing: Outgoing) => void, gzip?: Gzip): Packing {
  const known = new Set<string>()
  let collected: string[] = []
  let sizeBytes = 0
  let packs = 0

  function flush(): void {
    if (collected.length === 0) return
    packs += 1
    ship({ name: `${role}/data/blobs_${packs}.tar.age`, sizeBytes, content: { files: collected } })
    collected = []
    sizeBytes = 0
  }

  return {
    add(file) {
      if (known.has(file.name)) return
      known.add(file.name)
      const path = `${directory}/${file.name}`
      if (!LARGE_OBJECT_FILE.test(file.name) || file.sizeBytes > SMALL_BYTES) {
        const plain = gzip !== undefined && isPlainRows(file.name)
        const name = `${role}/data/${file.name}${plain ? '.gz' : ''}.age`
        ship({ name, sizeBytes: file.sizeBytes, content: plain ? { file: path, gzip } : { file: path } })
        return
      }
      collected.push(path)
      sizeBytes += packedBytes(file.sizeBytes)
      if (sizeBytes >= PACK_BYTES) flush()
    },
    flush,
  }
}
