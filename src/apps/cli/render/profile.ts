// pawl profile list, show, lint.
import type { Finding } from '../../../core/profile/lint.ts'
import type { Profile } from '../../../core/profile/profile.ts'
import type { TrapRule } from '../../../core/profile/traps.ts'
import { sayFinding } from '../profile-source.ts'
import { plural } from './format.ts'
import { cleanLine, mark, paintWith, type Mark, type Paint } from './style.ts'
import { renderTable } from './table.ts'

export function renderProfileList(profiles: readonly Profile[], colour: boolean): string {
  const rows = profiles.map(({ name, title, chart, databases, traps = [] }) => [
    name,
    title,
    chart,
    databases.map(({ role }) => role).join(', '),
    String(traps.length),
  ])
  const columns = [
    { title: 'NAME' },
    { title: 'PRODUCT' },
    { title: 'CHART' },
    { title: 'DATABASES' },
    { title: 'TRAPS', right: true },
  ]
  return `${renderTable(columns, rows, paintWith(colour)).join('\n')}\n`
}

export function renderFindings(named: string, findings: readonly Finding[], colour: boolean): string {
  const paint = paintWith(colour)
  if (findings.length === 0) return `${mark(paint, 'done')} ${cleanLine(named)} is a sound profile\n`
  const lines = findings.map((finding) => `${mark(paint, 'failed')} ${cleanLine(sayFinding(finding))}`)
  return `${[...lines, '', `${plural(findings.length, 'thing')} to correct.`].join('\n')}\n`
}

const WEIGHTS: Record<TrapRule['weight'], Mark> = { mandatory: 'failed', acceptable: 'unknown', warn: 'warn' }

export function renderProfile(profile: Profile, colour: boolean): string {
  const paint = paintWith(colour)
  const { name, title, chart, lifecycle, databases, immutableValues, names = {}, traps = [], support } = profile
  const part = (heading: string, lines: readonly string[]): string[] =>
    lines.length === 0
      ? []
      : ['', paint('bold', heading), ...lines.map((line) => `  ${/^ */.exec(line)?.[0] ?? ''}${cleanLine(line)}`)]
  return `${[
    paint('bold', cleanLine(`${name}: ${title}`)),
    `chart ${chart}, versions as ${profile.versionScheme}, supported for ${lifecycle.supportMonths} months`,
    ...part('Names (CEL)', [
      `fullname: ${profile.fullname}`,
      ...Object.entries(names).map(([key, cel]) => `${key}: ${cel}`),
    ]),
    ...part(
      'Databases',
      databases.flatMap(({ role, when, migrator, evidence = [] }) => [
        `${role}: where ${when}`,
        `  migrated by ${migrator.kind === 'init-container' ? `init container ${migrator.container}` : 'the container itself'}`,
        ...evidence.map(({ container, database }) => `  checked against ${database} of container ${container.name}`),
      ]),
    ),
    ...part('Values that must stay', immutableValues),
    ...(traps.length === 0 ? [] : ['', paint('bold', 'Traps'), ...traps.flatMap((trap) => trapLines(trap, paint))]),
    ...part('Support', support === undefined ? [] : supportLines(support)),
  ].join('\n')}\n`
}

function trapLines({ name, weight, charts = {}, says, remedy }: TrapRule, paint: Paint): string[] {
  const { crossing, from, before } = charts
  const where = [
    ...(crossing === undefined ? [] : [`crossing ${crossing}`]),
    ...(from === undefined ? [] : [`from ${from}`]),
    ...(before === undefined ? [] : [`before ${before}`]),
  ]
  const about = [weight, ...where].join(', ')
  return [
    `  ${mark(paint, WEIGHTS[weight])} trap-${cleanLine(name)} ${paint('dim', `(${cleanLine(about)})`)}`,
    `      ${cleanLine(says)}`,
    `      ${paint('bold', 'do:')} ${cleanLine(remedy)}`,
  ]
}

function supportLines({ contact, bundleLabel, logs = [], debug }: NonNullable<Profile['support']>): string[] {
  return [
    `contact: ${contact}`,
    ...(bundleLabel === undefined ? [] : [`the vendor's own checks: Secrets with label ${bundleLabel}`]),
    ...logs.map(({ container }) => `logs of container ${container}`),
    ...(debug === undefined ? [] : [`to see more: ${debug.path}=${debug.value}`]),
  ]
}
