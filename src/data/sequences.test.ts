import { expect, test } from 'vitest'
import { sequenceFault, sequenceRanges } from './sequences.ts'

const position = { sequence: 's', position: '10', increment: '1', cycle: false }
const range = { sequence: 's', before: '10', after: '20', increment: '1', cycle: false }

test('a value from before to after is right, one outside is named', () => {
  for (const got of ['10', '15', '20']) expect(sequenceFault(range, got)).toBeUndefined()
  expect(sequenceFault(range, '9')).toContain('expected 10 to 20')
  expect(sequenceFault(range, '21')).toContain('got 21')
})

test('a still sequence must be exactly where it was', () => {
  expect(sequenceFault({ ...range, after: '10' }, '10')).toBeUndefined()
  expect(sequenceFault({ ...range, after: '10' }, '12')).toContain('s')
})

test('a sequence that counts down', () => {
  const down = { ...range, before: '-10', after: '-30', increment: '-5' }
  expect(sequenceFault(down, '-21')).toBeUndefined()
  expect(sequenceFault(down, '-9')).toContain('-30 to -10')
})

test('a missing sequence is a fault, a cycling one may be anywhere', () => {
  expect(sequenceFault(range, undefined)).toBe('sequence s is missing')
  expect(sequenceFault({ ...range, cycle: true }, '1')).toBeUndefined()
})

test('numbers beyond what a double can hold', () => {
  const high = { ...range, before: '18446744073709551613', after: '18446744073709551613' }
  expect(sequenceFault(high, '18446744073709551613')).toBeUndefined()
  expect(sequenceFault(high, '18446744073709551615')).toContain('expected')
})

test('only what was there before and after has a range', () => {
  const before = [position, { ...position, sequence: 'dropped' }]
  const after = [
    { ...position, position: '14' },
    { ...position, sequence: 'new' },
  ]
  expect(sequenceRanges(before, after)).toEqual([
    { sequence: 's', before: '10', after: '14', increment: '1', cycle: false },
  ])
})
