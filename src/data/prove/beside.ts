// Proof on the databases' own server: the stored bytes are restored beside the live databases and compared, and the copies stay,
// closed to everybody, so that a recovery only has to rename them.
import { nameBeside } from '../../core/data/copies.ts'
import type { DatabaseProof, DatabaseTarget, ResultOf, SettledTask } from '../../core/data/tasks.ts'
import { adminTarget, withAdmin } from '../admin.ts'
import { leaveMark, sizeOf, stateOf } from '../databases.ts'
import type { DataDeps, TaskContext } from '../deps.ts'
import { restoreSet } from '../restore/task.ts'
import { translateQuery } from '../session.ts'
import { checkReleaseFiles, openSet } from '../stored-set.ts'
import { storeProof } from './proof.ts'

type ProveBesideTask = SettledTask<'prove-beside'>
type Copy = ResultOf<'prove-beside'>['copies'][number]

/** What a server of its own would have shown and this one cannot. */
const SAME_SERVER = "roles and extensions of the server: proven where they are already, with this server's own"

/** The restore has closed it, so that what was compared is what a recovery finds; here it is said what it is for. */
async function describe(
  deps: DataDeps,
  context: TaskContext,
  database: DatabaseTarget,
  task: ProveBesideTask,
): Promise<Copy> {
  const name = nameBeside(database.database, task.suffix)
  return await withAdmin(deps, await adminTarget(deps, database), context.signal, async (connection) => {
    try {
      const mark = (await stateOf(connection, name))?.mark
      if (mark !== undefined) {
        const note = `Backup set ${task.set}, restored, compared and closed by Pawl at ${deps.clock.now().toISOString()}: a recovery gives it the live name. It goes with "pawl runs accept".`
        // It may stand for days. A recovery looks at its rows, not at counters, which a server forgets when it is killed.
        const { standing: _, ...lasting } = mark
        await leaveMark(connection, name, { ...lasting, note })
      }
      return { role: database.role, database: name, sizeBytes: await sizeOf(connection, name) }
    } catch (error) {
      throw translateQuery(error, `Describing the copy of ${database.role}`)
    }
  })
}

/** Throws like `restore`. Nothing of the live databases is touched. */
export async function runProveBeside(
  task: ProveBesideTask,
  deps: DataDeps,
  context: TaskContext,
): Promise<ResultOf<'prove-beside'>> {
  const set = await openSet(task, deps, context.signal)
  // Of the set's other half, before the long work.
  await checkReleaseFiles(set, context)
  const restored = await restoreSet(task, set, deps, context, true)
  const proofs: DatabaseProof[] = restored.map((database) => ({
    ...database,
    notCovered: [SAME_SERVER, ...database.notCovered],
  }))
  const copies: Copy[] = []
  for (const database of task.databases) copies.push(await describe(deps, context, database, task))
  return {
    set: task.set,
    manifestSha256: set.manifestSha256,
    databases: proofs,
    ...(await storeProof(deps, context, set, proofs)),
    copies,
  }
}
