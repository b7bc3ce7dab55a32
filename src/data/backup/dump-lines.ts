// The other digest, for a source that must not be read twice: rows are only counted there, and what the dump holds of each table is
// summed line by line, from its files, before they are stored.
import { addAbortSignal, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import type { TableDigest } from '../../core/data/tasks.ts'
import { PawlError } from '../../core/errors.ts'
import type { PgTools } from '../../ports/pgtools.ts'
import type { WorkDir } from '../../ports/workdir.ts'
import { addUp, LARGE_OBJECTS, type Sums, type TableInfo } from '../digest.ts'
import { largeObjectLines, largeObjectSums, sumLines } from '../lines.ts'
import { LARGE_OBJECT_FILE } from '../pack.ts'
import { displayName } from '../sql/text.ts'

/** In every proof of such a set, so that nobody takes it for more. */
export const SOURCE_COUNTED =
  'content of the source: its rows were counted, not read (source load low); that the dump holds just what they held was not shown'

const TABLE_FILE = /^(\d+)\.dat(\.gz|\.zst)?$/

export interface DumpLines {
  /** Reads a finished file, after those that were given before it; each once. An abort ends the reading, and leaves no file open. */
  read: (file: { name: string; sizeBytes: number }, signal: AbortSignal) => Promise<void>
  /** When the dump is written and all its files are still known by its table of contents. */
  finish: (signal: AbortSignal) => Promise<void>
  /** Of each table of the snapshot and of all large objects. Throws `backup-failed` where the dump has other rows than were counted. */
  digests: (tables: readonly TableInfo[], counted: readonly TableDigest[]) => TableDigest[]
}

async function plainly<T>(
  source: Readable,
  ending: string | undefined,
  use: (plain: Readable) => Promise<T>,
): Promise<T> {
  if (ending === undefined) return await use(source)
  const unpack = ending === '.gz' ? createGunzip() : createZstdDecompress()
  const [value] = await Promise.all([use(unpack), pipeline(source, unpack)])
  return value
}

/** `directory` is the dump's in the work directory. */
export function dumpLines(tools: PgTools, work: WorkDir, directory: string): DumpLines {
  const byStem = new Map<string, Sums>()
  const objects = largeObjectSums()
  /** By the table's oid. */
  const files = new Map<string, string>()
  const reads = new Map<string, Promise<void>>()
  let last: Promise<void> = Promise.resolve()

  async function sum(file: string, sizeBytes: number, signal: AbortSignal): Promise<void> {
    const [, stem, ending] = TABLE_FILE.exec(file) ?? []
    const [, oid, packed] = LARGE_OBJECT_FILE.exec(file) ?? []
    // Of a large object without a byte in it pg_dump leaves no zstd either, not even an empty one.
    const source = (): Readable =>
      sizeBytes === 0 ? Readable.from([]) : addAbortSignal(signal, work.read(`${directory}/${file}`))
    if (oid !== undefined) {
      await plainly(source(), sizeBytes === 0 ? undefined : packed, async (plain) => {
        for await (const line of largeObjectLines(oid, plain)) objects.add(line)
      })
    }
    if (stem === undefined) return
    const { sums, whole } = await plainly(source(), ending, sumLines)
    if (!whole)
      throw new PawlError({
        code: 'backup-failed',
        message: `The dump's file ${file} has no end: pg_dump did not finish it.`,
      })
    byStem.set(stem, sums)
  }

  return {
    read({ name, sizeBytes }, signal) {
      const known = reads.get(name)
      if (known !== undefined) return known
      // One after the other: hashing is this process's own work, and there is one of it.
      const before = last
      last = (async () => {
        await before
        signal.throwIfAborted()
        await sum(name, sizeBytes, signal)
      })()
      reads.set(name, last)
      return last
    },
    async finish(signal) {
      for (const { stem, oid } of await tools.contents(work.at(directory), signal)) files.set(oid, stem)
    },
    digests(tables, counted) {
      const found = tables.map((table) => {
        const sums = byStem.get(files.get(table.oid) ?? '')
        return addUp(displayName(table.schema, table.name), new Map(sums === undefined ? [] : [[0, sums]]))
      })
      found.push(addUp(LARGE_OBJECTS, new Map([[0, objects.sums()]])))
      const rows = new Map(counted.map((one) => [one.table, one.rows]))
      for (const one of found) {
        const expected = rows.get(one.table)
        if (expected === one.rows) continue
        const message = `The dump holds ${one.rows} rows of ${one.table}, and ${expected ?? 'none'} were counted in its snapshot.`
        throw new PawlError({
          code: 'backup-failed',
          message,
          facts: { table: one.table, expectedRows: expected, gotRows: one.rows },
        })
      }
      return found.toSorted((left, right) => (left.table < right.table ? -1 : 1))
    },
  }
}
