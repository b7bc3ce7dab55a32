// A bench is met by its figures, and by nothing else.
import { expect, test } from 'vitest'
import { figureText, isMet, lastLine, median, tableOf } from '../bench/bench.ts'
import type { Figure } from '../bench/bench.ts'

const help = (value: number): Figure => ({ name: 'help', value, unit: 'ms', target: { below: 100 } })
const ratio = (value: number): Figure => ({ name: 'ratio', value, target: { most: 1.5 } })

test('at the border', () => {
  expect([99.9, 100].map((value) => isMet(help(value)))).toEqual([true, false])
  expect([1.5, 1.501].map((value) => isMet(ratio(value)))).toEqual([true, false])
  expect(isMet(ratio(Number.NaN))).toBe(false)
})

test('what is printed', () => {
  expect(figureText(help(61.6))).toBe('62 ms (target: below 100 ms)')
  expect(tableOf([help(120), ratio(1)])).toEqual([
    'MISSED  help   120 ms (target: below 100 ms, MISSED)',
    'ok      ratio  1.00 (target: at most 1.50)',
  ])
  expect(lastLine('cli', [help(62), ratio(1.234)])).toBe(
    'cli: help 62 ms (target: below 100 ms); ratio 1.23 (target: at most 1.50)',
  )
})

test('the median', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(median([4, 1, 3, 2])).toBe(2.5)
  expect(median([])).toBeNaN()
})
