// pawl profile: what Pawl knows of a product, why it says what it says of an installation, and whether a profile is sound.
import { defineCommand } from '../define.ts'

const WHICH = '<profile>'

export const profileList = defineCommand({
  name: 'profile list',
  summary: 'the profiles that are built in',
  examples: ['pawl profile list', 'pawl profile list -o json'],
  run: async (session) => await (await import('./profile.run.ts')).profileList(session),
})

export const profileShow = defineCommand({
  name: 'profile show',
  summary: 'everything a profile holds: names, databases, values that must stay, traps, support',
  args: WHICH,
  examples: ['pawl profile show carto', 'pawl profile show carto -o json', 'pawl profile show ./shop.yaml'],
  run: async (session, args) => await (await import('./profile.run.ts')).profileShow(session, args),
})

export const profileLint = defineCommand({
  name: 'profile lint',
  summary:
    'check a profile of your own (YAML or JSON) or one that is built in: form, CEL, names, what each expression gives',
  args: '<file-or-name>',
  examples: ['pawl profile lint ./shop.yaml', 'pawl profile lint carto -o json'],
  run: async (session, args) => await (await import('./profile.run.ts')).profileLint(session, args),
})

export const profileExplain = defineCommand({
  name: 'profile explain',
  summary: 'which databases an installation has, by which expression, and which traps are there; changes nothing',
  args: WHICH,
  options: [
    { flags: '--release <name>', text: 'Helm release; without --chart the one in the cluster is asked' },
    { flags: '--chart <version>', text: 'chart version; nothing is asked of the cluster then' },
    {
      flags: '--from <version>',
      text: 'with --chart: chart version that an upgrade would start from (default: the same)',
    },
    { flags: '-f, --values <file>', text: 'with --chart: values file; may be repeated, right-most wins', many: true },
    { flags: '--charts <where>', text: "with --chart: where that chart is, for the chart's own defaults" },
  ],
  examples: [
    'pawl profile explain carto --release carto -n carto',
    'pawl profile explain carto --chart 1.280.1 --charts https://charts.example.com -f carto-values.yaml -f customizations.yaml',
    'pawl profile explain ./shop.yaml --chart 1.4.0 -f all-values.yaml -o json',
  ],
  run: async (...given) => await (await import('./profile-explain.run.ts')).profileExplain(...given),
})
