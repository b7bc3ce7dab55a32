// pawl upgrade: plan, ask, and take the product to the next release; nothing ever goes back by itself.
import { defineCommand } from '../define.ts'
import { EFFORT_OPTIONS } from '../effort-options.ts'
import { PLAN_OPTIONS } from '../plan-options.ts'

export const upgrade = defineCommand({
  name: 'upgrade',
  summary: 'take the product to a release: quiesce, back up, prove, migrate alone, roll out, verify',
  args: '<release>',
  options: [
    ...PLAN_OPTIONS,
    { flags: '--plan <hash>', text: 'refuse unless the plan has this hash, as "pawl plan" printed it' },
    { flags: '--rollout-timeout <seconds>', text: 'how long the new release may take to become ready', default: '300' },
    ...EFFORT_OPTIONS,
    { flags: '--dry-run', text: 'plan only; changes nothing' },
  ],
  examples: [
    'pawl upgrade carto -n carto --to 2026.7.16 -f carto-values.yaml -f carto-secrets.yaml -f customizations.yaml',
    'pawl upgrade carto -n carto --to 2026.7.16 -f customizations.yaml --source-load low --accept backup-proven',
  ],
  run: async (...given) => await (await import('./upgrade.run.ts')).upgrade(...given),
})
