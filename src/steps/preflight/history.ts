// Helm's records of a release, as many of them as a question about what is installed needs.
import type { ReleaseRecord, ReleaseRecords } from '../../ports/helm.ts'

/** Newest first: only the newest where that is deployed, else all, since decoding old records costs. Empty where there is no release. */
export async function readHistory(
  records: Pick<ReleaseRecords, 'history'>,
  { release, namespace }: { release: string; namespace: string },
  signal?: AbortSignal,
): Promise<ReleaseRecord[]> {
  const newest = await records.history(release, namespace, { limit: 1 }, signal)
  const [record] = newest
  if (record === undefined || record.status === 'deployed') return newest
  return await records.history(release, namespace, {}, signal)
}

/** The newest that was deployed, which need not be the newest. */
export function deployedIn(history: readonly ReleaseRecord[]): ReleaseRecord | undefined {
  return history.find(({ status }) => status === 'deployed')
}
