import { expect, test } from 'vitest'
import { isPawlError } from '../../../core/errors.ts'
import { EARLIER, guardWith, LATER, NOW } from '../../../core/guard/guard.fixture.ts'
import { durationOf } from '../commands/guard.run.ts'
import { renderFinding, renderGuard, renderVerdicts } from './guard.ts'

const place = { release: 'toy', namespace: 'toys' }
const opening = { by: 'ada', reason: 'drill', at: EARLIER, until: LATER }
const finding = {
  rule: 'open',
  severity: 'alarm',
  text: 'open until noon\u001b[2J',
  next: 'pawl guard close toy',
} as const

test('a guard that is open shouts, and terminals are not played with', () => {
  const look = { guard: guardWith({ opening }), findings: [finding], probes: [], now: NOW }
  expect(renderGuard(place, look, false)).toBe(`guard of toy -n toys
  ✖ OPEN, 2 floors, Helm revision 4
      reg.example:5000/toy/api 2026.2.9
      reg.example:5000/toy/db 2026.2.9
  ✖ open until noon
      do: pawl guard close toy
`)
})

test('a guard in force says what it was asked', () => {
  const probes = [{ what: 'an upgrade without a ticket', right: true }]
  const text = renderGuard(place, { guard: guardWith({ floors: [] }), findings: [], probes, now: NOW }, false)
  expect(text).toContain('✔ in force, 0 floors, Helm revision 4')
  expect(text).toContain('✔ refuses an upgrade without a ticket')
})

test('what comes and what is over', () => {
  expect(renderFinding({ ...finding, is: 'seen' }, NOW, false)).toContain(
    '✖ open until noon\n      do: pawl guard close toy',
  )
  expect(renderFinding({ ...finding, is: 'over' }, NOW, false)).toMatch(/✔ over: open until noon\n$/)
})

test('verdicts', () => {
  const refusals = [{ policy: 'p', rule: 'floor', message: 'release toy [floor]: too old' }]
  expect(
    renderVerdicts(
      [
        { what: 'a', refusals },
        { what: 'b', refusals: [], note: 'why not' },
      ],
      false,
    ),
  ).toBe('✖ a: refused\n    release toy [floor]: too old\n✔ b: admitted\n    why not\n')
})

test.each([
  ['30m', 1_800_000],
  ['2h', 7_200_000],
  ['90s', 90_000],
  ['24h', 86_400_000],
])('%s is a time', (text, ms) => expect(durationOf(text)).toBe(ms))

test.each(['', '0m', '25h', '1d', '30', 'm', '-5m', '30m '])('"%s" is none', (text) => {
  expect(() => durationOf(text)).toThrow(expect.toSatisfy((error: unknown) => isPawlError(error, 'usage')) as Error)
})
