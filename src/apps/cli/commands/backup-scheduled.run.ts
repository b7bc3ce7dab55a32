// pawl backup scheduled: one backup or proof by the clock. What stands in its way is waited out until the next time; what it fails
// at is noted where status sees it, and does not stand in the way of the next.
import type { Effort } from '../../../core/data/effort.ts'
import { errorFromReport, isPawlError, PawlError } from '../../../core/errors.ts'
import { textOf } from '../../../core/json.ts'
import { SCHEDULED_BY, type Schedule, type ScheduledOutcome } from '../../../core/schedule/schedule.ts'
import type { Installation } from '../../../core/resources.ts'
import { fold } from '../../../core/run/fold.ts'
import { canAbort } from '../../../core/run/protocol.ts'
import { driveRun, refuseUnfinishedRun, unfinishedRun, withOwnership } from '../../../engine/drive.ts'
import type { EngineDeps, Ownership } from '../../../engine/drive.ts'
import type { Charts } from '../../../ports/charts.ts'
import { carryOutPrune, gatherPrune, withTaskId } from '../../../steps/housekeeping/prune.ts'
import { keptCharts } from '../../../steps/preflight/kept-chart.ts'
import { readBackupSets } from '../../../steps/preflight/kept.ts'
import { proveSet } from '../../../steps/prove/index.ts'
import { noteOutcome } from '../../../steps/schedule/schedule.ts'
import type { Options } from '../define.ts'
import { effortOption } from '../effort-options.ts'
import { openEngine } from '../engine.ts'
import { preflightDeps } from '../planning.ts'
import { renderScheduled } from '../render/schedule.ts'
import { settledImages } from '../images-option.ts'
import { scheduledImages, workOption } from '../schedule-option.ts'
import { installationOf, targetOf, type Session, type Target } from '../session.ts'
import { housekeepingDeps } from './backup-keep.run.ts'
import { takeBackup } from './backup.run.ts'

type Work = Pick<Schedule, 'what' | 'prune' | 'sourceLoad' | 'images'> & { effort: Effort }

/** Younger ones may be another's that is under way. */
const LEFTOVERS_AFTER_HOURS = 72

export async function backupScheduled(session: Session, args: string[], options: Options): Promise<number> {
  const done = workOption(options)
  const asked = scheduledImages(done, options)
  const target = await targetOf(session, args[0])
  const work: Work = { ...done, ...(await settledImages(target.cluster, asked)), effort: effortOption(options) }
  const installation = await installationOf(target)
  const now = (): string => session.doors.clock.now().toISOString()
  let outcome: ScheduledOutcome
  try {
    outcome = { at: now(), outcome: 'done', set: await carryOut(session, target, installation, work) }
  } catch (error) {
    if (!isPawlError(error)) throw error
    const { code, message } = error
    const busy = code === 'run-busy' || code === 'run-unfinished'
    outcome = busy ? { at: now(), outcome: 'skipped', why: message } : { at: now(), outcome: 'failed', code, message }
    if (!busy) {
      // What went wrong counts more than that it could not be noted: the Job fails with it either way.
      await noteOutcome(target, outcome).catch(() => undefined)
      throw error
    }
  }
  await noteOutcome(target, { ...outcome, at: now() })
  const { terminal, global } = session
  terminal.write(
    global.output === 'json' ? `${JSON.stringify({ type: 'scheduled', ...outcome })}\n` : renderScheduled(outcome),
  )
  return 0
}

/** Gives the set that was taken or proven. */
async function carryOut(
  session: Session,
  target: Target,
  installation: Installation,
  { what, prune, ...how }: Work,
): Promise<string> {
  const engine = await openEngine(session, target, installation)
  try {
    return await withOwnership(engine.deps, async (ownership) => {
      if (what === 'prove') {
        await refuseUnfinishedRun(engine.deps)
        return await proveNewest(session, engine.deps, how.effort)
      }
      await giveUpOwn(engine.deps, ownership)
      const set = await backUp(session, target, engine.deps, ownership, how)
      if (prune !== undefined) {
        const deps = await housekeepingDeps(session, target, installation, true)
        const policy = { ...prune, leftoversAfterHours: LEFTOVERS_AFTER_HOURS }
        await carryOutPrune(deps, await gatherPrune(deps, policy), policy)
      }
      return set
    })
  } finally {
    engine.close()
  }
}

/**
 * A run of an earlier time whose process died: whoever owns the release now knows that nobody works on it. One that has done everything
 * but end is let end. Throws `run-unfinished`.
 */
async function giveUpOwn(engine: EngineDeps, ownership: Ownership): Promise<void> {
  const unfinished = await unfinishedRun(engine)
  if (unfinished?.spec.kind === 'backup' && unfinished.spec.by === SCHEDULED_BY)
    await driveRun(engine, ownership, unfinished.name, canAbort(fold(unfinished.events).phase) ? 'abort' : 'go-on')
  await refuseUnfinishedRun(engine)
}

async function backUp(
  session: Session,
  target: Target,
  engine: EngineDeps,
  ownership: Ownership,
  how: Omit<Work, 'what' | 'prune'>,
): Promise<string> {
  const { installation } = engine
  const { cluster, namespace, release } = target
  const kept = { cluster, namespace, release, sha256: session.doors.sha256 }
  const deps = await preflightDeps(session, target, installation, undefined)
  const charts = keptCharts(kept, await chartsOf(session, installation))
  const state = await takeBackup(engine, ownership, { ...deps, charts }, { prove: true, by: SCHEDULED_BY, ...how })
  if (state.ended?.outcome === 'done') return textOf(state.steps.backup?.evidence?.['set']) ?? ''
  // Nobody is there to look at it and go on: it is given up, and the next time begins anew.
  if (state.parked !== undefined) await giveUpOwn(engine, ownership)
  throw state.parked === undefined
    ? new PawlError({ code: 'run-stopped', message: 'the backup was told to end before it was done' })
    : errorFromReport(state.parked.error)
}

/** What an earlier run kept may be enough: a source that cannot be opened from here says so only when it is asked. */
async function chartsOf({ doors }: Session, { charts: where }: Installation): Promise<Charts> {
  const unreadable = (): Promise<never> => {
    const message = `the chart of what is installed was not kept by a run, and cannot be read from ${where ?? 'anywhere'} here`
    return Promise.reject(new PawlError({ code: 'store-unreadable', message, unchanged: 'Nothing was changed.' }))
  }
  const nowhere = { where: where ?? 'nowhere', list: unreadable, fetch: unreadable, read: unreadable }
  return where === undefined ? nowhere : await doors.charts(where).catch(() => nowhere)
}

async function proveNewest({ doors, stop }: Session, engine: EngineDeps, effort: Effort): Promise<string> {
  const { cluster, installation, dataPlane } = engine
  const { namespace, release } = installation
  const [newest] = await readBackupSets(cluster, namespace, release, stop)
  if (newest === undefined) {
    const message = `release ${release} has no finished backup set`
    throw new PawlError({ code: 'backup-not-found', message, facts: { release, namespace } })
  }
  const report = (): void => undefined
  await withTaskId({ dataPlane, clock: doors.clock, ids: doors.ids }, 'prove', async (id) =>
    proveSet({ cluster, dataPlane, clock: doors.clock, installation, signal: stop, report }, newest, id, effort),
  )
  return newest.name
}
