// What the labels of Helm's records say, without reading any of them: revision and status of every record of a release.
import type { GuardPlace } from './guard.ts'

export interface RecordLabels {
  object: string
  revision: number
  status: string
}

export async function metadataOf(place: GuardPlace, signal?: AbortSignal): Promise<RecordLabels[]> {
  const { cluster, namespace, release } = place
  const labelSelector = `owner=helm,name=${release}`
  const secrets = await cluster.list(
    { apiVersion: 'v1', kind: 'Secret', namespace, labelSelector, metadataOnly: true },
    signal,
  )
  return secrets
    .map(({ metadata }) => ({
      object: metadata.name,
      revision: Number(metadata.labels?.['version'] ?? 0),
      status: metadata.labels?.['status'] ?? '',
    }))
    .toSorted((a, b) => a.revision - b.revision)
}
