// pawl plan: what an upgrade would do, with every gate's answer. Changes nothing of the product.
import { defineCommand } from '../define.ts'
import { makePlan, PLAN_OPTIONS } from '../planning.ts'
import { renderPlan } from '../render/plan.ts'
import { installationOf, targetOf } from '../session.ts'

export const plan = defineCommand({
  name: 'plan',
  summary: 'what an upgrade would do, with every gate and its answer; changes nothing',
  args: '<release>',
  options: PLAN_OPTIONS,
  examples: ['pawl plan carto -n carto --to 2026.7.16 -f carto-values.yaml -f carto-secrets.yaml -f customizations.yaml'],
  async run(session, args, options) {
    const target = await targetOf(session, args[0])
    const { plan: made, refusal } = await makePlan(session, target, await installationOf(target), options)
    if (session.global.output === 'json') {
      session.terminal.write(`${JSON.stringify({ ...made, refused: refusal?.code ?? null })}\n`)
      return refusal === undefined ? 0 : refusal.exitCode
    }
    session.terminal.write(renderPlan(made, session.terminal.colour))
    if (refusal !== undefined) throw refusal
    return 0
  },
})
