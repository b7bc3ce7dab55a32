// pawl guard: what keeps an old release from running on a newer schema, whoever asks for it.
import { defineCommand } from '../define.ts'

const release = '<release>'
const dryRun = { flags: '--dry-run', text: 'say what would be changed, change nothing' }

export const guardStatus = defineCommand({
  name: 'guard status',
  summary: 'is the guard whole and in force, and was anything done past it?',
  args: release,
  examples: ['pawl guard status carto -n carto'],
  run: async (session, args) => await (await import('./guard-look.run.ts')).guardStatus(session, args),
})

export const guardInstall = defineCommand({
  name: 'guard install',
  summary: 'put the guard in, or mend it; safe to repeat',
  args: release,
  options: [
    { flags: '--audit', text: 'only watch: refuse nothing, write audit annotations' },
    { flags: '--print', text: 'print everything as YAML for those who apply it themselves; change nothing' },
    { flags: '--accept-databases', text: 'take databases that were put in place by hand as they are' },
    dryRun,
  ],
  examples: ['pawl guard install carto -n carto', 'pawl guard install carto -n carto --print > guard.yaml'],
  run: async (...given) => await (await import('./guard.run.ts')).guardInstall(...given),
})

export const guardOpen = defineCommand({
  name: 'guard open',
  summary: 'let everything through for a while; recorded, and it ends by itself',
  args: release,
  options: [
    { flags: '--for <time>', text: 'how long, for example 30m or 2h; 24h at most' },
    { flags: '--reason <text>', text: 'why; everybody sees it' },
  ],
  examples: ['pawl guard open carto -n carto --for 30m --reason "vendor support, case 4711"'],
  run: async (...given) => await (await import('./guard.run.ts')).guardOpen(...given),
})

export const guardClose = defineCommand({
  name: 'guard close',
  summary: 'end an opening before its time, and clear away what dead runs left in the guard',
  args: release,
  examples: ['pawl guard close carto -n carto'],
  run: async (session, args) => await (await import('./guard.run.ts')).guardClose(session, args),
})

export const guardProbe = defineCommand({
  name: 'guard probe',
  summary: 'ask the API servers with dry-run writes whether they refuse what they must',
  args: release,
  examples: ['pawl guard probe carto -n carto'],
  run: async (session, args) => await (await import('./guard-look.run.ts')).guardProbe(session, args),
})

export const guardWatch = defineCommand({
  name: 'guard watch',
  summary: 'look again and again, and say what no policy can stop as soon as it is seen',
  args: release,
  options: [{ flags: '--every <seconds>', text: 'time between two looks', default: '3' }],
  examples: ['pawl guard watch carto -n carto -o json'],
  run: async (...given) => await (await import('./guard-look.run.ts')).guardWatch(...given),
})

export const guardExplain = defineCommand({
  name: 'guard explain',
  summary: 'would the guard admit this manifest, Helm command or Git diff, and why?',
  args: release,
  options: [
    { flags: '-f, --filename <file>', text: 'manifest, judged against what is there now', many: true },
    { flags: '--helm <command>', text: 'a Helm command line' },
    { flags: '--diff <file>', text: 'a unified diff: the images on its added lines' },
  ],
  examples: ['pawl guard explain carto -n carto --helm "helm upgrade carto carto/carto --version 1.208.2"'],
  run: async (...given) => await (await import('./guard-explain.run.ts')).guardExplain(...given),
})

export const guardRbac = defineCommand({
  name: 'guard rbac',
  summary: 'print the permissions that installing, operating, scheduling or watching needs, as YAML',
  args: '<installing|operating|scheduling|watching>',
  examples: ['pawl guard rbac operating -n carto'],
  run: async (session, args) => await (await import('./guard.run.ts')).guardRbac(session, args),
})

export const guardUninstall = defineCommand({
  name: 'guard uninstall',
  summary: 'take the guard of this release out',
  args: release,
  options: [{ flags: '--everything', text: 'the policies as well, where no other namespace uses them' }],
  examples: ['pawl guard uninstall carto -n carto'],
  run: async (...given) => await (await import('./guard.run.ts')).guardUninstall(...given),
})
