// Compares live databases with a backup set, row by row: what took a live name without being restored just now has to show that
// it is what the set holds.
import type { DatabaseTarget, ResultOf, SettledTask } from '../../core/data/tasks.ts'
import { PawlError } from '../../core/errors.ts'
import { textOf } from '../../core/json.ts'
import { adminTarget, withAdmin } from '../admin.ts'
import { compareRestored } from '../compare.ts'
import { fittingJobsAt, NEEDED_TO_RESTORE } from '../connections.ts'
import type { DataDeps, TaskContext } from '../deps.ts'
import { isSuperuser } from '../databases.ts'
import { probe } from '../session.ts'
import { openSet, readDatabase } from '../stored-set.ts'

type Compared = ResultOf<'compare'>['databases'][number]

/** Restored by a role that is no superuser, objects have one owner: owners are not compared then, as `restore` does it. */
async function ownersChange(deps: DataDeps, context: TaskContext, database: DatabaseTarget): Promise<boolean> {
  const target = await adminTarget(deps, database)
  return !(await withAdmin(deps, target, context.signal, isSuperuser))
}

/** Lost connections, no room or connections left, locked, ended by an administrator: another try may well read it. */
const PASSING = /^(?:08|40|53|55|57)/

/**
 * What cannot be read is not the backup either: damaged pages, or tables that somebody else has put there. Not so where it is the
 * server that does not answer.
 */
async function whyOther(
  error: unknown,
  deps: DataDeps,
  context: TaskContext,
  database: DatabaseTarget,
): Promise<string> {
  if (!(error instanceof PawlError) || context.signal.aborted) throw error
  if (error.code === 'proof-mismatch') return error.message
  if (error.code === 'database-unreachable' || PASSING.test(textOf(error.facts['sqlState']) ?? '')) throw error
  const server = await adminTarget(deps, database)
  await probe(deps, server, context.signal).catch(() => {
    throw error
  })
  return error.message
}

/** A difference is an answer, not an error. Throws what `prove` throws where the set itself cannot be read. */
export async function runCompare(
  task: SettledTask<'compare'>,
  deps: DataDeps,
  context: TaskContext,
): Promise<ResultOf<'compare'>> {
  const set = await openSet(task, deps, context.signal)
  const databases: Compared[] = []
  for (const database of task.databases) {
    const evidence = set.manifest.databases.find(({ role }) => role === database.role)
    if (evidence === undefined)
      throw new PawlError({ code: 'input-invalid', message: `The set ${task.set} has no database "${database.role}".` })
    const stored = await readDatabase(set, evidence, context.signal)
    const tools = await deps.toolbox.forServer(evidence.serverMajor)
    const target = await adminTarget(deps, database, database.database)
    const ownersChanged = await ownersChange(deps, context, database)
    try {
      const { role, serverMajor: major } = evidence
      const jobs = await fittingJobsAt(deps, context, { target, major, role, jobs: task.jobs, need: NEEDED_TO_RESTORE })
      const { digest } = await compareRestored(deps, context, stored, { target, tools, jobs, ownersChanged })
      databases.push({ role: database.role, digest })
    } catch (error) {
      const differs = await whyOther(error, deps, context, database)
      databases.push({ role: database.role, digest: evidence.digest, differs })
    }
  }
  return { set: task.set, databases }
}
