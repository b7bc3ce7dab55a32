// Rollout: the real values, every Deployment up on the new release, and the replicas that ran before.
import { PawlError, reportOf } from '../../core/errors.ts'
import { listOf, recordOf } from '../../core/json.ts'
import type { Observation } from '../../core/run/decide.ts'
import type { ReleaseRecord } from '../../ports/helm.ts'
import type { DeploymentBefore } from '../capture/index.ts'
import { raiseFloor } from '../floor/write.ts'
import { letWritersStart, raiseFloors } from '../guard/protocol.ts'
import { fileOf, readFiles, valuesInOrder } from '../release/files.ts'
import { namesInManifest } from '../release/manifest.ts'
import { newestRecord, observeRecord } from '../release/record.ts'
import { writeRelease } from '../release/upgrade.ts'
import { recordMark, runFilesSecret } from '../names.ts'
import { LOOK_AGAIN_MS, type Step, type StepContext } from '../step.ts'
import { readDeployments, scaleTo } from '../workloads/deployments.ts'
import { readinessOf } from './ready.ts'

export const rollout: Step = {
  name: 'rollout',
  async observe(context) {
    const record = await newestRecord(context)
    const seen = await observeRecord(context, record, 'rollout', () => false)
    if (seen.is !== 'done') return seen
    const wanted = replicasToGiveBack(context)
    return await observeReadiness(context, record, wanted)
  },
  async act(context) {
    const record = await newestRecord(context)
    // A migrate that was killed before it acted is done where the target has no migration of its own: the floors are not up yet.
    await raiseFloors(context, record)
    await raiseFloor(context)
    await letWritersStart(context)
    if (!(record.status === 'deployed' && record.description === recordMark(context.run, 'rollout'))) {
      const secret = runFilesSecret(context.run)
      const files = await readFiles(context.cluster, context.namespace, secret, context.signal)
      await writeRelease(context, {
        step: 'rollout',
        chart: fileOf(files, secret, 'chart.tgz'),
        values: valuesInOrder(files, secret),
      })
    }
    await giveBackReplicas(context, replicasToGiveBack(context))
  },
}

/** Numbers that neither chart nor values know: an autoscaler's, or those somebody set by hand. What ran before runs after. */
function replicasToGiveBack(context: StepContext): DeploymentBefore[] {
  const before = listOf(recordOf(context.state.steps.capture?.evidence)['deployments']) as DeploymentBefore[]
  return before.filter(
    (deployment) =>
      deployment.replicas > 0 && (deployment.autoscaler !== undefined || deployment.scaledBy !== undefined),
  )
}

export async function giveBackReplicas(context: StepContext, wanted: readonly DeploymentBefore[]): Promise<void> {
  const views = await readDeployments(
    context.cluster,
    context.namespace,
    new Set(wanted.map(({ name }) => name)),
    context.signal,
  )
  for (const view of views) {
    const before = wanted.find(({ name }) => name === view.name)
    if (before !== undefined && needsReplicas(view.replicas, before)) {
      await scaleTo(context.cluster, view, before.replicas, before.scaledBy ?? 'pawl', context.signal)
    }
  }
}

/** An autoscaler that is awake again may choose its own number; it sleeps only at 0 or right after Helm's default of 1. */
function needsReplicas(now: number, before: DeploymentBefore): boolean {
  return before.autoscaler === undefined ? now !== before.replicas : now < before.replicas && now <= 1
}

/** Ready, on its way, or stuck for longer than the rollout may take. */
export async function observeReadiness(
  context: StepContext,
  record: ReleaseRecord,
  wanted: readonly DeploymentBefore[],
): Promise<Observation> {
  const names = namesInManifest(context.parseYaml(record.manifest), 'Deployment')
  const views = await readDeployments(context.cluster, context.namespace, names, context.signal)
  const short = views.some((view) =>
    wanted.some((before) => before.name === view.name && needsReplicas(view.replicas, before)),
  )
  if (short) return { is: 'todo' }
  const state = await readinessOf(context, names)
  if (state.ready) return { is: 'done', evidence: { revision: record.revision, deployments: state.deployments } }
  const sinceMs = context.clock.now().getTime() - Date.parse(record.lastDeployedAt ?? '')
  const ready = state.deployments.filter(({ ready: up, wanted: all }) => up === all).length
  if (sinceMs > context.rolloutTimeoutMs) {
    const message = `${ready} of ${state.deployments.length} Deployments are ready after ${Math.round(sinceMs / 1000)} s: ${state.why.join('; ') || 'no reason is given'}`
    return { is: 'failed', error: reportOf(new PawlError({ code: 'rollout-stuck', message })) }
  }
  context.report({
    phase: 'rollout',
    note: `${ready} of ${state.deployments.length} Deployments ready${state.why[0] === undefined ? '' : ` (${state.why[0]})`}`,
  })
  return { is: 'waiting', on: 'Deployments to get ready', forMs: LOOK_AGAIN_MS }
}
