// How much a dump will come to, from how well each database was compressed the last time.
import { sharesOf, type Compression } from '../backup/space.ts'
import type { DataProgress } from '../data/tasks.ts'

/** By role; databases of which no earlier set tells are left out. `earlier`: newest first. */
export function expectedArchives(
  databases: readonly { role: string; sizeBytes: number }[],
  earlier: Compression,
): Map<string, number> {
  const expected = new Map<string, number>()
  for (const { role, sizeBytes } of databases) {
    const [share] = sharesOf(role, earlier)
    if (share !== undefined) expected.set(role, Math.round(share * sizeBytes))
  }
  return expected
}

/** pg_dump does not say how much it will write: the expectation is its total, until more has come than was expected. */
export function withExpected(progress: DataProgress, expected: ReadonlyMap<string, number>): DataProgress {
  const { phase, role = '', bytes = 0, bytesTotal } = progress
  const total = phase === 'dump' && bytesTotal === undefined ? expected.get(role) : undefined
  return total === undefined || bytes > total ? progress : { ...progress, bytesTotal: total }
}
