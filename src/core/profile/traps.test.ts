import { expect, test } from 'vitest'
import { findTraps } from './traps.ts'
import type { TrapRule, TrapScope } from './traps.ts'

const RULE: TrapRule = { name: 'x', when: 'true', weight: 'warn', says: 'it breaks', remedy: 'mend it first' }

function scope(from: string, to: string, values = {}, before = {}): TrapScope {
  const chart = (version: string): TrapScope['chart'] => ({ name: 'c', version, appVersion: '1', annotations: {} })
  return {
    release: { name: 'r', namespace: 'n' },
    values,
    chart: chart(to),
    before: { values: before, chart: chart(from) },
    live: { passwordUrlSafe: { main: false } },
  }
}

function found(rule: Partial<TrapRule>, where: TrapScope): string[] {
  const { findings } = findTraps({ name: 'p', traps: [{ ...RULE, ...rule }] }, where)
  return findings.map(({ name, unknown }) => (unknown === undefined ? name : `${name}?`))
}

test.each([
  [{}, '1.0.0', '1.1.0', true],
  [{ crossing: '1.225.1' }, '1.208.2', '1.228.1', true],
  [{ crossing: '1.225.1' }, '1.208.2', '1.225.1', true],
  [{ crossing: '1.225.1' }, '1.208.2', '1.225.1-beta', true],
  [{ crossing: '1.225.1' }, '1.225.1-beta', '1.228.1', false],
  [{ crossing: '1.225.1' }, '1.208.2', '1.223.2', false],
  [{ crossing: '1.225.1' }, '1.228.1', '1.280.1', false],
  // As numbers: 1.99 comes before 1.225.
  [{ crossing: '1.225.1' }, '1.99.9', '1.228.1', true],
  [{ from: '1.240.2' }, '1.250.1', '1.251.6', true],
  [{ from: '1.240.2' }, '1.208.2', '1.240.1', false],
  [{ before: '1.278.2' }, '1.208.2', '1.278.1', true],
  [{ before: '1.278.2' }, '1.208.2', '1.278.2', false],
  [{ from: '1.240.2', before: '1.278.2' }, '1.208.2', '1.280.1', false],
])('%o from %s to %s: %s', (charts, from, to, there) => {
  expect(found({ charts }, scope(from, to))).toEqual(there ? ['x'] : [])
})

test('conditions see both sides and what was seen in the cluster', () => {
  const where = scope('1.0.0', '1.1.0', { a: 2 }, { a: 1 })
  expect(found({ when: 'values.a == 2 && before.values.a == 1' }, where)).toEqual(['x'])
  expect(found({ when: "before.chart.version == '1.0.0' && chart.version == '1.1.0'" }, where)).toEqual(['x'])
  expect(found({ when: "!live.passwordUrlSafe['main']" }, where)).toEqual(['x'])
})

test('what cannot be decided is a finding that says so', () => {
  expect(found({ when: "!live.passwordUrlSafe['unread']" }, scope('1.0.0', '1.1.0'))).toEqual(['x?'])
  expect(found({ when: 'values.missing' }, scope('1.0.0', '1.1.0'))).toEqual(['x?'])
  expect(found({ charts: { from: '1.2.3' } }, scope('1.0.0', 'nightly'))).toEqual(['x?'])
})

test('a trap that cannot be there is not asked', () => {
  expect(found({ charts: { from: '2.0.0' }, when: 'values.missing' }, scope('1.0.0', '1.1.0'))).toEqual([])
})
