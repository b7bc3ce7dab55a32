import { expect, test } from 'vitest'
import { quantityOf } from './quantity.ts'

test.each<[unknown, number | undefined]>([
  ['500m', 0.5],
  ['2', 2],
  [2, 2],
  ['1.5', 1.5],
  ['.5', 0.5],
  ['2Gi', 2 * 2 ** 30],
  ['2048Mi', 2 * 2 ** 30],
  ['1e3', 1000],
  ['2G', 2e9],
  ['100k', 100_000],
  ['1E', 1e18],
  ['', undefined],
  ['two', undefined],
  ['2gi', undefined],
  [undefined, undefined],
])('%j', (text, number) => {
  expect(quantityOf(text)).toBe(number)
})
