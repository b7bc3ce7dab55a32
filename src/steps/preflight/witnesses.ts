// Who says which version runs: Helm's record, the pods, the product's own configuration.
import { PawlError } from '../../core/errors.ts'
import { valueAt } from '../../core/json.ts'
import type { JsonRecord } from '../../core/json.ts'
import { known } from '../../core/plan/facts.ts'
import type { Known } from '../../core/plan/facts.ts'
import type { Profile } from '../../core/profile/profile.ts'
import { podsOfManifest, strays } from '../../core/rendered/live.ts'
import type { Witness } from '../../core/status/status.ts'
import type { KubeObject } from '../../ports/cluster.ts'
import type { ReleaseRecord } from '../../ports/helm.ts'
import { isReady } from '../workloads/pods.ts'
import { from } from './deps.ts'

export async function witnessesOf(
  profile: Profile,
  record: ReleaseRecord,
  manifest: readonly JsonRecord[],
  pods: Known<KubeObject[]>,
  configuration: Known<string>,
): Promise<Witness[]> {
  const { appVersion } = record.chart
  const found: Witness[] = [
    { who: `Helm record, revision ${record.revision}`, version: known(appVersion) },
    { who: 'pods', version: await from(pods, (all) => podsSay(appVersion, manifest, all)) },
  ]
  return profile.runningVersion === undefined ? found : [...found, { who: 'configuration', version: configuration }]
}

/** Pods name no version: they agree with the record where each runs the image it names. */
function podsSay(appVersion: string, manifest: readonly JsonRecord[], all: readonly KubeObject[]): string {
  const pods = all.map((pod) => ({ ...pod, kind: 'Pod' }))
  if (podsOfManifest(manifest, pods).length === 0)
    throw new PawlError({ code: 'unknown-state', message: 'no pod of the release runs' })
  const [stray] = strays(manifest, pods)
  if (stray !== undefined) throw new PawlError({ code: 'unknown-state', message: stray })
  return appVersion
}

export function readiness(
  manifest: readonly JsonRecord[],
  all: readonly KubeObject[],
): { ready: number; total: number } {
  const names = new Set(
    podsOfManifest(
      manifest,
      all.map((pod) => ({ ...pod, kind: 'Pod' })),
    ).map((pod) => valueAt(pod, 'metadata.name')),
  )
  const pods = all.filter((pod) => names.has(pod.metadata.name))
  return { ready: pods.filter(isReady).length, total: pods.length }
}
