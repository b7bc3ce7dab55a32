// Quiesce: every Deployment that may write is at 0, its pods are gone to the last one, and the databases themselves say so.
import { standingOf } from '../../core/data/standing.ts'
import type { DatabaseActivity } from '../../core/data/tasks.ts'
import { PawlError, reportOf } from '../../core/errors.ts'
import { listOf, recordOf, valueAt } from '../../core/json.ts'
import type { Observation } from '../../core/run/decide.ts'
import type { Writer } from '../../core/plan/plan.ts'
import type { KubeObject } from '../../ports/cluster.ts'
import { databasesOfRun, lastMigration, lookAtActivity, lookAtDatabases } from '../look.ts'
import { keepWritersStopped, letsWritersStart } from '../guard/protocol.ts'
import { MIGRATOR_LABEL } from '../names.ts'
import { LOOK_AGAIN_MS, type Step, type StepContext } from '../step.ts'
import { readDeployments, scaleTo, type DeploymentView } from '../workloads/deployments.ts'
import { graceLeftMs, podsOf } from '../workloads/pods.ts'

/** How long after its grace period a pod may still be there before a person is asked. */
const PATIENCE_MS = 60_000
/** How long sessions may take to go once no writer's pod is left. */
const SESSIONS_TIMEOUT_MS = 60_000

export const quiesce: Step = {
  name: 'quiesce',
  async observe(context) {
    const writers = await writersOf(context)
    if (writers.some((view) => view.replicas > 0) || (await letsWritersStart(context))) return { is: 'todo' }
    if ((await unfinishedMigrators(context)).length > 0) return { is: 'todo' }
    const left = await podsOf(context.cluster, context.namespace, writers, context.signal)
    if (left.length > 0)
      return stillEnding(
        context,
        left.map((pod) => pod.metadata.name),
        graceLeftMs(left, context.clock.now()),
      )
    return await databasesSaySo(context)
  },
  async act(context) {
    await context.stillOwner()
    const writers = await writersOf(context)
    await keepWritersStopped(context, writers)
    for (const view of writers) await scaleTo(context.cluster, view, 0, 'pawl', context.signal)
    for (const job of await unfinishedMigrators(context)) await endMigrator(context, job)
  },
}

/** A migrator of the upgrade that is recovered from may not even have a session yet, and would migrate what is restored. */
async function unfinishedMigrators(context: StepContext): Promise<KubeObject[]> {
  const jobs = await context.cluster.list(
    {
      apiVersion: 'batch/v1',
      kind: 'Job',
      namespace: context.namespace,
      labelSelector: `${MIGRATOR_LABEL},pawl.dev/release=${context.release}`,
    },
    context.signal,
  )
  return jobs.filter(
    (job) =>
      !listOf(valueAt(job, 'status.conditions')).some((condition) =>
        ['Complete', 'Failed'].includes(String(recordOf(condition)['type'])),
      ),
  )
}

/** Returns when the Job and its pods are gone. */
async function endMigrator(context: StepContext, job: KubeObject): Promise<void> {
  const ref = { apiVersion: 'batch/v1', kind: 'Job', namespace: context.namespace, name: job.metadata.name }
  await context.cluster.remove(ref, { propagation: 'Foreground' }, context.signal)
  while ((await context.cluster.get(ref, context.signal)) !== undefined) {
    context.report({ phase: 'wait', note: `migrator ${job.metadata.name} to end` })
    await context.clock.sleep(LOOK_AGAIN_MS, context.signal)
  }
}

export function writersInSpec(context: StepContext): Writer[] {
  return context.spec.kind === 'backup' ? [] : context.spec.plan.writers
}

export async function writersOf(context: StepContext): Promise<DeploymentView[]> {
  const names = new Set(writersInSpec(context).map((writer) => writer.deployment))
  return await readDeployments(context.cluster, context.namespace, names, context.signal)
}

function stillEnding(context: StepContext, pods: string[], graceMs: number): Observation {
  const since = Date.parse(context.state.steps.quiesce?.startedAt ?? context.clock.now().toISOString())
  const waitedMs = context.clock.now().getTime() - since
  if (graceMs === 0 && waitedMs > PATIENCE_MS) {
    return { is: 'failed', error: reportOf(writersRemain(`pods do not end: ${pods.join(', ')}`)) }
  }
  context.report({
    phase: 'wait',
    note: `${pods.length} pod(s) to end, at most ${Math.ceil(graceMs / 1000)} s of grace left`,
  })
  return { is: 'waiting', on: `${pods.length} pod(s) to end`, forMs: LOOK_AGAIN_MS }
}

async function databasesSaySo(context: StepContext): Promise<Observation> {
  const databases = databasesOfRun(context)
  const quietAt = (): string => context.clock.now().toISOString()
  if (context.spec.kind === 'recovery') {
    // What it is to replace may be gone, closed or damaged: nothing in it is needed, so nobody has to get in.
    const look = await lookAtActivity(context, { databases, timeoutMs: SESSIONS_TIMEOUT_MS })
    if (!look.quiet) return notQuiet(look.databases)
    const counters = look.databases.map(({ role, writeCounter }) => ({ role, writeCounter }))
    return { is: 'done', evidence: { quietAt: quietAt(), databases: counters } }
  }
  const look = await lookAtDatabases(context, { databases, until: 'quiet', timeoutMs: SESSIONS_TIMEOUT_MS })
  if (!look.quiet) return notQuiet(look.databases)
  return {
    is: 'done',
    evidence: {
      quietAt: quietAt(),
      databases: look.databases.map((database) => ({
        role: database.role,
        ...standingOf(database),
        lastMigration: lastMigration(database),
      })),
    },
  }
}

function notQuiet(databases: readonly DatabaseActivity[]): Observation {
  const sessions = databases.flatMap((database) =>
    database.sessions.map(
      (session) =>
        `${database.role}: ${session.user}/${session.application || '?'} (pid ${session.pid}, ${session.state})`,
    ),
  )
  const who =
    sessions.length > 0
      ? `sessions remain: ${sessions.join('; ')}`
      : 'rows are still being written by somebody without a visible session'
  return { is: 'failed', error: reportOf(writersRemain(who)) }
}

function writersRemain(message: string): PawlError {
  return new PawlError({
    code: 'writers-remain',
    message,
    unchanged: 'No database and no release was changed; the writers are stopped.',
  })
}
