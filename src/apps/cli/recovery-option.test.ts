import { expect, test } from 'vitest'
import type { Installation } from '../../core/resources.ts'
import { recoveryOption, stagingOf } from './recovery-option.ts'

const installed = (recovery?: 'staged' | 'store'): Installation =>
  (recovery === undefined ? {} : { recovery }) as Installation

test('what is typed beats what the installation says, and that beats the store', () => {
  expect(stagingOf({}, installed())).toBeUndefined()
  expect(stagingOf({}, installed('store'))).toBeUndefined()
  expect(stagingOf({}, installed('staged'))).toEqual({})
  expect(stagingOf({ recovery: 'store' }, installed('staged'))).toBeUndefined()
  expect(stagingOf({ recovery: 'staged', serverRoom: '2G' }, installed())).toEqual({ roomBytes: 2e9 })
})

test('nothing else is taken', () => {
  expect(() => recoveryOption({ recovery: 'fast' })).toThrow(
    expect.objectContaining({ code: 'input-invalid' }) as Error,
  )
  expect(() => stagingOf({ recovery: 'staged', serverRoom: 'much' }, installed())).toThrow(
    expect.objectContaining({ code: 'input-invalid' }) as Error,
  )
})
