import { expect, test } from 'vitest'
import { evaluatorFor } from './cel.ts'

const values = {
  a: { b: 'x', off: false, zero: 0, empty: '', text: 'false', none: null, list: [], map: {}, full: { k: 1 } },
}
const scope = {
  release: { name: 'r', namespace: 'n' },
  values,
  chart: { name: 'c', version: '1.2.3', appVersion: '1', annotations: {} },
}
const cel = evaluatorFor('test', scope)

test.each([
  ["truthy(at(values, 'a.b'))", true],
  ["truthy(at(values, 'a.text'))", true],
  ["truthy(at(values, 'a.full'))", true],
  ["truthy(at(values, 'a.off'))", false],
  ["truthy(at(values, 'a.zero'))", false],
  ["truthy(at(values, 'a.empty'))", false],
  ["truthy(at(values, 'a.none'))", false],
  ["truthy(at(values, 'a.list'))", false],
  ["truthy(at(values, 'a.map'))", false],
  ["truthy(at(values, 'a.missing.deeper'))", false],
  ["truthy(at(values, 'a.b.deeper'))", false],
  ["at(values, 'a.b') == 'x'", true],
])('%s', (expression, expected) => {
  expect(cel.flag('f', expression)).toBe(expected)
})

test('names are cut at 63 characters and lose the dash that the cut leaves', () => {
  expect(cel.text('f', `kubeName('${'n'.repeat(62)}-tail')`)).toBe('n'.repeat(62))
  expect(cel.text('f', "kubeName('shop-tally')")).toBe('shop-tally')
})
