// pawl runs: look at runs from any terminal, go on with one, or give one up before its point of no return.
import { PawlError } from '../../../core/errors.ts'
import { fold } from '../../../core/run/fold.ts'
import type { Run } from '../../../core/run/run.ts'
import { driveRun, unfinishedRun, withOwnership, type Intention } from '../../../engine/drive.ts'
import { listRuns, readRun } from '../../../engine/journal.ts'
import { confirm, exitCodeOf, finish, openEngine } from '../engine.ts'
import { renderRun, renderRunList } from '../render/runs.ts'
import { installationOf, targetOf, type Session, type Target } from '../session.ts'
import { watchRun } from '../watch.ts'

export async function runsList(session: Session, args: string[]): Promise<number> {
  const target = await targetOf(session, args[0])
  const runs = (await listRuns(target.cluster, target.namespace, target.release)).map(({ run }) => run)
  if (session.global.output === 'json') {
    const rows = runs.map((run) => ({ name: run.name, kind: run.spec.kind, createdAt: run.createdAt, ...stateOf(run) }))
    session.terminal.write(`${JSON.stringify(rows)}\n`)
  } else session.terminal.write(renderRunList(runs, session.doors.clock.now(), session.terminal.colour))
  return 0
}

export async function runsShow(session: Session, args: string[]): Promise<number> {
  const target = await targetOf(session, args[0])
  const run = await chosenRun(target, args[1])
  if (session.global.output === 'json')
    session.terminal.write(`${JSON.stringify({ ...run, state: fold(run.events) })}\n`)
  else session.terminal.write(renderRun(run, session.doors.clock.now(), session.terminal.colour))
  return 0
}

export async function runsWatch(session: Session, args: string[]): Promise<number> {
  const target = await targetOf(session, args[0])
  const run = await chosenRun(target, args[1])
  return exitCodeOf(await watchRun(session, target, run.name))
}

export async function runsResume(session: Session, args: string[]): Promise<number> {
  const target = await targetOf(session, args[0])
  return await goOn(session, target, args[1], 'resume')
}

export async function runsAbort(session: Session, args: string[]): Promise<number> {
  const target = await targetOf(session, args[0])
  if (!(await confirm(session, `Give up the unfinished run of ${target.release} and start what was stopped?`, 'yes')))
    return 1
  return await goOn(session, target, args[1], 'abort')
}

async function goOn(session: Session, target: Target, name: string | undefined, intention: Intention): Promise<number> {
  const installation = await installationOf(target)
  if (name !== undefined) await readRun(target.cluster, target.namespace, name)
  const engine = await openEngine(session, target, installation)
  try {
    const { state } = await withOwnership(engine.deps, async (ownership) => {
      const chosen = name ?? (await unfinishedRun(engine.deps))?.name
      if (chosen === undefined) throw nothingUnfinished(target)
      return await driveRun(engine.deps, ownership, chosen, intention)
    })
    engine.close()
    return finish(session, target, state)
  } finally {
    engine.close()
  }
}

async function chosenRun(target: Target, name: string | undefined): Promise<Run> {
  if (name !== undefined) return (await readRun(target.cluster, target.namespace, name)).run
  const newest = (await listRuns(target.cluster, target.namespace, target.release)).at(-1)
  if (newest === undefined) throw nothingUnfinished(target)
  return newest.run
}

function nothingUnfinished(target: Target): PawlError {
  const { release, namespace } = target
  return new PawlError({
    code: 'run-not-found',
    message: `release ${release} has no unfinished run`,
    unchanged: 'Nothing was changed.',
    facts: { release, namespace },
  })
}

function stateOf(run: Run): { phase: string; outcome: string } {
  const state = fold(run.events)
  return { phase: state.phase, outcome: state.ended?.outcome ?? (state.parked === undefined ? 'unfinished' : 'parked') }
}
