// The last look before a recovery begins, which nothing takes back: is what it comes back to really there?
import { refutationIn } from '../../core/backup/rung.ts'
import { PawlError } from '../../core/errors.ts'
import type { RecoveryPlan } from '../../core/run/run.ts'
import type { Cluster } from '../../ports/cluster.ts'
import { readSet } from '../backup/index.ts'
import { inspectSet, type InspectDeps } from '../housekeeping/inspect.ts'
import { refutedSet } from './recovery.ts'
import { readFiles } from '../release/files.ts'

/** What the release is reinstalled from. */
const RELEASE_FILES = ['chart.tgz', 'values.json', 'manifest.yaml']

/**
 * Throws `backup-not-found` or `backup-damaged` where set or files are not what was written, and the store's errors; also where the store
 * says that a proof failed, whoever made it, unless somebody has `named` this set.
 */
export async function refuseUnrestorable(
  deps: InspectDeps & { cluster: Cluster },
  plan: RecoveryPlan,
  named: boolean,
): Promise<void> {
  const { cluster, signal } = deps
  const { release, namespace } = plan
  const set = await readSet(cluster, namespace, plan.set, signal)
  if (set?.status === undefined) {
    throw new PawlError({
      code: 'backup-not-found',
      message: `backup set ${plan.set} is gone`,
      unchanged: 'Nothing was changed.',
      facts: { release, namespace, set: plan.set },
    })
  }
  const { problems, proofs } = await inspectSet(deps, set, 'manifest')
  const refuted = named ? undefined : refutationIn(proofs)
  if (refuted !== undefined) throw refutedSet({ name: set.name, refuted }, { release, namespace })
  const secret = set.status.releaseFiles
  const files = secret === undefined ? undefined : await readFiles(cluster, namespace, secret, signal)
  const missing = RELEASE_FILES.filter((name) => files?.[name] === undefined)
  if (missing.length > 0) problems.push(`Secret ${secret ?? 'of the release'} has no ${missing.join(', ')}`)
  if (problems.length === 0) return
  throw new PawlError({
    code: 'backup-damaged',
    message: `backup set ${plan.set} is not whole: ${problems.join('; ')}`,
    unchanged: 'Nothing was changed.',
    hint: 'Come back to another set: "pawl recover {release} -n {namespace} --set NAME"; "pawl backup list {release} -n {namespace}" shows them.',
    facts: { release, namespace, set: plan.set },
  })
}
