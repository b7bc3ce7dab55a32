// Observe: one look at every database, or looking again and again until nothing writes and nobody is connected.
import type { DatabaseTarget, ResultOf, TaskOf } from '../../core/data/tasks.ts'
import type { DataDeps, TaskContext } from '../deps.ts'
import { glanceAt, glanceFromBeside, lookAt, type Glance } from './look.ts'

type ObserveTask = TaskOf<'observe'>
type Waiting = Pick<ObserveTask, 'databases' | 'timeoutMs'>
type GlanceAt = typeof glanceAt

const DEFAULT_TIMEOUT_MS = 60_000
/** Two equal write counters must be this far apart: a server reports a session's counts up to a second late. */
const STILL_MS = 1600

function waitingFor(glances: readonly Glance[], changed: boolean): string {
  const sessions = glances.flatMap((glance) => glance.sessions)
  if (sessions.length === 0) return changed ? 'waiting for the last writes to be counted' : 'looking a second time'
  const who = [...new Set(sessions.map((session) => session.application || session.user))].slice(0, 3).join(', ')
  return `waiting for ${sessions.length} ${sessions.length === 1 ? 'session' : 'sessions'} (${who})`
}

async function glanceAll(
  deps: DataDeps,
  context: TaskContext,
  databases: readonly DatabaseTarget[],
  at: GlanceAt,
): Promise<Glance[]> {
  const found: Glance[] = []
  for (const database of databases) found.push(await at(deps, context, database))
  return found
}

interface Waited {
  quiet: boolean
  /** The last look. */
  glances: Glance[]
}

/** Quiet as soon as no session was there and no counter moved over two looks; not so when the time is over. */
async function waitUntilQuiet(task: Waiting, deps: DataDeps, context: TaskContext, at: GlanceAt): Promise<Waited> {
  const deadline = deps.clock.now().getTime() + (task.timeoutMs ?? DEFAULT_TIMEOUT_MS)
  let before: Glance[] | undefined
  for (;;) {
    const now = await glanceAll(deps, context, task.databases, at)
    const empty = now.every((glance) => glance.sessions.length === 0)
    const changed =
      before !== undefined && now.some((glance, place) => glance.writeCounter !== before?.[place]?.writeCounter)
    if (empty && before !== undefined && !changed) return { quiet: true, glances: now }
    const left = deadline - deps.clock.now().getTime()
    if (left <= 0) return { quiet: false, glances: now }
    context.report({ phase: 'wait', note: waitingFor(now, changed) })
    // With somebody still connected the counters need not be compared yet, so the next look may come sooner.
    await deps.clock.sleep(Math.min(empty ? STILL_MS : 500, Math.max(left, 50)), context.signal)
    before = empty ? now : undefined
  }
}

export async function runObserve(
  task: ObserveTask,
  deps: DataDeps,
  context: TaskContext,
): Promise<ResultOf<'observe'>> {
  const quietSoFar = task.until === 'quiet' && (await waitUntilQuiet(task, deps, context, glanceAt)).quiet
  const databases = []
  for (const database of task.databases) databases.push(await lookAt(deps, context, database))
  // Somebody may have come back between the last short look and the full one.
  return { quiet: quietSoFar && databases.every((database) => database.sessions.length === 0), databases }
}

/** Throws `database-unreachable` where the server itself is. */
export async function runActivity(
  task: TaskOf<'activity'>,
  deps: DataDeps,
  context: TaskContext,
): Promise<ResultOf<'activity'>> {
  const { quiet, glances } = await waitUntilQuiet(task, deps, context, glanceFromBeside)
  const databases = glances.map((glance, place) => ({ role: task.databases[place]?.role ?? '', ...glance }))
  return { quiet, databases }
}
