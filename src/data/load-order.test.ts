// Sizes that make pg_restore begin with the longest work, and files that can still be read.
import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { growths, type DataFile } from './load-order.ts'

const MB = 1024 * 1024
const WIDE = { name: '1.dat.gz', sizeBytes: 9 * MB, rows: 50_000, indexBytes: 0 }
const NARROW = { name: '2.dat.gz', sizeBytes: 2 * MB, rows: 440_000, indexBytes: 0 }
const SMALL = { name: '3.dat.gz', sizeBytes: 100, rows: 10, indexBytes: 0 }

/** As pg_restore sorts them. */
function biggestFirst(files: readonly DataFile[]): string[] {
  const grown = new Map(growths(files).map(({ name, sizeBytes }) => [name, sizeBytes]))
  const sizeOf = (file: DataFile): number => grown.get(file.name) ?? file.sizeBytes
  return files.toSorted((left, right) => sizeOf(right) - sizeOf(left)).map(({ name }) => name)
}

test('many rows in a small file are the longer work', () => {
  expect(biggestFirst([WIDE, NARROW, SMALL])).toEqual(['2.dat.gz', '1.dat.gz', '3.dat.gz'])
  const zstd = [WIDE, NARROW, SMALL].map((file) => ({ ...file, name: file.name.replace('gz', 'zst') }))
  expect(biggestFirst(zstd)).toEqual(['2.dat.zst', '1.dat.zst', '3.dat.zst'])
})

test('so is a table with big indexes', () => {
  const indexed = { ...WIDE, name: '4.dat.gz', sizeBytes: 8 * MB, indexBytes: 64 * MB }
  expect(biggestFirst([WIDE, NARROW, indexed])).toEqual(['4.dat.gz', '2.dat.gz', '1.dat.gz'])
})

test('no file is longer than it must be, and most stay as they are', () => {
  expect(growths([WIDE, NARROW, SMALL])).toEqual([
    { name: NARROW.name, sizeBytes: WIDE.sizeBytes + 1, bytes: new Uint8Array(0) },
  ])
  expect(growths([WIDE, { ...NARROW, rows: 4400 }])).toEqual([])
  // A file that is not compressed has no end of its own.
  expect(growths([WIDE, { ...NARROW, name: '2.dat' }])).toEqual([])
  const giant = { name: '4.dat.zst', sizeBytes: 2 ** 40, rows: 1, indexBytes: 0 }
  const [grown] = growths([giant, { name: '5.dat.zst', sizeBytes: 2 ** 30, rows: 2 ** 37, indexBytes: 0 }])
  expect(grown?.sizeBytes).toBe(2 ** 30 + 8 + 2 ** 32 - 1)
})

test('what was in a file can be read when it is longer', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pawl-order-'))
  const text = Buffer.from('row\n'.repeat(1000))
  try {
    for (const [name, packed, unpack] of [
      ['2.dat.zst', zstdCompressSync(text), zstdDecompressSync],
      ['2.dat.gz', gzipSync(text), gunzipSync],
    ] as const) {
      const path = join(directory, name)
      writeFileSync(path, packed)
      const file = { name, sizeBytes: packed.length, rows: 10_000_000, indexBytes: 0 }
      // Eight bytes more at least, whatever little is missing.
      const [grown] = growths([{ ...WIDE, sizeBytes: 3 * MB }, file])
      if (grown === undefined) throw new Error(`${name} is not longer`)
      appendFileSync(path, grown.bytes)
      truncateSync(path, grown.sizeBytes)
      expect(unpack(readFileSync(path)).equals(text)).toBe(true)
    }
  } finally {
    rmSync(directory, { recursive: true })
  }
})
