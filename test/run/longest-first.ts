// The order of test files that run side by side: the longest first, so that none is left over at the end. In a fresh checkout Vitest knows
// nothing but their sizes.
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The longest of each project, beginning with the longest of all. */
export const LONGEST = [
  'e2e/faults.test.ts',
  'e2e/stuck.test.ts',
  'e2e/main-job.test.ts',
  'e2e/killed.test.ts',
  'integration/data/staged-steps.test.ts',
  'integration/tally/migrations.test.ts',
  'integration/data/exotic.test.ts',
  'integration/data/program.test.ts',
  'integration/data/round-trip.test.ts',
  'integration/data/staged.test.ts',
  'integration/data/crash.test.ts',
  'integration/jobs/jobs.test.ts',
]

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => (a.project.name === b.project.name ? placeOf(a) - placeOf(b) : 0))
  }
}

function placeOf({ moduleId }: TestSpecification): number {
  const place = LONGEST.findIndex((name) => moduleId.endsWith(`/test/${name}`))
  return place === -1 ? LONGEST.length : place
}
