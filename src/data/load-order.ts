// The order in which pg_restore loads tables. Its workers begin with the biggest file, and that is not always the longest work: rows
// that compress well are a small file, and one processor would end up loading them alone when all else is done.
import type { PgTools } from '../ports/pgtools.ts'
import type { WorkDir } from '../ports/workdir.ts'
import type { Digests } from './manifest.ts'

/**
 * What a row costs beside its bytes (its place in the heap and in the usual index), in bytes of a compressed file. Measured on
 * PostgreSQL 15: a byte 0.1 microseconds, a row 2.4 more.
 */
const ROW_BYTES = 24
/** The same for a byte of an index, which is built as soon as the rows are there: 0.03 microseconds for most kinds. */
const INDEX_BYTE_BYTES = 0.3
/** Less than this never keeps a worker long. */
const SMALL_BYTES = 1024 * 1024

/** What a zstd decoder passes over; https://www.rfc-editor.org/rfc/rfc8878#name-skippable-frames */
const SKIPPED_MAGIC = 0x18_4d_2a_50
const SKIPPED_HEAD_BYTES = 8
const SKIPPED_MOST = 0xff_ff_ff_ff

export interface DataFile {
  /** In the dump's directory. */
  name: string
  sizeBytes: number
  rows: number
  /** Of all indexes of the table. */
  indexBytes: number
}

export interface Growth {
  name: string
  sizeBytes: number
  /** Written behind what the file holds; zeros follow it. */
  bytes: Uint8Array
}

const workOf = ({ sizeBytes, rows, indexBytes }: DataFile): number =>
  sizeBytes + rows * ROW_BYTES + indexBytes * INDEX_BYTE_BYTES

/**
 * How long a file must be made. gzip's reader leaves out what follows its stream, if it is none itself (https://zlib.net/manual.html,
 * gzread); for zstd's it has to be a frame to pass over.
 */
function growth({ name, sizeBytes }: Pick<DataFile, 'name' | 'sizeBytes'>, atLeast: number): Growth | undefined {
  if (name.endsWith('.gz')) return { name, sizeBytes: atLeast, bytes: new Uint8Array(0) }
  if (!name.endsWith('.zst')) return undefined
  const passedOver = Math.min(Math.max(0, atLeast - sizeBytes - SKIPPED_HEAD_BYTES), SKIPPED_MOST)
  const head = Buffer.alloc(SKIPPED_HEAD_BYTES)
  head.writeUInt32LE(SKIPPED_MAGIC, 0)
  head.writeUInt32LE(passedOver, 4)
  return { name, sizeBytes: sizeBytes + SKIPPED_HEAD_BYTES + passedOver, bytes: head }
}

/** Which files must be longer, so that their sizes are in the order of the work that they are. */
export function growths(files: readonly DataFile[]): Growth[] {
  const found: Growth[] = []
  let longest = 0
  for (const file of files.toSorted((left, right) => workOf(left) - workOf(right))) {
    if (workOf(file) < SMALL_BYTES) continue
    const grown = file.sizeBytes > longest ? undefined : growth(file, longest + 1)
    if (grown !== undefined) found.push(grown)
    longest = Math.max(longest, grown?.sizeBytes ?? file.sizeBytes)
  }
  return found
}

/**
 * Makes files of a fetched dump longer, by holes that take no room and that nobody reads, so that the longest work is begun first.
 * Without it a restore takes longer and is the same: not being able to is no failure.
 */
export async function longestWorkFirst(
  tools: PgTools,
  work: WorkDir,
  directory: string,
  { tables: digests, indexBytes = {} }: Pick<Digests, 'tables' | 'indexBytes'>,
  signal: AbortSignal,
): Promise<void> {
  const rows = new Map(digests.map((table) => [table.table, Number(table.rows)]))
  try {
    const tables = await tools.contents(work.at(directory), signal)
    const inside = new Map(
      tables.map(({ stem, table }) => [
        `${stem}.dat`,
        { rows: rows.get(table) ?? 0, indexBytes: indexBytes[table] ?? 0 },
      ]),
    )
    const files = (await work.files(directory)).flatMap((file): DataFile[] => {
      const name = file.name.slice(directory.length + 1)
      const found = inside.get(name.replace(/\.(?:gz|zst)$/, ''))
      return found === undefined ? [] : [{ name, sizeBytes: file.sizeBytes, ...found }]
    })
    for (const { name, sizeBytes, bytes } of growths(files)) await work.extend(`${directory}/${name}`, bytes, sizeBytes)
  } catch {
    signal.throwIfAborted()
  }
}
