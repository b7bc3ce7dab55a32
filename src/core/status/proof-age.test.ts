import { expect, test } from 'vitest'
import { isProofOld, proofLimitMs } from './proof-age.ts'

const HOUR = 3_600_000
const now = new Date('2026-11-25T12:00:00Z')

test('without a schedule a proof is good for a week, with one for twice its longest gap', () => {
  expect(isProofOld('2026-11-18T12:00:00Z', proofLimitMs(undefined), now)).toBe(false)
  expect(isProofOld('2026-11-18T11:59:59Z', proofLimitMs(undefined), now)).toBe(true)
  expect(isProofOld('2026-11-23T12:00:00Z', proofLimitMs(24 * HOUR), now)).toBe(false)
  expect(isProofOld('2026-11-23T11:00:00Z', proofLimitMs(24 * HOUR), now)).toBe(true)
})

test('a time that cannot be read is no proof', () => {
  expect(isProofOld('', proofLimitMs(undefined), now)).toBe(true)
})
