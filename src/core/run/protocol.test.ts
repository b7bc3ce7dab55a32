import { expect, test } from 'vitest'
import { canAbort, firstPhaseOf, isPastPointOfNoReturn, protocolOf } from './protocol.ts'
import { TERMINAL_PHASES, type Phase, type RunKind } from './run.ts'

const KINDS: RunKind[] = ['upgrade', 'recovery', 'backup']
const ORDER: Record<RunKind, Phase[]> = {
  upgrade: ['PLANNED', 'QUIESCED', 'PONR', 'DONE', 'ABORTING', 'ABORTED'],
  recovery: ['REC', 'RESTORED', 'RECOVERED'],
  backup: ['PLANNED', 'DONE', 'ABORTING', 'ABORTED'],
}

test.each(KINDS)('%s: rows stand in the order of their phases, and a phase is opened by its predecessor', (kind) => {
  const order = ORDER[kind]
  const rows = protocolOf(kind)
  const places = rows.map((row) => order.indexOf(row.phase))
  expect(places).toEqual(places.toSorted((a, b) => a - b))
  expect(Math.min(...places)).toBe(order.indexOf(firstPhaseOf(kind)))
  for (const row of rows) if (row.opens !== undefined) expect(order[order.indexOf(row.phase) + 1]).toBe(row.opens)
})

test.each(KINDS)('%s: the last row of each phase, and no other, opens the next', (kind) => {
  const rows = protocolOf(kind)
  rows.forEach((row, at) => expect(row.opens !== undefined, row.step).toBe(rows[at + 1]?.phase !== row.phase))
})

test.each(KINDS)('%s: every phase that is opened has rows, or is an end', (kind) => {
  const rows = protocolOf(kind)
  const opened = rows.flatMap((row) => row.opens ?? [])
  for (const phase of opened)
    expect(TERMINAL_PHASES.includes(phase), phase).toBe(!rows.some((row) => row.phase === phase))
  expect(opened.filter((phase) => TERMINAL_PHASES.includes(phase))).toEqual(
    kind === 'recovery' ? ['RECOVERED'] : ['DONE', 'ABORTED'],
  )
})

test.each(KINDS)('%s: no step stands in it twice, and each may be tried', (kind) => {
  const steps = protocolOf(kind).map((row) => row.step)
  expect(new Set(steps).size).toBe(steps.length)
  for (const row of protocolOf(kind)) expect(row.maxAttempts, row.step).toBeGreaterThanOrEqual(1)
})

test('what proves and commits stands before what changes a schema, what migrates before what serves', () => {
  const steps = protocolOf('upgrade').map((row) => row.step)
  expect(steps.filter((step) => step !== 'reopen')).toEqual([
    'capture',
    'quiesce',
    'backup',
    'prove',
    'commit',
    'stage',
    'migrate',
    'rollout',
    'verify',
  ])
  expect(protocolOf('recovery').map((row) => row.step)).toEqual(['quiesce', 'restore', 'swap', 'reinstall', 'verify'])
})

test('nothing but commit opens the point of no return, and it is tried once', () => {
  const opening = protocolOf('upgrade').filter((row) => row.opens === 'PONR')
  expect(opening).toEqual([{ step: 'commit', phase: 'QUIESCED', opens: 'PONR', maxAttempts: 1 }])
})

const GIVE_UP: [phase: Phase, abort: boolean, past: boolean][] = [
  ['PLANNED', true, false],
  ['QUIESCED', true, false],
  ['PONR', false, true],
  ['DONE', false, true],
  ['ABORTING', false, false],
  ['ABORTED', false, false],
  ['REC', false, false],
  ['RESTORED', false, false],
  ['RECOVERED', false, false],
]

test.each(GIVE_UP)('%s: may be given up %s, is past the point of no return %s', (phase, abort, past) => {
  expect([canAbort(phase), isPastPointOfNoReturn(phase)]).toEqual([abort, past])
})
