import { expect, test } from 'vitest'
import { createIdSource } from './deliveries.ts'

test('ids rise within one millisecond and when the clock steps back', () => {
  const times = [1000, 1000, 1000, 900, 2000]
  const next = createIdSource(() => times.shift() ?? 0)
  expect([next(), next(), next(), next(), next()]).toEqual([1_000_000, 1_000_001, 1_000_002, 1_000_003, 2_000_000])
})

test('ids of this century are whole numbers that JavaScript holds exactly', () => {
  const next = createIdSource(() => Date.UTC(2099, 0, 1))
  expect(Number.isSafeInteger(next())).toBe(true)
})
