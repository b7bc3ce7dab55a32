import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decideRetention, isLeftover, type RetainedRun, type RetainedSet, type RetentionFacts } from './retention.ts'

const NOW = '2026-11-25T12:00:00.000Z'
const daysAgo = (days: number): string => new Date(Date.parse(NOW) - days * 86_400_000).toISOString()

function set(name: string, days: number, more: Partial<RetainedSet> = {}): RetainedSet {
  return { name, takenAt: daysAgo(days), rung: 'proven', chartVersion: '1.0.0', appVersion: '1', ...more }
}

function removed(facts: Partial<RetentionFacts>, keep = 2, keepDays = 7): string[] {
  const decisions = decideRetention({ now: NOW, sets: [], runs: [], ...facts }, { keep, keepDays })
  return decisions.filter((decision) => decision.remove).map(({ name }) => name)
}

test('the newest proven sets stay, older ones go when they are old enough', () => {
  const sets = [set('a', 40), set('b', 30), set('c', 20), set('d', 10), set('e', 1)]
  const running = { appVersion: '9', chartVersion: '9.0.0' }
  expect(removed({ sets, running })).toEqual(['a', 'b', 'c'])
  expect(removed({ sets, running }, 2, 25)).toEqual(['a', 'b'])
  expect(removed({ sets, running }, 5)).toEqual([])
})

test('sets that are not proven do not count, and do not push proven ones out', () => {
  const running = { appVersion: '9', chartVersion: '9.0.0' }
  const sets = [set('proven', 60), set('p2', 50), ...[1, 2, 3].map((n) => set(`new-${n}`, n, { rung: 'archived' }))]
  expect(removed({ sets, running })).toEqual([])
  // Unproven and older than what is proven: nothing hangs on it.
  expect(removed({ sets: [...sets, set('old', 70, { rung: 'archived' })], running })).toEqual(['old'])
})

test('sets of a source that is only counted give way to newer ones, and never push a proven one out', () => {
  const running = { appVersion: '9', chartVersion: '9.0.0' }
  const counted = [60, 50, 40, 30].map((days) => set(`c-${days}`, days, { rung: 'restored+' }))
  expect(removed({ sets: counted, running })).toEqual(['c-60', 'c-50'])
  expect(removed({ sets: [set('p-90', 90), set('p-80', 80), ...counted], running })).toEqual(['c-60', 'c-50'])
  const archived = [set('a-35', 35, { rung: 'archived' }), set('a-20', 20, { rung: 'archived' })]
  expect(removed({ sets: [...counted.slice(0, 2), ...archived], running })).toEqual([])
})

test('a proven set whose time is in the future stays, and is not taken for the last one', () => {
  const sets = [set('future', -3000), set('b', 20), set('c', 30)]
  expect(removed({ sets, running: { appVersion: '9', chartVersion: '9.0.0' } }, 1)).toEqual(['c'])
})

test('a set whose copies stand beside the databases stays', () => {
  const sets = [set('a', 40, { staged: true }), set('b', 30), set('c', 20), set('d', 10)]
  expect(removed({ sets, running: { appVersion: '9', chartVersion: '9.0.0' } })).toEqual(['b'])
})

test('the way back from what runs stays, however old', () => {
  const sets = [
    set('before-upgrade', 300),
    set('x', 200, { chartVersion: '2.0.0', appVersion: '2' }),
    set('y', 2),
    set('z', 1),
  ]
  const upgrade: RetainedRun = {
    name: 'r-before-upgrade',
    set: 'before-upgrade',
    ended: true,
    createdAt: daysAgo(300),
    upgradedTo: { appVersion: '2', chartVersion: '2.0.0' },
  }
  const running = { appVersion: '2', chartVersion: '2.0.0' }
  expect(removed({ sets, runs: [upgrade], running })).toEqual([])
  const other = { appVersion: '3', chartVersion: '3.0.0' }
  expect(removed({ sets: [set('spare', 90), ...sets], runs: [upgrade], running: other })).toEqual(['spare', 'x'])
})

test('what a run is using stays', () => {
  const sets = [set('old', 90), set('new', 1), set('newer', 0.5)]
  const run: RetainedRun = { name: 'recovery', set: 'old', ended: false, createdAt: NOW }
  expect(removed({ sets, runs: [run], running: { appVersion: '9', chartVersion: '9' } })).toEqual([])
})

