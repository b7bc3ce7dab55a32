// One look at the databases through the data plane, under a name that no earlier owner can have used.
import type { DatabaseObservation, DataResults, TaskOf } from '../core/data/tasks.ts'
import { PawlError } from '../core/errors.ts'
import type { PlannedDatabase } from '../core/plan/plan.ts'
import { runId } from './names.ts'
import type { StepContext } from './step.ts'

export interface LookRequest {
  databases: readonly PlannedDatabase[]
  until?: 'quiet'
  timeoutMs?: number
}

/** Name of a task that never gets what an earlier one, or one of an earlier owner, was answered. */
export function freshTaskId(context: StepContext, what: string): string {
  const count = Number(context.memo.get(`tasks:${what}`) ?? 0) + 1
  context.memo.set(`tasks:${what}`, count)
  return `${runId(context.run, context.release)}-${what}-f${context.fence}-${count}`
}

/** Name of a step's task: whoever goes on with the run asks for the same again. */
export function taskId(context: StepContext, what: string, attempt: number): string {
  return `${runId(context.run, context.release)}-${what}-${attempt}`
}

/** The same, once what the attempt before has left is taken away: two must never work at once. */
export async function freedTaskId(context: StepContext, what: string, attempt: number): Promise<string> {
  if (attempt > 1) await context.dataPlane.discard(taskId(context, what, attempt - 1), context.signal)
  return taskId(context, what, attempt)
}

/** Observes and cleans up after itself. Not remembered: every look is a new one. */
export async function lookAtDatabases(context: StepContext, request: LookRequest): Promise<DataResults['observe']> {
  const databases = request.databases.map((database) => database.target)
  return await look<'observe'>(context, request, {
    kind: 'observe',
    databases,
    ...(request.until === undefined ? {} : { until: request.until }),
    ...(request.timeoutMs === undefined ? {} : { timeoutMs: request.timeoutMs }),
  })
}

/** Waits until the databases are quiet, without entering them; like the other look, not remembered. */
export async function lookAtActivity(
  context: StepContext,
  request: Required<Pick<LookRequest, 'databases' | 'timeoutMs'>>,
): Promise<DataResults['activity']> {
  const databases = request.databases.map((database) => database.target)
  return await look<'activity'>(context, request, { kind: 'activity', databases, timeoutMs: request.timeoutMs })
}

async function look<K extends 'observe' | 'activity'>(
  context: StepContext,
  { databases: [first] }: LookRequest,
  task: TaskOf<K>,
): Promise<DataResults[K]> {
  const id = freshTaskId(context, 'look')
  if (first === undefined) return { quiet: true, databases: [] }
  const { serverMajor } = first
  try {
    return await context.dataPlane.run<K>(task, {
      id,
      serverMajor,
      onProgress: context.report,
      signal: context.signal,
    })
  } finally {
    await context.dataPlane.discard(id)
  }
}

export function observationOf(observations: readonly DatabaseObservation[], role: string): DatabaseObservation {
  const found = observations.find((observation) => observation.role === role)
  if (found === undefined) throw new PawlError({ code: 'unknown-state', message: `database ${role} was not observed` })
  return found
}

/** The databases of whatever kind of run this is. */
export function databasesOfRun(context: StepContext): PlannedDatabase[] {
  return context.spec.plan.databases
}

/** Last migration a database has recorded; empty where its table is empty or missing. */
export function lastMigration(observation: DatabaseObservation): string {
  return observation.migrations?.at(-1) ?? ''
}
