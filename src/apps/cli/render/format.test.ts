// What people read: sizes, times, widths.
import { expect, test } from 'vitest'
import {
  formatAge,
  formatBytes,
  formatBytesRate,
  formatCount,
  formatDuration,
  formatRowsRate,
  formatTime,
  plural,
  shortHash,
} from './format.ts'
import { clean, cleanLine, paintWith, wantsColour } from './style.ts'
import { renderFields, renderTable } from './table.ts'
import { cut, padStart, widthOf } from './width.ts'

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_000, '1.0 KiB'],
  [10_240, '10 KiB'],
  [1_048_576, '1.0 MiB'],
  [1_023_000, '999 KiB'],
  [1_023_999, '1.0 MiB'],
  [5_368_709_120, '5.0 GiB'],
])('%d bytes', (bytes, text) => expect(formatBytes(bytes)).toBe(text))

test.each([
  [-5, '0.0 s'],
  [400, '0.4 s'],
  [950, '1 s'],
  [59_400, '59 s'],
  [59_600, '1 min'],
  [185_000, '3 min 5 s'],
  [7_800_000, '2 h 10 min'],
  [86_400_000, '1 d'],
  [273_600_000, '3 d 4 h'],
])('%d ms', (ms, text) => expect(formatDuration(ms)).toBe(text))

test('counts and rates', () => {
  expect(formatCount('1234567')).toBe('1\u202f234\u202f567')
  expect(formatCount(999)).toBe('999')
  expect(formatCount(12_345_678_901_234_567_890n)).toBe('12\u202f345\u202f678\u202f901\u202f234\u202f567\u202f890')
  expect(plural(1, 'row')).toBe('1 row')
  expect(plural('0', 'row')).toBe('0 rows')
  expect(formatBytesRate(3_250_586)).toBe('3.1 MiB/s')
  expect(formatRowsRate(1_234.4)).toBe('1\u202f234 rows/s')
})

test('times', () => {
  const now = new Date('2026-11-23T17:20:00Z')
  expect(formatTime('2026-11-23T17:15:00.123Z')).toBe('2026-11-23 17:15:00Z')
  expect(formatTime('')).toBe('unknown')
  expect(formatAge('2026-11-23T17:15:00Z', now)).toBe('2026-11-23 17:15:00Z (5 min ago)')
  expect(shortHash('sha256:0123456789abcdef')).toBe('0123456789ab')
})

test('width counts columns, not code units', () => {
  expect(widthOf('abc')).toBe(3)
  expect(widthOf('出荷')).toBe(4)
  expect(widthOf('e\u0301')).toBe(1)
  expect(widthOf('\u001b[31mred\u001b[39m')).toBe(3)
})

test('cutting fits, and closes its colours', () => {
  expect(cut('abcdef', 6)).toBe('abcdef')
  expect(cut('abcdef', 4)).toBe('abc…')
  expect(cut('出荷台帳', 4)).toBe('出…')
  const red = paintWith(true)('red', 'abcdef')
  expect(cut(red, 4)).toBe('\u001b[31mabc…\u001b[0m')
  expect(widthOf(cut(red, 4))).toBe(4)
  expect(padStart('7', 3)).toBe('  7')
})

test('a table lines up', () => {
  const columns = [{ title: 'ROLE' }, { title: 'ROWS', right: true }, { title: 'NOTE' }]
  const lines = renderTable(
    columns,
    [
      ['ledger', '12', ''],
      ['出荷', '3400', 'x'],
    ],
    paintWith(false),
    2,
  )
  expect(lines).toEqual(['  ROLE    ROWS  NOTE', '  ledger    12', '  出荷    3400  x'])
  expect(
    renderFields(
      [
        ['run', 'a'],
        ['release', 'b'],
        ['gone', undefined],
      ],
      paintWith(false),
    ),
  ).toEqual(['run      a', 'release  b'])
})

test('colour is asked for, and NO_COLOR wins', () => {
  expect(wantsColour({}, true)).toBe(true)
  expect(wantsColour({}, false)).toBe(false)
  expect(wantsColour({ TERM: 'dumb' }, true)).toBe(false)
  expect(wantsColour({ FORCE_COLOR: '1' }, false)).toBe(true)
  expect(wantsColour({ FORCE_COLOR: '1', NO_COLOR: '1' }, true)).toBe(false)
  expect(paintWith(false)('red', 'x')).toBe('x')
  expect(paintWith(true)('red', 'x')).toBe('\u001b[31mx\u001b[39m')
})

test('text from outside cannot steer the terminal', () => {
  expect(clean('a\u001b[2Jb\u0007c\r\nd\te')).toBe('abc\nd\te')
  expect(clean('a\u001b]0;title\u0007b')).toBe('ab')
  expect(cleanLine('one\n  two\tthree \n')).toBe('one two three')
})
