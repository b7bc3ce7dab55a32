// pawl backup show, verify and prune: looking after the sets that are there. Nothing here touches a database.
import type { PrunePolicy } from '../../../core/backup/prune-plan.ts'
import type { DataResults } from '../../../core/data/tasks.ts'
import { ERRORS, isPawlError, PawlError } from '../../../core/errors.ts'
import type { BackupSet, Installation } from '../../../core/resources.ts'
import { withOwnership } from '../../../engine/drive.ts'
import { inspectSet } from '../../../steps/housekeeping/inspect.ts'
import { carryOutPrune, gatherPrune, type HousekeepingDeps } from '../../../steps/housekeeping/prune.ts'
import { noteRefuted } from '../../../steps/prove/note.ts'
import { flag, type Options } from '../define.ts'
import { openEngine } from '../engine.ts'
import { wholeNumberOption } from '../number-option.ts'
import { renderPrune, renderSet, renderVerified } from '../render/backup-keep.ts'
import { installationOf, targetOf, type Session, type Target } from '../session.ts'
import { listSets } from './backup.run.ts'

/** Throws `backup-not-found`. */
export async function setNamed(target: Target, name: string | undefined): Promise<BackupSet> {
  const sets = await listSets(target)
  const found =
    name === undefined ? sets.findLast((set) => set.status !== undefined) : sets.find((set) => set.name === name)
  if (found !== undefined) return found
  const { release, namespace } = target
  throw new PawlError({
    code: 'backup-not-found',
    message: name === undefined ? `release ${release} has no finished backup set` : `there is no backup set ${name}`,
    unchanged: 'Nothing was changed.',
    facts: { release, namespace },
  })
}

/** Progress goes to standard error, so that what is asked for stays alone on standard output. */
export function progressLines(session: Session, quiet: boolean): HousekeepingDeps['report'] {
  let last = ''
  return ({ phase, note, bytes, bytesTotal }) => {
    const share = bytes === undefined || !bytesTotal ? '' : `${Math.floor((bytes / bytesTotal) * 10) * 10} %`
    const line = [phase, note, share].filter((part) => part !== undefined && part !== '').join(' ')
    if (!quiet && line !== last) session.terminal.writeError(`${line}\n`)
    last = line
  }
}

export async function housekeepingDeps(
  session: Session,
  target: Target,
  installation: Installation,
  quiet: boolean,
): Promise<HousekeepingDeps> {
  const { doors, stop } = session
  return {
    cluster: target.cluster,
    records: await doors.records(target.cluster),
    dataPlane: await doors.dataPlane(target.cluster, installation),
    clock: doors.clock,
    ids: doors.ids,
    installation,
    report: progressLines(session, quiet || session.global.output === 'json'),
    signal: stop,
  }
}

/** A set is looked for where it was put, wherever new ones go. */
async function depsFor(session: Session, target: Target, set: BackupSet, quiet: boolean): Promise<HousekeepingDeps> {
  const installation = await installationOf(target)
  return await housekeepingDeps(session, target, { ...installation, store: set.store }, quiet)
}

export async function backupShow(session: Session, args: string[]): Promise<number> {
  const target = await targetOf(session, args[0])
  const set = await setNamed(target, args[1])
  let stored: DataResults['inspect'] | undefined
  let why = ''
  try {
    stored = await inspectSet(await depsFor(session, target, set, true), set, 'manifest')
  } catch (error) {
    // What the cluster knows of the set is worth seeing all the more where the store has it no longer.
    if (!isPawlError(error) || error.code === 'internal') throw error
    why = error.message
  }
  const { terminal, global, doors } = session
  if (global.output === 'json')
    terminal.write(`${JSON.stringify({ set, stored: stored ?? null, ...(why === '' ? {} : { why }) })}\n`)
  else terminal.write(renderSet(set, stored ?? why, doors.clock.now(), terminal.colour))
  return stored === undefined || stored.problems.length > 0 ? ERRORS['backup-damaged'].exit : 0
}

/** The resource is for a sentence, not for every object of a store. */
function whyOf({ problems }: DataResults['inspect']): string {
  const [first = '', ...more] = problems
  return more.length === 0 ? first : `${first}, and ${more.length} more`
}

export async function backupVerify(session: Session, args: string[], options: Options): Promise<number> {
  const target = await targetOf(session, args[0])
  const set = await setNamed(target, args[1])
  const deps = await depsFor(session, target, set, flag(options, 'quiet'))
  const result = await inspectSet(deps, set, 'everything')
  const { terminal, global } = session
  terminal.write(global.output === 'json' ? `${JSON.stringify(result)}\n` : renderVerified(result, terminal.colour))
  // Said first: whoever may not write it down has found it all the same.
  if (result.problems.length > 0) {
    const finding = { code: 'backup-damaged', by: 'pawl backup verify' } as const
    await noteRefuted(deps, set, `${deps.ids.next(deps.clock.now())}-note`, { why: whyOf(result), finding })
  }
  return result.problems.length > 0 ? ERRORS['backup-damaged'].exit : 0
}

export async function backupPrune(session: Session, args: string[], options: Options): Promise<number> {
  const policy: PrunePolicy = {
    keep: wholeNumberOption(options, 'keep', 1),
    keepDays: wholeNumberOption(options, 'keepDays', 0),
    leftoversAfterHours: wholeNumberOption(options, 'leftoversAfter', 1),
  }
  const target = await targetOf(session, args[0])
  const installation = await installationOf(target)
  const deps = await housekeepingDeps(session, target, installation, false)
  const { terminal, global } = session
  const say = (outcome: Parameters<typeof renderPrune>[0]): void => {
    if (global.output === 'json') terminal.write(`${JSON.stringify({ ...outcome, dryRun: outcome.pruned === null })}\n`)
    else terminal.write(renderPrune(outcome, terminal.colour))
  }
  if (!global.yes) {
    say({ plan: await gatherPrune(deps, policy), pruned: null })
    return 0
  }
  const engine = await openEngine(session, target, installation)
  try {
    // No run begins meanwhile, and what is decided is decided under the same ownership.
    await withOwnership(engine.deps, async () => {
      const plan = await gatherPrune(deps, policy)
      say({ plan, pruned: await carryOutPrune(deps, plan, policy) })
    })
  } finally {
    engine.close()
  }
  return 0
}
