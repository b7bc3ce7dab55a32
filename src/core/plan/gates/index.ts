// Every gate, in the order in which people read them. A new gate is a function in this folder and a row here.
import type { PlanFacts } from '../facts.ts'
import { stageOf } from '../facts.ts'
import type { GateAnswer } from '../plan.ts'
import { databaseNamesUnchanged, databasesAgree, databasesKnown } from './databases.ts'
import { databaseFloor } from './floor.ts'
import type { Gate } from './gate.ts'
import { installedSupported, targetGenuine, targetPublished } from './history.ts'
import { installedKnown, noPendingOperation, notManagedElsewhere, noUnfinishedRun } from './installed.ts'
import {
  databaseExtensions,
  databaseRights,
  databasesReachable,
  schemaClean,
  serverMajorSupported,
  writesCounted,
} from './observed.ts'
import { hookWillPass, packageNewEnough } from './package.ts'
import {
  backupProven,
  chartOfInstalledAvailable,
  chartOfInstalledMatches,
  keysPresent,
  storeWritable,
} from './recovery.ts'
import {
  migratorFound,
  replicasOwner,
  storageUnchanged,
  targetRenders,
  targetStaysStopped,
  writersKnown,
} from './rendered.ts'
import { capacityEnough, imagesPullable } from './room.ts'
import { clusterAccepts, noHookLeftovers, noPinnedImages, randomValues } from './stored.ts'
import { storeSpace } from './space.ts'
import { noStagedCopies, stagingPossible, stagingRoom } from './staging.ts'
import { beyondTheCluster, helmUsable, kubernetesVersion } from './surroundings.ts'
import { targetKnown, targetNewer, targetNotCandidate, targetSupported } from './target.ts'
import { knownTraps, trapAnswers } from './traps.ts'
import { immutableValuesUnchanged } from './values.ts'

export const GATES: readonly Gate[] = [
  { name: 'target-known', stage: 1, answer: targetKnown },
  { name: 'installed-known', stage: 1, answer: installedKnown },
  { name: 'installed-supported', stage: 1, answer: installedSupported },
  { name: 'no-unfinished-run', stage: 1, answer: noUnfinishedRun },
  { name: 'no-staged-copies', stage: 1, answer: noStagedCopies },
  { name: 'no-pending-operation', stage: 1, answer: noPendingOperation },
  { name: 'not-managed-elsewhere', stage: 1, answer: notManagedElsewhere },
  { name: 'target-newer', stage: 1, needsTarget: true, answer: targetNewer },
  { name: 'target-genuine', stage: 1, needsTarget: true, answer: targetGenuine },
  { name: 'target-published', stage: 1, needsTarget: true, answer: targetPublished },
  { name: 'target-supported', stage: 1, needsTarget: true, answer: targetSupported },
  { name: 'target-not-candidate', stage: 1, needsTarget: true, answer: targetNotCandidate },
  { name: 'package-new-enough', stage: 1, needsTarget: true, answer: packageNewEnough },
  { name: 'helm-usable', stage: 1, answer: helmUsable },
  { name: 'kubernetes-version', stage: 1, answer: kubernetesVersion },
  { name: 'beyond-the-cluster', stage: 1, needsTarget: true, answer: beyondTheCluster },
  { name: 'keys-present', stage: 1, answer: keysPresent },
  { name: 'backup-proven', stage: 1, answer: backupProven },
  { name: 'databases-known', stage: 1, answer: databasesKnown },
  { name: 'databases-agree', stage: 1, answer: databasesAgree },
  { name: 'database-names-unchanged', stage: 1, needsTarget: true, answer: databaseNamesUnchanged },
  { name: 'immutable-values-unchanged', stage: 1, needsTarget: true, answer: immutableValuesUnchanged },
  { name: 'known-traps', stage: 1, needsTarget: true, answer: knownTraps },
  { name: 'writers-known', stage: 1, answer: writersKnown },
  { name: 'replicas-owner', stage: 1, answer: replicasOwner },
  { name: 'chart-of-installed-available', stage: 1, answer: chartOfInstalledAvailable },
  { name: 'target-renders', stage: 2, answer: targetRenders },
  { name: 'cluster-accepts', stage: 2, answer: clusterAccepts },
  { name: 'hook-will-pass', stage: 2, answer: hookWillPass },
  { name: 'no-hook-leftovers', stage: 2, answer: noHookLeftovers },
  { name: 'storage-unchanged', stage: 2, answer: storageUnchanged },
  { name: 'no-pinned-images', stage: 2, answer: noPinnedImages },
  { name: 'random-values', stage: 2, answer: randomValues },
  { name: 'capacity', stage: 2, answer: capacityEnough },
  { name: 'migrator-found', stage: 2, answer: migratorFound },
  { name: 'target-stays-stopped', stage: 2, answer: targetStaysStopped },
  { name: 'chart-of-installed-matches', stage: 2, answer: chartOfInstalledMatches },
  { name: 'images-pullable', stage: 3, answer: imagesPullable },
  { name: 'databases-reachable', stage: 3, answer: databasesReachable },
  { name: 'writes-counted', stage: 3, answer: writesCounted },
  { name: 'database-floor', stage: 3, answer: databaseFloor },
  { name: 'database-rights', stage: 3, answer: databaseRights },
  { name: 'database-extensions', stage: 3, answer: databaseExtensions },
  { name: 'server-major-supported', stage: 3, answer: serverMajorSupported },
  { name: 'schema-clean', stage: 3, answer: schemaClean },
  { name: 'store-writable', stage: 3, answer: storeWritable },
  { name: 'store-space', stage: 3, answer: storeSpace },
  { name: 'staging-possible', stage: 3, answer: stagingPossible },
  { name: 'staging-room', stage: 3, answer: stagingRoom },
]

/** The answers of every gate whose facts were gathered; where the target is not known, that is said once. */
export function answersFor(facts: PlanFacts): GateAnswer[] {
  const stage = stageOf(facts)
  const asked = GATES.filter((gate) => gate.stage <= stage && (facts.cheap.target.known || gate.needsTarget !== true))
  return [...asked.map((gate) => gate.answer(facts)), ...trapAnswers(facts)]
}

/** True where an answer cannot be accepted away: gathering more facts is no use, and nothing may be touched for it. */
export function isFinal(answer: GateAnswer): boolean {
  return answer.answer === 'unknown' || (answer.answer === 'refuse' && answer.mandatory)
}
