// pawl plan: what an upgrade would do, with every gate's answer. Changes nothing of the product.
import { flag, type Options } from '../define.ts'
import { makePlan } from '../planning.ts'
import { renderPlan } from '../render/plan.ts'
import { installationOf, targetOf, type Session } from '../session.ts'

export async function plan(session: Session, args: string[], options: Options): Promise<number> {
  const target = await targetOf(session, args[0])
  const { plan: made, refusal } = await makePlan(session, target, await installationOf(target), options)
  if (session.global.output === 'json') {
    session.terminal.write(`${JSON.stringify({ ...made, refused: refusal?.code ?? null })}\n`)
    return refusal === undefined ? 0 : refusal.exitCode
  }
  session.terminal.write(renderPlan(made, { colour: session.terminal.colour, diff: flag(options, 'diff') }))
  if (refusal !== undefined) throw refusal
  return 0
}
