// What a digest sees on each supported major: every type of its catalogue, and tables that are nearly equal.
import { describe } from 'vitest'
import { digestSuite } from '../integration/data/digest/suite.ts'
import { MAJORS, MORE_MAJORS, obtainable, programsOf } from '../support/postgres-majors.ts'

const more = await obtainable(MORE_MAJORS)

describe.each([...MAJORS, ...more.here].toSorted((one, other) => one - other))('PostgreSQL %i', (major) => {
  digestSuite(major, 'every way', async () => await programsOf(major))
})
