// pawl plan: what an upgrade would do, with every gate's answer. Changes nothing of the product.
import { defineCommand } from '../define.ts'
import { PLAN_OPTIONS } from '../plan-options.ts'

export const plan = defineCommand({
  name: 'plan',
  summary: 'what an upgrade would do, with every gate and its answer; changes nothing',
  args: '<release>',
  options: [
    ...PLAN_OPTIONS,
    { flags: '--diff', text: 'show every line that changes, instead of one line for each object' },
  ],
  examples: [
    'pawl plan carto -n carto --to 2026.7.16 -f carto-values.yaml -f carto-secrets.yaml -f customizations.yaml',
  ],
  run: async (...given) => await (await import('./plan.run.ts')).plan(...given),
})
