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

export const packageDownload = defineCommand({
  name: 'package download',
  summary: "bring the newest package (or --version) here, checked and unpacked; a drop-in for the vendor's script",
  options: [
    ...SOURCE,
    { flags: '--version <version>', text: 'another package than the newest; a candidate only comes when it is named' },
    { flags: '--to <directory>', text: "where it goes (default: a private directory of the package's own in -d)" },
    { flags: '--zip-only', text: 'do not unpack it' },
    { flags: '--dry-run', text: 'check everything, put nothing in place' },
  ],
  examples: [
    'pawl package download -d . -s k8s',
    'pawl package download -d /opt/carto -s docker --to /opt/carto',
    'pawl package download --version 2026.7.16 --release carto -n carto',
  ],
  run: async (session, _args, options) => await (await import('./package.run.ts')).packageDownload(session, options),
})

export const packageShow = defineCommand({
  name: 'package show',
  summary: 'what is in a package, secrets left out; the newest where none is named',
  args: '[file-or-version]',
  options: SOURCE,
  examples: ['pawl package show', 'pawl package show 2026.7.16 -d /opt/carto'],
  run: async (...given) => await (await import('./package.run.ts')).packageShow(...given),
})

export const packageDiff = defineCommand({
  name: 'package diff',
  summary: 'what a package changes, secrets as changed or unchanged only; whether it may be taken at all',
  args: '[file-or-version]',
  options: SOURCE,
  examples: ['pawl package diff', 'pawl package diff 2026.7.16 --release carto -n carto'],
  run: async (...given) => await (await import('./package.run.ts')).packageDiff(...given),
})
