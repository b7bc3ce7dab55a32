// pawl package: the vendor's packages of values and secrets: which there are, the newest one here, and what it changes.
import { defineCommand, type OptionDefinition } from '../define.ts'

const SOURCE: OptionDefinition[] = [
  {
    flags: '-d, --dir <directory>',
    text: 'directory with the files of the installed package (default: this one, unless --release is given)',
  },
  { flags: '-s, --mode <mode>', text: 'k8s (Helm) or docker (Compose)', default: 'k8s' },
  { flags: '--release <name>', text: 'Helm release to compare with; without -d also whose account is used' },
  { flags: '--profile <name>', text: 'product profile (default: the one that has customer packages)' },
]

export const packageList = defineCommand({
  name: 'package list',
  summary: 'the packages the vendor has for this installation, oldest first',
  options: SOURCE,
  examples: ['pawl package list -d . -s k8s', 'pawl package list --release carto -n carto'],
  run: async (session, _args, options) => await (await import('./package.run.ts')).packageList(session, options),
})
