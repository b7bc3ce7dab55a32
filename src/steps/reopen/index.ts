// Reopen: a run that is given up before the point of no return puts back what it stopped, and takes away the copies it made.
import { nameBeside } from '../../core/data/copies.ts'
import type { DataResults } from '../../core/data/tasks.ts'
import { PawlError } from '../../core/errors.ts'
import { listOf, recordOf } from '../../core/json.ts'
import { setName } from '../backup/index.ts'
import type { DeploymentBefore } from '../capture/index.ts'
import { untilAdmitted } from '../guard/admitted.ts'
import { keepsStopped, letWritersStart } from '../guard/protocol.ts'
import { taskId } from '../look.ts'
import { databaseSuffixes, setDirectory } from '../names.ts'
import { writersInSpec } from '../quiesce/index.ts'
import { readinessOf } from '../rollout/ready.ts'
import { dropCopies, forgetCopies, placeOf } from '../staged/copies.ts'
import { LOOK_AGAIN_MS, type Step, type StepContext } from '../step.ts'
import { handBackReplicas, readDeployments, scaleTo } from '../workloads/deployments.ts'

export const reopen: Step = {
  name: 'reopen',
  async observe(context) {
    const wanted = ranBefore(context)
    const names = new Set(wanted.map(({ name }) => name))
    const views = await readDeployments(context.cluster, context.namespace, names, context.signal)
    const stopped = views.filter((view) => view.replicas === 0)
    if (stopped.length > 0 || (await keepsStopped(context))) return { is: 'todo' }
    const copies = context.memo.get('reopen:copies') as Dropped | undefined
    if (copies === undefined && mayHaveCopies(context)) return { is: 'todo' }
    const readiness = await readinessOf(context, names)
    if (readiness.ready) {
      const said = copies === undefined ? {} : { copies }
      return { is: 'done', evidence: { deployments: readiness.deployments, ...said } }
    }
    context.report({ phase: 'rollout', note: readiness.why[0] ?? 'waiting for Deployments to get ready' })
    return { is: 'waiting', on: 'Deployments to get ready again', forMs: LOOK_AGAIN_MS }
  },
  async act(context, attempt) {
    await letWritersStart(context)
    const wanted = ranBefore(context)
    const names = new Set(wanted.map(({ name }) => name))
    for (const view of await readDeployments(context.cluster, context.namespace, names, context.signal)) {
      const before = wanted.find(({ name }) => name === view.name)
      if (before === undefined || view.replicas !== 0) continue
      const manager = before.scaledBy ?? 'pawl'
      await untilAdmitted(
        context,
        async () => await scaleTo(context.cluster, view, before.replicas, manager, context.signal),
      )
    }
    // What Pawl scaled must not stand in the way of the next Helm write; what a person scaled stays that person's.
    for (const view of await readDeployments(context.cluster, context.namespace, names, context.signal)) {
      if (wanted.find(({ name }) => name === view.name)?.scaledBy === undefined)
        await handBackReplicas(context.cluster, view, context.signal)
    }
    // Last: the product serves again, whatever the databases' server says to this.
    if (mayHaveCopies(context)) context.memo.set('reopen:copies', await dropOrLeave(context, attempt))
  },
}

type Dropped = DataResults['drop-copies']

const DROP_ATTEMPTS = 3

function mayHaveCopies({ spec, state }: StepContext): boolean {
  return spec.kind === 'upgrade' && spec.plan.staged !== undefined && state.steps.prove?.startedAt !== undefined
}

/** What cannot be dropped stays, and is said: no run goes on for ever for the sake of it. */
async function dropOrLeave(context: StepContext, attempt: number): Promise<Dropped> {
  try {
    return await dropOwnCopies(context)
  } catch (error) {
    if (context.signal.aborted || !(error instanceof PawlError)) throw error
    if (error.retryable && attempt < DROP_ATTEMPTS) throw error
    const why = `${error.message} Drop it later: pawl runs accept ${context.release} -n ${context.namespace}`
    context.report({ phase: 'drop', note: `the staged copies stay: ${why}` })
    const { staged } = databaseSuffixes(setName(context))
    return {
      dropped: [],
      left: placeOf(context).databases.map((one) => ({ database: nameBeside(one.database, staged), why })),
    }
  }
}

async function dropOwnCopies(context: StepContext): Promise<Dropped> {
  const name = setName(context)
  // A proof that is still at work would make them again.
  const attempts = (context.state.steps.prove?.failures ?? 0) + 1
  for (let attempt = 1; attempt <= attempts; attempt++)
    await context.dataPlane.discard(taskId(context, 'prove', attempt), context.signal)
  const set = { name, set: setDirectory(context.namespace, context.release, name) }
  const dropped = await dropCopies(context, placeOf(context), set, `${name}-drop-f${context.fence}`)
  await forgetCopies(context.cluster, context.namespace, name, context.signal)
  return dropped
}

/** What the journal remembers of the time before; the plan's own list where the run was given up before that was written. */
function ranBefore(context: StepContext): DeploymentBefore[] {
  const remembered = listOf(recordOf(context.state.steps.capture?.evidence)['deployments']) as DeploymentBefore[]
  const planned = writersInSpec(context).map(({ deployment, ...rest }) => ({ name: deployment, ...rest }))
  return (remembered.length > 0 ? remembered : planned).filter((deployment) => deployment.replicas > 0)
}
