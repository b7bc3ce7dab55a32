import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ERRORS, PawlError, reportOf, type ErrorCode, type ErrorReport } from '../errors.ts'
import { nextCommand } from './next.ts'
import { canAbort, isPastPointOfNoReturn, protocolOf } from './protocol.ts'
import type { Phase, RunKind, StepName } from './run.ts'

const WHERE = { release: 'tally', namespace: 'shop' }

function failure(code: ErrorCode): ErrorReport {
  return reportOf(new PawlError({ code, message: code }))
}

const TABLE: [kind: RunKind, phase: Phase, step: StepName, code: ErrorCode, next: string][] = [
  ['upgrade', 'PLANNED', 'quiesce', 'writers-remain', 'pawl runs abort'],
  ['upgrade', 'QUIESCED', 'backup', 'store-full', 'pawl runs abort'],
  ['upgrade', 'QUIESCED', 'prove', 'proof-mismatch', 'pawl runs abort'],
  ['upgrade', 'QUIESCED', 'commit', 'writes-after-backup', 'pawl runs abort'],
  ['upgrade', 'ABORTING', 'reopen', 'cluster-unreachable', 'pawl runs resume'],
  ['upgrade', 'PONR', 'stage', 'helm-failed', 'pawl runs resume'],
  ['upgrade', 'PONR', 'stage', 'writes-after-backup', 'pawl recover'],
  ['upgrade', 'PONR', 'stage', 'migration-failed', 'pawl recover'],
  ['upgrade', 'PONR', 'migrate', 'migration-failed', 'pawl recover'],
  ['upgrade', 'PONR', 'rollout', 'rollout-stuck', 'pawl recover'],
  ['upgrade', 'PONR', 'verify', 'unknown-state', 'pawl recover'],
  ['recovery', 'REC', 'restore', 'backup-damaged', 'pawl runs resume'],
  ['recovery', 'RESTORED', 'reinstall', 'helm-failed', 'pawl runs resume'],
  ['backup', 'PLANNED', 'backup', 'store-full', 'pawl runs resume'],
]

test.each(TABLE)('%s parked in %s at %s with %s: %s', (kind, phase, step, code, next) => {
  expect(nextCommand(kind, phase, step, failure(code), WHERE)).toBe(`${next} tally -n shop`)
})

const kinds = fc.constantFrom<RunKind>('upgrade', 'recovery', 'backup')
const codes = fc.constantFrom(...(Object.keys(ERRORS) as ErrorCode[]))

test('a run is never told to do what its phase does not allow', () => {
  const parked = kinds.chain((kind) =>
    fc.record({ kind: fc.constant(kind), row: fc.constantFrom(...protocolOf(kind)), code: codes }),
  )
  fc.assert(
    fc.property(parked, ({ kind, row, code }) => {
      const next = nextCommand(kind, row.phase, row.step, failure(code), WHERE)
      expect(next).toMatch(/^pawl (runs abort|runs resume|recover) tally -n shop$/)
      if (next.startsWith('pawl runs abort')) expect(canAbort(row.phase)).toBe(true)
      if (next.startsWith('pawl recover')) expect([kind, isPastPointOfNoReturn(row.phase)]).toEqual(['upgrade', true])
    }),
  )
})
