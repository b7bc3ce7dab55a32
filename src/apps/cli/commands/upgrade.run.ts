// pawl upgrade: plan, ask, and take the product to the next release; nothing ever goes back by itself.
import { PawlError } from '../../../core/errors.ts'
import { beginRun, driveRun, refuseUnfinishedRun, withOwnership } from '../../../engine/drive.ts'
import { flag, textOption, type Options } from '../define.ts'
import { effortOption } from '../effort-options.ts'
import { confirm, finish, openEngine } from '../engine.ts'
import { makePlan, type Planned } from '../planning.ts'
import { renderPlan } from '../render/plan.ts'
import { installationOf, targetOf, type Session } from '../session.ts'
import { secondsOption } from '../seconds.ts'

export async function upgrade(session: Session, args: string[], options: Options): Promise<number> {
  const effort = effortOption(options)
  const target = await targetOf(session, args[0])
  const installation = await installationOf(target)
  const shown = await makePlan(session, target, installation, options)
  const dryRun = flag(options, 'dryRun')
  show(session, shown, dryRun)
  refuseOtherPlan(shown, textOption(options, 'plan'))
  if (dryRun) return 0
  if (
    !(await confirm(
      session,
      `Take ${target.release} to ${shown.plan.to.appVersion}? It stops serving for about ${shown.plan.estimate.downtimeSeconds} s.`,
      'yes',
    ))
  )
    return 1
  const engine = await openEngine(session, target, installation, secondsOption(options, 'rolloutTimeout') * 1000)
  try {
    const { state } = await withOwnership(engine.deps, async (ownership) => {
      await refuseUnfinishedRun(engine.deps)
      // Between the question and the answer, or while somebody else's run ended, the world may have moved on.
      const current = await makePlan(session, target, installation, options)
      refuseOtherPlan(current, shown.plan.hash)
      const name = await beginRun(
        engine.deps,
        ownership,
        { kind: 'upgrade', plan: current.plan, by: session.doors.who.name, effort },
        current.files,
      )
      return await driveRun(engine.deps, ownership, name, 'go-on')
    })
    engine.close()
    return finish(session, target, state)
  } finally {
    engine.close()
  }
}

function show(session: Session, { plan, refusal }: Planned, dryRun: boolean): void {
  if (session.global.output === 'json') {
    if (dryRun || refusal !== undefined) session.terminal.write(`${JSON.stringify({ type: 'plan', plan })}\n`)
  } else session.terminal.write(renderPlan(plan, { colour: session.terminal.colour }))
  if (refusal !== undefined) throw refusal
}

function refuseOtherPlan({ plan, refusal }: Planned, expected: string | undefined): void {
  if (refusal !== undefined) throw refusal
  if (expected === undefined || plan.hash === expected || (expected.length >= 8 && plan.hash.startsWith(expected)))
    return
  throw new PawlError({
    code: 'plan-changed',
    message: `the plan is now ${plan.hash.slice(0, 12)}, expected ${expected.slice(0, 12)}`,
    unchanged: 'Nothing was changed.',
    facts: { release: plan.release, namespace: plan.namespace },
  })
}
