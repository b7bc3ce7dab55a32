// pawl recover: the only way back. Databases come back from a proven backup set, with the chart and values that belong to them.
import { shortHash } from '../render/format.ts'
import { renderRecoveryPlan } from '../render/plan.ts'
import { beginRun, driveRun, unfinishedRun, withOwnership } from '../../../engine/drive.ts'
import { planRecovery, refuseUnrestorable } from '../../../steps/preflight/index.ts'
import { PawlError } from '../../../core/errors.ts'
import { fold } from '../../../core/run/fold.ts'
import { isPastPointOfNoReturn } from '../../../core/run/protocol.ts'
import type { RecoveryPlan, Run } from '../../../core/run/run.ts'
import { flag, textOption, type Options } from '../define.ts'
import { effortOption } from '../effort-options.ts'
import { confirm, finish, openEngine } from '../engine.ts'
import { preflightDeps } from '../planning.ts'
import { recoveryOption } from '../recovery-option.ts'
import { secondsOption } from '../seconds.ts'
import { installationOf, targetOf, type Session } from '../session.ts'

export async function recover(session: Session, args: string[], options: Options): Promise<number> {
  const effort = effortOption(options)
  const target = await targetOf(session, args[0])
  const installation = await installationOf(target)
  const deps = await preflightDeps(session, target, installation, textOption(options, 'charts') ?? installation.charts)
  const way = recoveryOption(options)
  const engine = await openEngine(session, target, installation, secondsOption(options, 'rolloutTimeout') * 1000)
  try {
    const unfinished = await unfinishedRun(engine.deps)
    refuseWhereAbortIsEnough(unfinished)
    const set = textOption(options, 'set')
    const planNow = async (of: Run | undefined): Promise<RecoveryPlan> =>
      await planRecovery(deps, {
        release: target.release,
        namespace: target.namespace,
        installation,
        fromStore: way === 'store',
        ...(set === undefined ? {} : { set }),
        ...(of === undefined ? {} : { of: of.name }),
      })
    const plan = await planNow(unfinished)
    if (way === 'staged' && plan.staged === undefined) throw noCopies(plan)
    if (session.global.output === 'json') session.terminal.write(`${JSON.stringify({ type: 'plan', plan })}\n`)
    else session.terminal.write(renderRecoveryPlan(plan, session.terminal.colour))
    if (flag(options, 'dryRun')) return 0
    if (
      !(await confirm(
        session,
        `Bring ${target.release} back to backup set ${plan.set}? What was written since is lost.`,
        target.release,
      ))
    )
      return 1
    const { state } = await withOwnership(engine.deps, async (ownership) => {
      const now = await unfinishedRun(engine.deps)
      if (now?.name !== unfinished?.name)
        throw new PawlError({
          code: 'plan-changed',
          message: 'another run began meanwhile',
          unchanged: 'Nothing was changed.',
        })
      const current = await planNow(now)
      refuseOtherPlan(plan, current)
      const looking = { ...engine.deps, report: () => undefined, signal: session.stop }
      await refuseUnrestorable(looking, current, set !== undefined)
      const name = await beginRun(
        engine.deps,
        ownership,
        { kind: 'recovery', plan: current, by: session.doors.who.name, effort },
        {},
      )
      return await driveRun(engine.deps, ownership, name, 'go-on')
    })
    engine.close()
    return finish(session, target, state)
  } finally {
    engine.close()
  }
}

/** Between the question and the answer somebody may have gone on with the upgrade, and its release may have served since. */
function refuseOtherPlan(shown: RecoveryPlan, current: RecoveryPlan): void {
  const why =
    shown.hash !== current.hash
      ? `the plan is now ${shortHash(current.hash)}, and ${shortHash(shown.hash)} was shown`
      : current.loss.served && !shown.loss.served
        ? 'a release was started meanwhile: more would be lost than was shown'
        : undefined
  if (why === undefined) return
  const { release, namespace } = current
  throw new PawlError({
    code: 'plan-changed',
    message: why,
    unchanged: 'Nothing was changed.',
    facts: { release, namespace },
  })
}

function noCopies({ set, release, namespace }: RecoveryPlan): PawlError {
  return new PawlError({
    code: 'backup-not-found',
    message: `no copies of backup set ${set} stand beside the databases`,
    unchanged: 'Nothing was changed.',
    hint: 'Leave --recovery out: the set itself is in the store.',
    facts: { set, release, namespace },
  })
}

function refuseWhereAbortIsEnough(run: Run | undefined): void {
  if (run === undefined) return
  const { phase } = fold(run.events)
  const facts = { release: run.spec.plan.release, namespace: run.namespace, run: run.name }
  if (run.spec.kind === 'recovery') {
    throw new PawlError({
      code: 'run-unfinished',
      message: `recovery ${run.name} has begun and is not finished`,
      unchanged: 'Nothing was changed.',
      facts,
    })
  }
  if (isPastPointOfNoReturn(phase)) return
  throw new PawlError({
    code: 'run-unfinished',
    message: `run ${run.name} has not passed its point of no return: no schema was changed and nothing has to come back`,
    unchanged: 'Nothing was changed.',
    hint: `Give it up with "pawl runs abort ${facts.release} -n ${facts.namespace}".`,
    facts,
  })
}
