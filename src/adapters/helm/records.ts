// Helm's records, read and (in one case) corrected through the API. Only the Secret driver, which is Helm's default.
import { PawlError } from '../../core/errors.ts'
import type { Cluster, KubeObject } from '../../ports/cluster.ts'
import type { ReleaseRecord, ReleaseRecords } from '../../ports/helm.ts'
import type { Clock } from '../../ports/world.ts'
import { decodeRecord, encodeRecord, withInfo } from './record-codec.ts'
import { parseRecord, revisionOf } from './record-parse.ts'

const RECORD_TYPE = 'helm.sh/release.v1'

export function releaseRecords(cluster: Cluster, clock: Clock): ReleaseRecords {
  return {
    history: async (release, namespace, options = {}, signal) => {
      const query = {
        apiVersion: 'v1',
        kind: 'Secret',
        namespace,
        labelSelector: `owner=helm,name=${release}`,
        fieldSelector: `type=${RECORD_TYPE}`,
      }
      const notSuperseded = { ...query, labelSelector: `${query.labelSelector},status!=superseded` }
      if (options.upToDeployed === true) {
        const found = newestFirst(await cluster.list(notSuperseded, signal))
        const deployed = found.findIndex(({ metadata }) => metadata.labels?.['status'] === 'deployed')
        const wanted = deployed === -1 ? found : found.slice(0, deployed + 1)
        if (wanted.length > 0) return wanted.map(parseRecord)
      }
      if (options.limit === undefined) {
        const all = await cluster.list(query, signal)
        return newestFirst(all).map(parseRecord)
      }
      if (options.limit === 1) {
        // The newest record is never superseded: one request brings it, with at most a few that failed.
        const [newest] = newestFirst(await cluster.list(notSuperseded, signal))
        if (newest !== undefined) return [parseRecord(newest)]
      }
      // Records are large: their names first, then only those that were asked for.
      const names = newestFirst(await cluster.list({ ...query, metadataOnly: true }, signal)).slice(0, options.limit)
      const wanted = names.map(({ metadata }) =>
        cluster.get({ apiVersion: 'v1', kind: 'Secret', namespace, name: metadata.name }, signal),
      )
      const found = await Promise.all(wanted)
      return found.filter((secret) => secret !== undefined).map(parseRecord)
    },
    markFailed: async (record, description, signal) => {
      const secret = await current(cluster, record, signal)
      const raw = (secret.data as { release: string }).release
      const release = encodeRecord(withInfo(decodeRecord(raw), { status: 'failed', description }))
      const modifiedAt = String(Math.floor(clock.now().getTime() / 1000))
      const labels = { ...secret.metadata.labels, status: 'failed', modifiedAt }
      await cluster.replace({ ...secret, metadata: { ...secret.metadata, labels }, data: { release } }, {}, signal)
    },
  }
}

/** The Secret of a record, if it is still the very one that was read, and unfinished. */
async function current(cluster: Cluster, record: ReleaseRecord, signal?: AbortSignal): Promise<KubeObject> {
  const name = `sh.helm.release.v1.${record.name}.v${record.revision}`
  const secret = await cluster.get({ apiVersion: 'v1', kind: 'Secret', namespace: record.namespace, name }, signal)
  if (secret?.metadata.resourceVersion !== record.resourceVersion) {
    throw new PawlError({
      code: 'cluster-conflict',
      message: `Helm's record ${name} has changed meanwhile.`,
      facts: { release: record.name },
    })
  }
  if (!record.status.startsWith('pending-')) {
    throw new PawlError({
      code: 'internal',
      message: `Helm's record ${name} is ${record.status}, not pending: it is left as it is.`,
    })
  }
  return secret
}

function newestFirst(secrets: KubeObject[]): KubeObject[] {
  return secrets.toSorted((a, b) => revisionOf(b) - revisionOf(a))
}
