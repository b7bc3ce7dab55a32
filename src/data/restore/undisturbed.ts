// Compares a restored database that nobody else writes into meanwhile: how it stands is read before and after, with everybody else out of it.
import { whatWasWritten, type Standing } from '../../core/data/standing.ts'
import type { DatabaseTarget } from '../../core/data/tasks.ts'
import { PawlError } from '../../core/errors.ts'
import { adminTarget, withAdmin } from '../admin.ts'
import { standingAlone } from '../alone.ts'
import type { DataDeps, TaskContext } from '../deps.ts'
import { allowInPlace, type Place } from './place.ts'

export interface Undisturbed<T> {
  compared: T
  /** Since it was closed; it stays closed. */
  standing: Standing
}

/**
 * Throws what `compare` throws, and `writers-remain` where somebody wrote: then neither what was found equal nor what was found to differ
 * says anything about the backup.
 */
export async function undisturbed<T>(
  deps: DataDeps,
  context: TaskContext,
  { database, place }: { database: DatabaseTarget; place: Place },
  compare: () => Promise<T>,
): Promise<Undisturbed<T>> {
  const { name } = place
  /** `open`: for the comparison, which takes more than one session. */
  const stand = async (open: boolean): Promise<Standing> =>
    await withAdmin(deps, await adminTarget(deps, database), context.signal, async (connection) => {
      const allow = async (allowed: boolean): Promise<void> => await allowInPlace(connection, place, allowed)
      const standing = await standingAlone(deps, context, { connection, database, name, allow })
      if (open) await allow(true)
      return standing
    })
  const refuseWritten = (then: Standing, now: Standing): void => {
    const written = whatWasWritten(then, now)
    if (written === undefined) return
    const message = `"${name}" was changed while it was compared: ${written}.`
    throw new PawlError({ code: 'writers-remain', message, facts: { role: database.role, database: name } })
  }

  const before = await stand(true)
  let compared: T
  try {
    compared = await compare()
  } catch (error) {
    context.signal.throwIfAborted()
    const after = await stand(false).catch(() => before)
    refuseWritten(before, after)
    throw error
  }
  const standing = await stand(false)
  refuseWritten(before, standing)
  return { compared, standing }
}
