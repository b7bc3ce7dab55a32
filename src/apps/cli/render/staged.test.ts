// What people are told of copies that stand beside their databases: before, meanwhile, and when they go.
import { expect, test } from 'vitest'
import type { FoundCopy } from '../../../core/data/copies.ts'
import { renderStanding } from './accept.ts'
import { renderPlan, renderRecoveryPlan } from './plan.ts'
import { PLAN, RECOVERY_PLAN } from './runs.fixture.ts'
import { evidenceLine } from './steps.ts'

const SET = '20261123-170000-abcd'
const COPY = 'tally__pawl_set_20261123170000abcd'

test('a plan says how long they stay, and how to be rid of them', () => {
  const text = renderPlan({ ...PLAN, staged: { bytes: 24_000_000 } }, { colour: false })
  expect(text).toContain('23 MiB, stay on the database server')
  expect(text).toContain('pawl runs accept tally -n shop')
})

test('a recovery plan says since when they stand', () => {
  const staged = { suffix: '__pawl_set_x', at: '2026-11-23T17:01:00Z', copies: [] }
  const text = renderRecoveryPlan({ ...RECOVERY_PLAN, staged }, false)
  expect(text).toContain('stand beside the live ones since 2026-11-23 17:01:00Z: exchanged by name, then compared')
})

test('the steps say what came from where', () => {
  const databases = [{ role: 'ledger', live: 'tally', kept: 'tally__old', rows: '3', digest: 'd'.repeat(64) }]
  expect(evidenceLine('prove', { rung: 'proven', notCovered: [], copies: [{}, {}] })).toBe(
    'proven: restored and equal, 2 copies kept beside',
  )
  expect(evidenceLine('reopen', { deployments: [{}], copies: { dropped: ['x'], left: [] } })).toBe(
    '1 Deployment ready, 1 copy dropped',
  )
  expect(evidenceLine('restore', { databases, from: 'staged' })).toContain('as the proof left them on the server')
  expect(evidenceLine('restore', { databases, from: 'store', why: 'x is open' })).toContain('because x is open')
  expect(evidenceLine('swap', { databases, exchangedInMs: 7 })).toBe('tally (before: tally__old), in 7 ms')
  expect(evidenceLine('swap', { databases, replaced: { ledger: 'table t differs' } })).toContain(
    'ledger from the store, because its copy was not the backup: table t differs',
  )
  const cut = databases.map((one) => ({ ...one, replication: ['replication slot cdc: stays', 'subscription s: off'] }))
  expect(evidenceLine('swap', { databases: cut, exchangedInMs: 7 })).toBe(
    'tally (before: tally__old), in 7 ms. ledger: replication slot cdc: stays. ledger: subscription s: off',
  )
})

test('what stands, what else of Pawl is there, and what became of it', () => {
  const copy: FoundCopy = { role: 'ledger', database: COPY, state: 'proven', open: false, sizeBytes: 24_000_000 }
  const others: FoundCopy[] = [
    { ...copy, database: 'tally__pawl_old_x', state: 'kept' },
    { ...copy, database: 'tally__pawl_new_x', state: 'restoring' },
    { role: 'ledger', database: 'tally__pawl_mine', state: 'unmarked', open: true },
  ]
  const text = renderStanding({ standing: { copies: { [SET]: [copy] }, others }, dropped: null }, false)
  expect(text).toMatch(new RegExp(`${COPY}\\s+${SET}\\s+23 MiB`))
  expect(text).toContain('drop database "tally__pawl_old_x"')
  expect(text).toContain('was left by a restore')
  expect(text).toContain("tally__pawl_mine (size unknown) has a name of Pawl's")
  expect(renderStanding({ standing: { copies: {}, others: [] }, dropped: null }, false)).toContain('No copy')
  const dropped = { dropped: [COPY], left: [{ database: 'x', why: 'it has no mark of Pawl' }] }
  expect(renderStanding({ standing: { copies: {}, others: [] }, dropped }, false)).toMatch(
    /dropped 1 copy\n! x stays: it has no mark of Pawl/,
  )
})
