// A recovery from the store that came to its end is the best proof of a set there is: it is noted as one. The product runs by then, so
// that nothing that goes wrong here ends a recovery.
import type { DatabaseProof, Rehearsal, Rung } from '../../core/data/tasks.ts'
import { isPawlError } from '../../core/errors.ts'
import { isRecord, listOf, recordOf, textOf } from '../../core/json.ts'
import { taskId } from '../look.ts'
import { noteProof } from '../prove/note.ts'
import { setOf } from '../restore/index.ts'
import type { StepContext } from '../step.ts'

/** A store that does not answer may keep the end of the run waiting for so long. */
const NOTE_TIMEOUT_MS = 120_000

const MEMO = 'rehearsal'

/** What is left open by every rehearsal. */
const NOT_COVERED = [
  'what the product does with its data: it was ready by its own probes, and the databases record the migrations they should',
  'the second of the two sums over the rows of each table: a recovery compares the first, of 64 bits',
  'how long it takes to stop what writes: the time is from the restore on, and has what interrupted the run in it',
]

/** What became of it, for the journal: the rung that was noted, or why there is none. */
export interface NotedRehearsal extends Rehearsal {
  rung?: Rung
  why?: string
}

/** The time it took; undefined where this is no recovery from the store: a staged copy was restored when its set was proven. */
export function rehearsalOf({ spec, state, run }: StepContext): Rehearsal | undefined {
  if (spec.kind !== 'recovery' || recordOf(state.steps.restore?.evidence)['from'] !== 'store') return undefined
  const [from, to] = [state.steps.restore?.startedAt, state.steps.reinstall?.endedAt]
  if (from === undefined || to === undefined) return undefined
  return { run, seconds: Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / 1000)) }
}

export function notedRehearsal({ memo }: StepContext): NotedRehearsal | undefined {
  return memo.get(MEMO) as NotedRehearsal | undefined
}

/** Idempotent. Throws only where the run is to stop. */
export async function noteRehearsal(context: StepContext, rehearsal: Rehearsal, attempt: number): Promise<void> {
  const [limit, noted] = [new AbortController(), new AbortController()]
  const limited = { ...context, signal: AbortSignal.any([context.signal, limit.signal]) }
  context.clock.sleep(NOTE_TIMEOUT_MS, noted.signal).then(
    () => limit.abort(),
    () => undefined,
  )
  try {
    const rung = await noteOnSet(limited, rehearsal, attempt)
    context.memo.set(MEMO, { ...rehearsal, rung } satisfies NotedRehearsal)
  } catch (error) {
    context.signal.throwIfAborted()
    if (!isPawlError(error) && !limit.signal.aborted) throw error
    const why = isPawlError(error) ? error.message : `nothing answered within ${NOTE_TIMEOUT_MS / 1000} s`
    context.report({ phase: 'note', note: `the recovery is not noted on its backup set: ${why}` })
    context.memo.set(MEMO, { ...rehearsal, why } satisfies NotedRehearsal)
  } finally {
    noted.abort()
  }
}

async function noteOnSet(context: StepContext, rehearsal: Rehearsal, attempt: number): Promise<Rung> {
  const { dataPlane, run, report, signal } = context
  const set = await setOf(context)
  const id = taskId(context, 'note', attempt)
  const databases = listOf(recordOf(context.state.steps.restore?.evidence)['databases']).filter(isRecord).map(foundOf)
  const manifestSha256 = set.status?.manifestSha256 ?? ''
  const note = { found: 'rehearsed', manifestSha256, rehearsal, databases } as const
  const result = await dataPlane.run<'note-proof'>(
    { kind: 'note-proof', store: set.store, set: set.set, note },
    { id, onProgress: report, signal },
  )
  await noteProof(context, set, run, result, { rehearsal })
  return result.rung
}

function foundOf(database: Record<string, unknown>): Pick<DatabaseProof, 'role' | 'rung' | 'notCovered'> {
  const notCovered = listOf(database['notCovered']).filter((what) => typeof what === 'string')
  return {
    role: textOf(database['role']) ?? '',
    rung: database['rung'] === 'proven' ? 'proven' : 'restored+',
    notCovered: [...NOT_COVERED, ...notCovered],
  }
}
