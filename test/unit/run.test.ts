// A red part never adds up to green.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { countsOfCheck, countsOfVitest, failuresOf, lastLine, sum } from '../run/counts.ts'
import { LONGEST } from '../run/longest-first.ts'

const report = { numPassedTests: 5, numFailedTests: 0, numPendingTests: 1, numTodoTests: 1, testResults: [] }

test('a report is counted as it stands', () => {
  expect(countsOfVitest(report, 0)).toEqual({ passed: 5, failed: 0, skipped: 2 })
  expect(countsOfVitest({ ...report, numFailedTests: 2 }, 1)).toEqual({ passed: 5, failed: 2, skipped: 2 })
})

test('a file that could not be loaded is a failure', () => {
  const testResults = [
    { status: 'failed', assertionResults: [] },
    { status: 'passed', assertionResults: [{}] },
  ]
  expect(countsOfVitest({ ...report, testResults }, 1).failed).toBe(1)
})

test('a failure that no test explains is a failure', () => {
  expect(countsOfVitest(report, 1).failed).toBe(1)
  expect(countsOfVitest(undefined, 0).failed).toBe(1)
  expect(countsOfVitest({}, 0).failed).toBe(1)
})

test('what failed is named with its reason, cut where it is long', () => {
  const failed = { status: 'failed', fullName: 'a test', failureMessages: ['one\ntwo\nthree'] }
  const testResults = [
    { name: 'a.test.ts', status: 'failed', assertionResults: [failed, { status: 'passed', fullName: 'another' }] },
    { name: 'b.test.ts', status: 'failed', message: 'not loaded', assertionResults: [] },
    { name: 'c.test.ts', status: 'passed', assertionResults: [{ status: 'passed', fullName: 'good' }] },
  ]
  expect(failuresOf({ ...report, testResults }, 2)).toEqual([
    'a.test.ts > a test\n    one\n    two',
    'b.test.ts\n    not loaded',
  ])
  expect(failuresOf(undefined)).toEqual([])
})

test('the last line is one plain sum', () => {
  const counts = [countsOfCheck(true), countsOfCheck(false), countsOfVitest(report, 0)]
  expect(lastLine(sum(counts))).toBe('6 passed, 1 failed, 2 skipped')
})

test('what is begun with is there', () => {
  expect(LONGEST.filter((name) => !existsSync(join(import.meta.dirname, '..', name)))).toEqual([])
})
