// Reinstall: the chart and values that belong to the restored data, as a new revision. Going forward in Helm's history, always.
import { PawlError } from '../../core/errors.ts'
import type { Writer } from '../../core/plan/plan.ts'
import { readSet } from '../backup/index.ts'
import type { DeploymentBefore } from '../capture/index.ts'
import { keepsStopped, letWritersStart, lowerFloors } from '../guard/protocol.ts'
import { recordMark } from '../names.ts'
import { fileOf, readFiles, textOfFile } from '../release/files.ts'
import { newestRecord, observeRecord } from '../release/record.ts'
import { writeRelease } from '../release/upgrade.ts'
import { recoveryPlanOf } from '../restore/index.ts'
import { giveBackReplicas, observeReadiness } from '../rollout/index.ts'
import type { Step, StepContext } from '../step.ts'

export const reinstall: Step = {
  name: 'reinstall',
  async observe(context) {
    const record = await newestRecord(context)
    const seen = await observeRecord(context, record, 'reinstall', () => true)
    if (seen.is !== 'done') return seen
    if (await keepsStopped(context)) return { is: 'todo' }
    return await observeReadiness(context, record, replicasBefore(context))
  },
  async act(context) {
    const plan = recoveryPlanOf(context)
    const set = await readSet(context.cluster, context.namespace, plan.set, context.signal)
    const secret = set?.status?.releaseFiles
    if (secret === undefined) {
      throw new PawlError({
        code: 'backup-not-found',
        message: `backup set ${plan.set} does not say where chart and values of its release are`,
      })
    }
    const record = await newestRecord(context)
    if (!(record.status === 'deployed' && record.description === recordMark(context.run, 'reinstall'))) {
      const files = await readFiles(context.cluster, context.namespace, secret, context.signal)
      await lowerFloors(context, textOfFile(files, secret, 'manifest.yaml'), plan.to.appVersion)
      const values = [textOfFile(files, secret, 'values.json')]
      await writeRelease(context, { step: 'reinstall', chart: fileOf(files, secret, 'chart.tgz'), values })
    }
    await giveBackReplicas(context, replicasBefore(context))
    await letWritersStart(context)
  },
}

function replicasBefore(context: StepContext): DeploymentBefore[] {
  return recoveryPlanOf(context)
    .writers.filter(
      (writer) => writer.replicas > 0 && (writer.autoscaler !== undefined || writer.scaledBy !== undefined),
    )
    .map(asBefore)
}

function asBefore({ deployment, ...rest }: Writer): DeploymentBefore {
  return { name: deployment, ...rest }
}