const name = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g')
const version = fc.constantFrom('1', '2', '3')
const time = fc.oneof(
  fc.double({ min: -400, max: 400, noNaN: true }).map(daysAgo),
  fc.constantFrom('', 'yesterday', '2026-99-99', 'NaN'),
)
const anySet = fc.record(
  {
    name,
    takenAt: time,
    rung: fc.constantFrom('archived', 'restored', 'restored+', 'proven', 'rehearsed'),
    chartVersion: version,
    appVersion: version,
  },
  { requiredKeys: ['name'] },
)
const release = fc.record({ appVersion: version, chartVersion: version })
const anyRun = fc.record(
  { name: fc.string(), ended: fc.boolean(), set: name, upgradedTo: release, createdAt: time },
  { requiredKeys: ['name', 'ended', 'set', 'createdAt'] },
)
const anyFacts = fc.record(
  {
    now: fc.oneof(fc.constant(NOW), time),
    sets: fc.uniqueArray(anySet, { selector: (one) => one.name }),
    runs: fc.array(anyRun, { maxLength: 5 }),
    running: release,
  },
  { requiredKeys: ['now', 'sets', 'runs'] },
)
const anyNumber = fc.oneof(fc.integer({ min: -5, max: 20 }), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 0.5))

const good = (one: RetainedSet, now: string): boolean =>
  (one.rung === 'proven' || one.rung === 'rehearsed') && Date.parse(one.takenAt ?? '') <= Date.parse(now)

test('whatever the input: what is needed to get back is not removed', () => {
  fc.assert(
    fc.property(anyFacts, anyNumber, anyNumber, (given, keep, keepDays) => {
      const facts = given as RetentionFacts
      const decisions = decideRetention(facts, { keep, keepDays })
      expect(decisions.map((decision) => decision.name)).toEqual(facts.sets.map((one) => one.name))
      const gone = new Set(decisions.filter((decision) => decision.remove).map((decision) => decision.name))
      const proven = facts.sets
        .filter((one) => good(one, facts.now))
        .toSorted((l, r) => Date.parse(r.takenAt ?? '') - Date.parse(l.takenAt ?? ''))
      // The last proven one, and as many proven ones as were asked for.
      if (proven[0] === undefined) {
        for (const one of facts.sets) if (one.rung !== 'restored+') expect(gone.has(one.name)).toBe(false)
      } else expect(gone.has(proven[0].name)).toBe(false)
      const kept = proven.filter((one) => !gone.has(one.name)).length
      expect(kept).toBeGreaterThanOrEqual(
        Math.min(proven.length, Number.isFinite(keep) ? Math.max(1, Math.floor(keep)) : 1),
      )
      // What was compared never runs out either.
      const compared = facts.sets.filter((one) => one.rung === 'restored+' || good(one, facts.now))
      if (compared.length > 0) expect(compared.every((one) => gone.has(one.name))).toBe(false)
      // Nothing a run works with, nothing without a time, nothing young.
      for (const run of facts.runs) if (!run.ended) expect(gone.has(run.set)).toBe(false)
      for (const one of facts.sets) {
        const at = Date.parse(one.takenAt ?? '')
        if (Number.isNaN(at) || Number.isNaN(Date.parse(facts.now))) expect(gone.has(one.name)).toBe(false)
        if (keepDays > 0 && Date.parse(facts.now) - at < keepDays * 86_400_000) expect(gone.has(one.name)).toBe(false)
      }
      // The recovery pair of what runs.
      for (const run of facts.runs) {
        const same =
          facts.running === undefined ||
          (run.upgradedTo?.appVersion === facts.running.appVersion &&
            run.upgradedTo.chartVersion === facts.running.chartVersion)
        if (run.upgradedTo !== undefined && same) expect(gone.has(run.set)).toBe(false)
      }
    }),
    { numRuns: 5000 },
  )
})

test('something is removed at all', () => {
  let some = 0
  fc.assert(
    fc.property(anyFacts, (facts) => {
      if (decideRetention(facts as RetentionFacts, { keep: 1, keepDays: 0 }).some((one) => one.remove)) some += 1
    }),
    { numRuns: 500 },
  )
  expect(some).toBeGreaterThan(20)
})

test('leftovers: no manifest, old, and nobody at work', () => {
  const at = (hours: number): string => new Date(Date.parse(NOW) - hours * 3_600_000).toISOString()
  const left = (hours: number, hasManifest = false, runs: RetainedRun[] = []): boolean =>
    isLeftover({ name: 'x', hasManifest, newestAt: at(hours) }, { now: NOW, runs }, 72)
  expect(left(100)).toBe(true)
  expect(left(71)).toBe(false)
  expect(left(100, true)).toBe(false)
  expect(left(100, false, [{ name: 'r', set: 'x', ended: false, createdAt: NOW }])).toBe(false)
  expect(isLeftover({ name: 'x', hasManifest: false, newestAt: '?' }, { now: NOW, runs: [] }, 72)).toBe(false)
})
