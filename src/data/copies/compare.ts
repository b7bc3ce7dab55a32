// Compares live databases with a backup set, row by row: what took a live name without being restored just now has to show that
// it is what the set holds.
import type { DatabaseTarget, ResultOf, SettledTask } from '../../core/data/tasks.ts'
import { isPawlError, PawlError } from '../../core/errors.ts'
import { adminTarget } from '../admin.ts'
import { compareRestored } from '../compare.ts'
import type { DataDeps, TaskContext } from '../deps.ts'
import { one, text, withConnection } from '../session.ts'
import { openSet, readDatabase } from '../stored-set.ts'

type Compared = ResultOf<'compare'>['databases'][number]

/** Restored by a role that is no superuser, objects have one owner: owners are not compared then, as `restore` does it. */
async function isSuperuser(deps: DataDeps, context: TaskContext, database: DatabaseTarget): Promise<boolean> {
  return await withConnection(deps, await adminTarget(deps, database), {}, context.signal, async (connection) => {
    const rows = await connection.query(`select rolsuper::text as super from pg_roles where rolname = current_user`)
    return text(one(rows), 'super') === 'true'
  })
}

/** A difference is an answer, not an error. Throws what `prove` throws where the set itself cannot be read. */
export async function runCompare(
  task: SettledTask<'compare'>,
  deps: DataDeps,
  context: TaskContext,
): Promise<ResultOf<'compare'>> {
  const vault = { store: await deps.openStore(task.store), cipher: deps.cipher, set: task.set }
  const set = await openSet(vault, await deps.secrets.resolve(task.identity), context.signal)
  const databases: Compared[] = []
  for (const database of task.databases) {
    const evidence = set.manifest.databases.find(({ role }) => role === database.role)
    if (evidence === undefined)
      throw new PawlError({ code: 'input-invalid', message: `The set ${task.set} has no database "${database.role}".` })
    const stored = await readDatabase(set, evidence, context.signal)
    const tools = await deps.toolbox.forServer(evidence.serverMajor)
    const target = await adminTarget(deps, database, database.database)
    const ownersChanged = !(await isSuperuser(deps, context, database))
    try {
      const { digest } = await compareRestored(deps, context, stored, { target, tools, jobs: task.jobs, ownersChanged })
      databases.push({ role: database.role, digest })
    } catch (error) {
      if (!isPawlError(error, 'proof-mismatch')) throw error
      databases.push({ role: database.role, digest: evidence.digest, differs: error.message })
    }
  }
  return { set: task.set, databases }
}
