// Large objects that were stored together, on their way back. To make a small file and to remove it costs more than to restore what
// is in it, and there may be a hundred thousand: where the login may write into every object, they are filled straight from the packs.
import { createGunzip, createZstdDecompress, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { PawlError } from '../core/errors.ts'
import { QueryFailed, type Connection } from '../ports/database.ts'
import type { WorkDir } from '../ports/workdir.ts'
import { LARGE_OBJECT_FILE, unpackFiles } from './pack.ts'

/** One for all of them before 17, from then on one for each entry of the table of contents. */
const LIST = /^blobs(?:_\d+)?\.toc$/
/** `16413 blob_16413.dat` */
const LISTED = /^(\d+) /
/** A small file may have been a big object. */
const PIECE_BYTES = 1024 * 1024
const STATEMENT_BYTES = 256 * 1024
const STATEMENT_PIECES = 64
const UNDEFINED_OBJECT = '42704'

export interface PackedObjects {
  /** Takes one more pack. Throws `backup-damaged` where it is none. */
  add: (name: string, pack: Buffer, signal: AbortSignal) => Promise<void>
  /** Makes a file of each, for pg_restore. */
  unpack: (signal: AbortSignal) => Promise<void>
  /** pg_restore is to make them and leave them empty. Those that its lists do not have stay lost. Gives how many lists there are. */
  leaveOut: () => Promise<number>
  /** Writes what was left out. Throws `proof-mismatch` for an object that cannot be read, or that was not made. */
  fill: (connection: Connection, role: string, signal: AbortSignal) => Promise<void>
}

interface Piece {
  oid: number
  at: number
  bytes: Buffer
}

function unfit(role: string, oid: number, why: string, cause: unknown): PawlError {
  const message = `The dump of ${role} does not restore: its large object ${oid} ${why}.`
  return new PawlError({ code: 'proof-mismatch', message, facts: { role, largeObject: oid }, cause })
}

/** Of one compressed file; never more than a piece in memory, whatever it was before. */
async function* piecesOf(oid: number, packed: Uint8Array, ending: string | undefined): AsyncGenerator<Piece> {
  // Of a large object without a byte in it pg_dump leaves no zstd either; and pg_restore reads an empty file as one.
  if (packed.length === 0) return
  if (ending === undefined) {
    yield { oid, at: 0, bytes: Buffer.from(packed) }
    return
  }
  const gzip = ending === '.gz'
  try {
    const whole = (gzip ? gunzipSync : zstdDecompressSync)(packed, { maxOutputLength: PIECE_BYTES })
    yield { oid, at: 0, bytes: whole }
    return
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE')) throw error
  }
  const unpacking = gzip ? createGunzip({ chunkSize: PIECE_BYTES }) : createZstdDecompress({ chunkSize: PIECE_BYTES })
  unpacking.end(packed)
  let at = 0
  for await (const bytes of unpacking as AsyncIterable<Buffer>) {
    yield { oid, at, bytes }
    at += bytes.length
  }
}

async function put(connection: Connection, role: string, pieces: readonly Piece[]): Promise<void> {
  const calls = pieces.map(({ oid, at }, number) => `lo_put(${oid}, ${at}, decode($${number + 1}, 'base64'))`)
  try {
    await connection.query(
      `select ${calls.join(', ')}`,
      pieces.map(({ bytes }) => bytes.toString('base64')),
    )
  } catch (error) {
    const oid = pieces[0]?.oid
    if (!(error instanceof QueryFailed) || error.state !== UNDEFINED_OBJECT || oid === undefined) throw error
    if (pieces.length === 1) throw unfit(role, oid, 'was not made', error)
    // One of them; which one is said by the first that fails alone.
    for (const piece of pieces) await put(connection, role, [piece])
  }
}

/** `directory` is the dump's in the work directory. */
export function packedObjects(work: WorkDir, directory: string): PackedObjects {
  const packs: string[] = []
  /** Numbers only: there may be very many. */
  const packed = new Set<number>()
  const leftOut = new Set<number>()

  async function filesOf(pack: string) {
    const files = unpackFiles(Buffer.from(await work.bytes(pack)))
    return files.map((file) => {
      const [, oid, ending] = LARGE_OBJECT_FILE.exec(file.name) ?? []
      return { ...file, oid: Number(oid), ending }
    })
  }

  return {
    async add(name, pack, signal) {
      for (const { name: file, bytes } of unpackFiles(pack)) {
        const [, oid] = LARGE_OBJECT_FILE.exec(file) ?? []
        if (oid !== undefined) packed.add(Number(oid))
        else await work.write(`${directory}/${file}`, bytes, signal)
      }
      await work.write(`${directory}/${name}`, pack, signal)
      packs.push(`${directory}/${name}`)
    },
    async unpack(signal) {
      for (const pack of packs)
        for (const { name, bytes, oid } of await filesOf(pack))
          if (packed.has(oid)) await work.write(`${directory}/${name}`, bytes, signal)
    },
    async leaveOut() {
      const lists = (await work.files(directory)).filter(({ name }) => LIST.test(name.slice(directory.length + 1)))
      for (const { name } of lists) {
        const lines = Buffer.from(await work.bytes(name))
          .toString('latin1')
          .split('\n')
        const rest = lines.filter((line) => {
          const oid = Number(LISTED.exec(line)?.[1])
          if (packed.has(oid)) leftOut.add(oid)
          return !packed.has(oid)
        })
        await work.remove(name)
        await work.write(name, Buffer.from(rest.join('\n'), 'latin1'))
      }
      return lists.length
    },
    async fill(connection, role, signal) {
      let pieces: Piece[] = []
      let bytes = 0
      const flush = async (): Promise<void> => {
        signal.throwIfAborted()
        if (pieces.length > 0) await put(connection, role, pieces)
        ;[pieces, bytes] = [[], 0]
      }
      for (const pack of packs) {
        for (const file of await filesOf(pack)) {
          if (!leftOut.has(file.oid)) continue
          try {
            for await (const piece of piecesOf(file.oid, file.bytes, file.ending)) {
              pieces.push(piece)
              bytes += piece.bytes.length
              if (bytes >= STATEMENT_BYTES || pieces.length >= STATEMENT_PIECES) await flush()
            }
          } catch (error) {
            const code = error instanceof Error && 'code' in error ? String(error.code) : ''
            if (!/^Z_|^ZSTD_/.test(code)) throw error
            throw unfit(role, file.oid, 'cannot be unpacked', error)
          }
        }
      }
      await flush()
    },
  }
}
