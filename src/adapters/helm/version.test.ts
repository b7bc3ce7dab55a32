import { expect, test } from 'vitest'
import { isPawlError } from '../../core/errors.ts'
import { checkVersion } from './version.ts'

test('versions of releases and of builds from source are read', () => {
  expect(checkVersion('v4.3.1')).toEqual({ version: '4.3.1', major: 4, minor: 3, patch: 1 })
  expect(checkVersion('v3.22.0+g0abcdef\n')).toMatchObject({ major: 3, minor: 22, patch: 0 })
  expect(checkVersion('v4.3')).toMatchObject({ major: 4, minor: 3, patch: 0 })
  expect(checkVersion('v3.14.0-rc.1')).toMatchObject({ major: 3, minor: 14 })
})

test('builds that must not be used are refused', () => {
  for (const printed of ['v3.13.3', 'v2.17.0', 'v4.2.1', 'v4.2.1+gabc', 'v4.2', 'helm: command not found', '']) {
    expect(() => checkVersion(printed), printed).toThrow(
      expect.toSatisfy((error: unknown) => isPawlError(error, 'helm-unusable')),
    )
  }
  expect(checkVersion('v4.2.2').patch).toBe(2)
  expect(checkVersion('v4.2.0').patch).toBe(0)
})
