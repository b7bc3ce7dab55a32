// Which of Helm's records is of what runs: the guard's floors are taken from that one.
import { PawlError } from '../../core/errors.ts'
import { objectsOf } from '../../core/rendered/objects.ts'
import type { ReleaseRecord, ReleaseRecords } from '../../ports/helm.ts'
import { deployedIn, readHistory } from '../preflight/history.ts'
import { podStrays } from '../preflight/live.ts'
import type { GuardPlace } from './guard.ts'

export interface RunningRecordDeps extends GuardPlace {
  records: Pick<ReleaseRecords, 'history'>
  parseYaml(text: string): unknown[]
}

/**
 * A newest record that is not deployed may hold what was never applied (a hook refused it) or what runs (it failed later):
 * the pods decide. Always with the newest revision. Throws `release-not-found`, `unknown-state`.
 */
export async function runningRecord(deps: RunningRecordDeps): Promise<ReleaseRecord> {
  const { records, release, namespace } = deps
  const facts = { release, namespace }
  const history = await readHistory(records, { release, namespace })
  const [newest] = history
  if (newest === undefined) {
    throw new PawlError({
      code: 'release-not-found',
      message: `there is no Helm release ${release} in namespace ${namespace}`,
      unchanged: 'The guard was not changed.',
      facts,
    })
  }
  if (newest.status === 'deployed') return newest
  const deployed = deployedIn(history)
  for (const record of deployed === undefined ? [newest] : [deployed, newest]) {
    const strays = await podStrays(deps, objectsOf(deps.parseYaml(record.manifest)))
    if (strays.length === 0) return { ...record, revision: newest.revision }
  }
  throw new PawlError({
    code: 'unknown-state',
    message: `which release of ${release} runs is not known: revision ${newest.revision} is ${newest.status}, and the pods are neither its nor those of the deployed one`,
    hint: 'Finish or repair the last upgrade, so that all pods are of one release, then try again.',
    unchanged: 'The guard was not changed.',
    facts,
  })
}
