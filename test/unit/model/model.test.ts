// The protocol against every interleaving of a small world: two databases, two Pawl processes that crash and pause anywhere,
// users who write, migrations that fail half-way, and somebody who starts writers again. The table, `decide`, `fold` and
// `nextCommand` are the real ones; steps and world are simulated, with the meaning of the real steps.
import { expect, test } from 'vitest'
import { explore, type Exploration } from './explore.ts'
import { BEYOND, FLOORED, FLOOR_MUTANTS } from './floored.ts'
import { GUARDED, GUARD_MUTANTS } from './guarded.ts'
import { COMPARES_STALE, STAGED, STAGED_MUTANTS } from './staged.ts'
import { before, COUNTED_LATE, counts, MUTANTS, rulesOf, without } from './mutants.ts'
import { STEPS } from './steps.ts'
import { protocolOf } from '../../../src/core/run/protocol.ts'

/** The whole space takes two seconds on an idle machine; these machines are not idle. */
const PATIENCE_MS = 60_000

function show({ counterexample }: Exploration): string {
  if (counterexample === undefined) return 'holds'
  const { invariant, why, trace } = counterexample
  return [`${invariant}: ${why}`, ...trace.map((label, at) => `${at + 1}. ${label}`)].join('\n')
}

test(
  'the protocol keeps its invariants in every reachable state, and every state leads to an end',
  { timeout: PATIENCE_MS },
  () => {
    const all = explore()
    expect(show(all)).toBe('holds')
    expect([...all.ends].toSorted()).toEqual(['aborted', 'done', 'recovered'])
    // A model that sees little proves little: this fails when a change to it makes most of the world unreachable.
    expect(all.states).toBeGreaterThan(30_000)
    console.log(`model: ${all.states} states, ${all.moves} moves, ${Math.round(all.ms)} ms`)
  },
)

test(
  'with the guard it holds whatever an outsider does, who never respects that writers were stopped',
  { timeout: PATIENCE_MS },
  () => {
    const all = explore(GUARDED)
    expect(show(all)).toBe('holds')
    expect([...all.ends].toSorted()).toEqual(['aborted', 'done', 'recovered'])
    expect(all.states).toBeGreaterThan(30_000)
    console.log(`guarded: ${all.states} states, ${all.moves} moves, ${Math.round(all.ms)} ms`)
  },
)

test(
  'with the floor in the databases a look sees whatever somebody with every right does, and raises no false alarm',
  { timeout: PATIENCE_MS },
  () => {
    const all = explore(FLOORED, { except: BEYOND })
    expect(show(all)).toBe('holds')
    expect([...all.ends].toSorted()).toEqual(['aborted', 'done', 'recovered'])
    expect(all.states).toBeGreaterThan(30_000)
    console.log(`floored: ${all.states} states, ${all.moves} moves, ${Math.round(all.ms)} ms`)
  },
)

test(
  'recovered from by the copies that the proof has left it holds, whatever somebody does to these',
  { timeout: PATIENCE_MS },
  () => {
    const all = explore(STAGED)
    expect(show(all)).toBe('holds')
    expect([...all.ends].toSorted()).toEqual(['aborted', 'done', 'recovered'])
    expect(all.states).toBeGreaterThan(30_000)
    console.log(`staged: ${all.states} states, ${all.moves} moves, ${Math.round(all.ms)} ms`)
  },
)

test('comparing alone notices a copy of another set', { timeout: PATIENCE_MS }, () => {
  const found = explore(rulesOf({ name: '', breaks: 'I7', rules: COMPARES_STALE }))
  expect(show(found)).toBe('holds')
})

for (const mutant of [...MUTANTS, ...GUARD_MUTANTS, ...FLOOR_MUTANTS, ...STAGED_MUTANTS]) {
  test(`${mutant.breaks} notices: ${mutant.name}`, { timeout: PATIENCE_MS }, () => {
    const found = explore(rulesOf(mutant), mutant.except === undefined ? {} : { except: mutant.except })
    expect(found.counterexample?.invariant, show(found)).toBe(mutant.breaks)
    expect(found.counterexample?.trace.length).toBeGreaterThan(2)
  })
}

test('commit alone notices a backup that was taken before quiesce', { timeout: PATIENCE_MS }, () => {
  const rows = before('backup', 'quiesce')(protocolOf('upgrade'))
  const found = explore(rulesOf({ name: '', breaks: 'I1', rules: { protocolOf: replaced(rows) } }))
  expect(show(found)).toBe('holds')
})

test(
  'the counters of quiesce alone notice that the ones of a backup were read too late',
  { timeout: PATIENCE_MS },
  () => {
    const late = {
      ...STEPS,
      backup: { ...STEPS.backup, ...COUNTED_LATE },
      commit: { ...STEPS.commit, observe: counts('backup', 'quiesce') },
    }
    expect(show(explore(rulesOf({ name: '', breaks: 'I1', rules: { steps: late } })))).toBe('holds')
  },
)

test('commit alone notices that nothing was proven, and then no upgrade gets through', { timeout: PATIENCE_MS }, () => {
  const rows = without('prove')(protocolOf('upgrade'))
  const found = explore(rulesOf({ name: '', breaks: 'ends', rules: { protocolOf: replaced(rows) } }))
  expect(show(found)).toMatch(/^ends: nothing ever ends as done, recovered/)
  expect([...found.ends]).toEqual(['aborted'])
})

test(
  'a limit: without the guard, somebody who starts writers after the point of no return is not stopped',
  { timeout: PATIENCE_MS },
  () => {
    const found = explore({ outsider: 'always' })
    expect(found.counterexample?.invariant, show(found)).toBe('I3')
    expect(found.counterexample?.trace).toContain('outsider: scales writers up')
  },
)

function replaced(rows: ReturnType<typeof protocolOf>): typeof protocolOf {
  return (kind) => (kind === 'upgrade' ? rows : protocolOf(kind))
}
