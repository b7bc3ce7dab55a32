import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LogCursor } from './logs.ts'

function read(...connections: string[]): string[] {
  const lines: string[] = []
  const cursor = new LogCursor((line) => lines.push(line))
  for (const text of connections) {
    cursor.begin()
    cursor.feed(text)
  }
  cursor.end()
  return lines
}

test('stamps are taken off, and empty lines stay lines', () => {
  expect(read('2026-11-23T17:00:00.1Z a\n2026-11-23T17:00:00.2Z \n2026-11-23T17:00:00.3Z b c\n')).toEqual([
    'a',
    '',
    'b c',
  ])
})

test('a line that was cut comes again whole, and a last one without a line break counts', () => {
  expect(
    read(
      '2026-11-23T17:00:00.1Z a\n2026-11-23T17:00:00.2Z hal',
      '2026-11-23T17:00:00.1Z a\n2026-11-23T17:00:00.2Z half and half',
    ),
  ).toEqual(['a', 'half and half'])
})

test('fractions of different length and other time zones compare by time', () => {
  expect(
    read(
      '2026-11-23T17:00:00.5Z a\n',
      '2026-11-23T18:00:00.500000000+01:00 a\n2026-11-23T18:00:00.500000001+01:00 b\n',
    ),
  ).toEqual(['a', 'b'])
})

test('however often and wherever a log is cut, every line comes once and in order', () => {
  const log = fc.array(
    fc.record({ gap: fc.constantFrom(0, 0, 1, 400_000_000, 1_500_000_000), text: fc.string({ maxLength: 5 }) }),
    { maxLength: 40 },
  )
  fc.assert(
    fc.property(log, fc.array(fc.nat(), { maxLength: 8 }), (entries, cuts) => {
      let nanoseconds = 0n
      const stamped = entries.map(({ gap, text }) => {
        nanoseconds += BigInt(gap)
        return { nanoseconds, line: `${stamp(nanoseconds)} ${text.replaceAll(/[\r\n]/g, '')}\n` }
      })
      const lines: string[] = []
      const cursor = new LogCursor((line) => lines.push(line))
      // What the kubelet gives from a whole second on, cut somewhere; the last connection gives all of it.
      for (const cut of [...cuts, Number.POSITIVE_INFINITY]) {
        const since = cursor.since
        const text = stamped
          .filter(({ line }) => since === undefined || line >= since.slice(0, 19))
          .map(({ line }) => line)
          .join('')
        cursor.begin()
        cursor.feed(cut === Number.POSITIVE_INFINITY ? text : text.slice(0, cut % (text.length + 1)))
      }
      cursor.end()
      expect(lines).toEqual(stamped.map(({ line }) => line.slice(line.indexOf(' ') + 1, -1)))
    }),
    { numRuns: 300 },
  )
})

function stamp(nanoseconds: bigint): string {
  const seconds = new Date(Number(nanoseconds / 1_000_000_000n) * 1000 + Date.parse('2026-11-23T17:00:00Z'))
    .toISOString()
    .slice(0, 19)
  return `${seconds}.${String(nanoseconds % 1_000_000_000n).padStart(9, '0')}Z`
}
