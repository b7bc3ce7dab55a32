import { expect, test } from 'vitest'
import { isPawlError } from '../errors.ts'
import { chart } from './facts.fixture.ts'
import { newestRelease, resolveTarget } from './target.ts'

const candidates = [
  chart('2025.6.10', '1.188.1'),
  chart('2025.6.10', '1.188.2'),
  chart('2025.9.11', '1.208.2'),
  chart('2025.10.13', '1.213.10'),
  chart('2025.10.13', '1.213.9'),
  chart('2025.11.11-rc.2', '1.228.0-beta'),
  chart('nightly', '1.300.0'),
]

function codeOf(requested: string): string {
  try {
    return `chart ${resolveTarget(requested, candidates, 'calver').chart.version}`
  } catch (error) {
    return isPawlError(error) ? error.code : 'other'
  }
}

test.each([
  ['2025.9.11', 'chart 1.208.2'],
  ['2025.6.10', 'chart 1.188.2'],
  ['2025.10.13', 'chart 1.213.10'],
  ['2025.11.11-rc.2', 'chart 1.228.0-beta'],
  ['chart:1.188.1', 'chart 1.188.1'],
  ['2025.11.11', 'target-unknown'],
  ['2025.09.11', 'target-unknown'],
  ['chart:9.9.9', 'target-unknown'],
  ['latest', 'version-unparsable'],
  ['', 'version-unparsable'],
  ['nightly', 'version-unparsable'],
  ['v2025.9.11', 'version-unparsable'],
  ['>=2025.9.11', 'version-unparsable'],
  ['chart:', 'version-unparsable'],
  ['chart:1.x', 'version-unparsable'],
  ['1.188.1', 'version-unparsable'],
])('%j resolves to %s', (requested, expected) => {
  expect(codeOf(requested)).toBe(expected)
})

test('where several charts carry one release, that is said', () => {
  expect(resolveTarget('2025.6.10', candidates, 'calver').note).toContain('1.188.1')
  expect(resolveTarget('2025.9.11', candidates, 'calver').note).toBeUndefined()
})

test('a chart version does not name an application in full', () => {
  expect(resolveTarget('chart:1.228.0-beta', candidates, 'calver').namedInFull).toBe(false)
  expect(resolveTarget('2025.11.11-rc.2', candidates, 'calver').namedInFull).toBe(true)
})

test('the newest release is no candidate, and no version for tests', () => {
  expect(newestRelease(candidates, 'calver')?.text).toBe('2025.10.13')
  const withTest = [...candidates, { name: 'carto', version: '1.44.13', appVersion: '2098.12.12', annotations: {} }]
  expect(newestRelease(withTest, 'calver')?.text).toBe('2025.10.13')
  expect(newestRelease([], 'calver')).toBeUndefined()
})
