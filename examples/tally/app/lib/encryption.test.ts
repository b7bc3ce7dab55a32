import { expect, test } from 'vitest'
import { decrypt, encrypt } from './encryption.ts'

test('reads with the key that wrote, and with no other', () => {
  const bytes = encrypt('right', 'Größe 12, 大阪')
  expect(decrypt('right', bytes)).toBe('Größe 12, 大阪')
  expect(() => decrypt('wrong', bytes)).toThrow()
  expect(bytes.includes('大阪')).toBe(false)
})

test('the same text gives the same bytes', () => {
  expect(encrypt('key', 'one').equals(encrypt('key', 'one'))).toBe(true)
  expect(encrypt('key', 'one').equals(encrypt('key', 'two'))).toBe(false)
})
