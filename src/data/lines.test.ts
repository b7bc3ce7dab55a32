import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PIECE_BYTES } from './digest.ts'
import { largeObjectLines, largeObjectSums, lineSums, sumLargeObjects, sumLines } from './lines.ts'

/** Cut into pieces wherever `cuts` says. */
function inPieces(bytes: Buffer, cuts: readonly number[]): Readable {
  const places = [
    0,
    ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((left, right) => left - right),
    bytes.length,
  ]
  const pieces = places.slice(1).map((place, at) => bytes.subarray(places[at], place))
  return Readable.from(pieces.filter((piece) => piece.length > 0))
}

const rows = fc.array(
  fc.string({ maxLength: 12 }).map((row) => row.replaceAll(/[\n\\]/g, '')),
  { maxLength: 20 },
)
const text = (lines: readonly string[], end = '\\.\n\n\n'): Buffer =>
  Buffer.from(lines.map((line) => `${line}\n`).join('') + end)

test('the sums do not depend on the order of rows, nor on where the stream is cut', async () => {
  await fc.assert(
    fc.asyncProperty(rows, fc.array(fc.nat()), async (lines, cuts) => {
      const { sums, whole } = await sumLines(inPieces(text(lines), cuts))
      expect(whole).toBe(true)
      expect(sums.rows).toBe(BigInt(lines.length))
      const backwards = await sumLines(inPieces(text(lines.toReversed(), ''), cuts.toReversed()))
      expect(backwards).toEqual({ sums, whole: false })
    }),
  )
})

test('a row that is nothing but NULL is a row, wherever the stream is cut; only a backslash and a dot are the end', async () => {
  const lines = [String.raw`\N`, '.', 'a.', '']
  const bytes = text(lines)
  const { sums } = await sumLines(inPieces(bytes, []))
  for (let at = 0; at <= bytes.length; at++) {
    const found = await sumLines(inPieces(bytes, [at, at + 1]))
    expect(found).toEqual({ sums, whole: true })
  }
  expect(sums.rows).toBe(4n)
})

test('every change of a row is seen, a doubled row too, and what follows the end is nothing', async () => {
  const sumsOf = async (lines: string[], end?: string) => (await sumLines(inPieces(text(lines, end), []))).sums
  const all = [['a', 'b'], ['a', 'c'], ['a'], ['a', 'b', 'b'], ['ab'], ['b', 'b', 'a', 'a'], []]
  const found = await Promise.all(
    all.map(async (lines) =>
      JSON.stringify(await sumsOf(lines), (_, value: unknown) =>
        String(value) === '[object Object]' ? value : String(value),
      ),
    ),
  )
  expect(new Set(found).size).toBe(all.length)
  expect(await sumsOf(['a'], '\\.\nb\n')).toEqual(await sumsOf(['a']))
})

test('the numbers are those of SHA-256, added without loss', () => {
  const lines = lineSums()
  const digest = createHash('sha256').update('row').digest()
  for (let count = 0; count < 3; count++) lines.add(Buffer.from('row'))
  expect(lines.sums()).toEqual({
    part: 0,
    rows: 3n,
    low: 3n * digest.readBigUInt64BE(0),
    high: 3n * digest.readBigUInt64BE(8),
  })
})

async function linesOf(oid: string, content: Readable): Promise<string[]> {
  const found: string[] = []
  for await (const line of largeObjectLines(oid, content)) found.push(line)
  return found
}

test('a large object has a line for each piece, and one more after a full one', async () => {
  const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
  const nothing = Buffer.alloc(0)
  expect(await linesOf('7', Readable.from([nothing]))).toEqual([`7:0:${sha256(nothing)}`])
  const full = Buffer.alloc(PIECE_BYTES, 'x')
  expect(await linesOf('7', Readable.from([full]))).toEqual([
    `7:0:${sha256(full)}`,
    `7:${PIECE_BYTES}:${sha256(nothing)}`,
  ])
  const more = Buffer.concat([full, Buffer.from('rest')])
  const lines = await linesOf('7', inPieces(more, [5, PIECE_BYTES - 1, PIECE_BYTES + 1]))
  expect(lines).toEqual([`7:0:${sha256(full)}`, `7:${PIECE_BYTES}:${sha256(Buffer.from('rest'))}`])
  const objects = largeObjectSums()
  for (const line of lines) objects.add(line)
  expect(objects.sums().rows).toBe(1n)
  const copied = await sumLargeObjects(inPieces(Buffer.from(`${lines.toReversed().join('\n')}\n`), [3, 90]))
  expect(copied).toEqual(objects.sums())
})
