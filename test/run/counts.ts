// Adding up: what a part of `npm test` found, from the report it wrote, and the last line of them all.

export interface Counts {
  passed: number
  failed: number
  skipped: number
}

/** The fields we read of vitest's JSON report (https://vitest.dev/guide/reporters#json-reporter). */
interface VitestReport {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: VitestFile[]
}

interface VitestFile {
  name?: string
  status: string
  /** Why the file could not be loaded, or why something around its tests failed. */
  message?: string
  assertionResults: { status?: string; fullName?: string; failureMessages?: string[] }[]
}

/** A check that has no tests of its own counts as one. */
export function countsOfCheck(passed: boolean): Counts {
  return { passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0 }
}

/**
 * `report` is undefined where none was written. A file that could not be loaded counts as one failure, and so does a process
 * that failed without saying which test did: a red exit never adds up to green.
 */
export function countsOfVitest(report: unknown, exitCode: number): Counts {
  if (!isReport(report)) return countsOfCheck(false)
  const unloaded = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  )
  const failed = report.numFailedTests + unloaded.length
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

/** What failed and why, for the end of a long output; a reason is cut after `lines` lines. */
export function failuresOf(report: unknown, lines = 25): string[] {
  if (!isReport(report)) return []
  return report.testResults.flatMap(({ name = '', status, message = '', assertionResults }) => {
    const tests = assertionResults.filter((test) => test.status === 'failed')
    const around =
      status === 'failed' && (tests.length === 0 || message !== '') ? [`${name}\n${firstLines(message, lines)}`] : []
    return [
      ...around,
      ...tests.map(
        ({ fullName = '', failureMessages = [] }) =>
          `${name} > ${fullName}\n${firstLines(failureMessages.join('\n'), lines)}`,
      ),
    ]
  })
}

function firstLines(text: string, count: number): string {
  return text
    .split('\n')
    .filter((line) => !line.includes('/node_modules/'))
    .slice(0, count)
    .map((line) => `    ${line}`)
    .join('\n')
}

export function sum(counts: readonly Counts[]): Counts {
  return counts.reduce(
    (total, { passed, failed, skipped }) => ({
      passed: total.passed + passed,
      failed: total.failed + failed,
      skipped: total.skipped + skipped,
    }),
    { passed: 0, failed: 0, skipped: 0 },
  )
}

/** The one line that others read. */
export function lastLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`
}

function isReport(report: unknown): report is VitestReport {
  return typeof report === 'object' && report !== null && 'numPassedTests' in report && 'testResults' in report
}
