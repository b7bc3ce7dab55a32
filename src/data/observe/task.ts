// Observe: one look at every database, or looking again and again until nothing writes and nobody is connected.
import type { DatabaseTarget, ResultOf, TaskOf } from '../../core/data/tasks.ts'
import type { DataDeps, TaskContext } from '../deps.ts'
import { glanceAt, lookAt, type Glance } from './look.ts'

type ObserveTask = TaskOf<'observe'>

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
): Promise<Glance[]> {
  const found: Glance[] = []
  for (const database of databases) found.push(await glanceAt(deps, context, database))
  return found
}

/** True as soon as no session was there and no counter moved over two looks; false when the time is over. */
async function waitUntilQuiet(task: ObserveTask, deps: DataDeps, context: TaskContext): Promise<boolean> {
  const deadline = deps.clock.now().getTime() + (task.timeoutMs ?? DEFAULT_TIMEOUT_MS)
  let before: Glance[] | undefined
  for (;;) {
    const now = await glanceAll(deps, context, task.databases)
    const empty = now.every((glance) => glance.sessions.length === 0)
    const changed = before !== undefined && now.some((glance, at) => glance.writeCounter !== before?.[at]?.writeCounter)
    if (empty && before !== undefined && !changed) return true
    const left = deadline - deps.clock.now().getTime()
    if (left <= 0) return false
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
  const quietSoFar = task.until === 'quiet' ? await waitUntilQuiet(task, deps, context) : false
  const databases = []
  for (const database of task.databases) databases.push(await lookAt(deps, context, database))
  // Somebody may have come back between the last short look and the full one.
  return { quiet: quietSoFar && databases.every((database) => database.sessions.length === 0), databases }
}
