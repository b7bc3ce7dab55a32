import { expect, test } from 'vitest'
import { displayName, identifier, literal, qualified } from './text.ts'

test('names are always quoted, quotes doubled', () => {
  expect(identifier('plain')).toBe('"plain"')
  expect(identifier('we"ird; drop table x')).toBe('"we""ird; drop table x"')
  expect(qualified('Mixed Case', 'a.b')).toBe('"Mixed Case"."a.b"')
})

test('values cannot end their own quotes, whatever standard_conforming_strings says', () => {
  expect(literal(`it's`)).toBe(`'it''s'`)
  expect(literal(String.raw`back\'slash`)).toBe(String.raw`E'back\\''slash'`)
})

test('shown names are bare where they can be and never the same for two tables', () => {
  expect(displayName('public', 'orders')).toBe('public.orders')
  expect(displayName('public', 'Orders')).toBe('public."Orders"')
  expect(displayName('a.b', 'c')).not.toBe(displayName('a', 'b.c'))
})
