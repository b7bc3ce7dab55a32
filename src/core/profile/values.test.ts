import { expect, test } from 'vitest'
import { coalesceValues } from './values.ts'

test('mappings merge, lists and scalars replace', () => {
  const chart = { a: { x: 1, y: 2 }, list: [1, 2], keep: 'k', kind: { was: 'map' }, text: 'was text' }
  const config = { a: { y: 3, z: 4 }, list: [9], kind: 'now text', text: { now: 'map' } }
  expect(coalesceValues(chart, config)).toEqual({
    a: { x: 1, y: 3, z: 4 },
    list: [9],
    keep: 'k',
    kind: 'now text',
    text: { now: 'map' },
  })
})

test('null removes a key of the chart, at every depth', () => {
  expect(coalesceValues({ a: 1, b: { c: 1, d: { e: 1 } } }, { a: null, b: { c: null, d: null } })).toEqual({ b: {} })
})

test('a null of the chart is no value, a null of the user stays where the chart has none', () => {
  expect(coalesceValues({ none: null, deep: { none: null, list: [null] } }, {})).toEqual({ deep: { list: [null] } })
  expect(coalesceValues({ a: { b: 1 } }, { x: null, a: { y: null } })).toEqual({ x: null, a: { b: 1, y: null } })
})

test('neither argument is changed, nor shared with the result', () => {
  const chart = { a: { b: [1] } }
  const config = { c: { d: [2] } }
  const result = coalesceValues(chart, config) as { a: { b: number[] }; c: { d: number[] } }
  result.a.b.push(9)
  result.c.d.push(9)
  expect([chart, config]).toEqual([{ a: { b: [1] } }, { c: { d: [2] } }])
})
