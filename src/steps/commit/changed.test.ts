import { expect, test } from 'vitest'
import type { DatabaseEvidence, DatabaseObservation } from '../../core/data/tasks.ts'
import { observation } from '../../core/plan/facts.fixture.ts'
import { whatChanged } from './changed.ts'

const NOW = observation('ledger')
const { writeCounter, schemaFingerprint, placement, migrations } = NOW
const STANDING = { role: 'ledger', writeCounter, schemaFingerprint, placement }
const BACKUP = { ...STANDING, migrations } as DatabaseEvidence
const SESSION = { pid: 7, user: 'toy', application: 'worker', state: 'idle' }

test('nothing speaks against a backup that was made in the quiet', () => {
  expect(whatChanged(NOW, BACKUP, [{ ...STANDING, role: 'other', writeCounter: '1' }, STANDING])).toBeUndefined()
})

test.each<[string, Partial<DatabaseObservation>]>([
  ['a session', { sessions: [SESSION] }],
  ['a row', { writeCounter: '1001' }],
  ['the structure', { schemaFingerprint: 'g' }],
  ['a table that was emptied', { placement: 'q' }],
  ['a migration', { migrations: ['001', '002', '003'] }],
])('%s since the backup', (_, changed) => {
  expect(whatChanged({ ...NOW, ...changed }, BACKUP, [STANDING])).toEqual(expect.any(String))
})

test('what was written before the backup and after the last writer had ended, and what quiesce did not look at', () => {
  expect(whatChanged(NOW, BACKUP, [{ ...STANDING, writeCounter: '999' }])).toContain('between')
  expect(whatChanged(NOW, BACKUP, [{ ...STANDING, role: 'other' }])).toContain('between')
})
