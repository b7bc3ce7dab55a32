// Helm's records of a release, as many of them as a question about what is installed needs.
import type { ReleaseRecord, ReleaseRecords } from '../../ports/helm.ts'

/** Newest first, down to what was deployed last; empty where there is no release. */
export async function readHistory(
  records: Pick<ReleaseRecords, 'history'>,
  { release, namespace }: { release: string; namespace: string },
  signal?: AbortSignal,
): Promise<ReleaseRecord[]> {
  return await records.history(release, namespace, { upToDeployed: true }, signal)
}

/** The newest that was deployed, which need not be the newest. */
export function deployedIn(history: readonly ReleaseRecord[]): ReleaseRecord | undefined {
  return history.find(({ status }) => status === 'deployed')
}
