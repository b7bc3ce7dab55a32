// pawl lifecycle: one line for each release that is or was supported, and how the installed one stands.
import type { Cycle, InstalledSupport } from '../../../core/lifecycle/cycles.ts'
import type { Conflict } from '../../../core/releases/merge.ts'
import { countingText } from '../../../core/releases/support.ts'
import { remarks, stateText } from './releases.ts'
import { cleanLine, paintWith } from './style.ts'
import { renderTable } from './table.ts'

interface Lifecycle {
  profile: { title: string; lifecycle: { supportMonths: number } }
  today: string
  cycles: readonly Cycle[]
  installed?: InstalledSupport
  conflicts: readonly Conflict[]
  notes: readonly string[]
}

const COLUMNS = ['release', 'newest version', 'chart', 'counted from', 'supported until', '']

/** Of those that ended long ago only the newest few are shown: the export has all. */
const ENDED_SHOWN = 3

export function renderLifecycle(found: Lifecycle, colour: boolean): string {
  const paint = paintWith(colour)
  const { profile, today, installed } = found
  const ended = found.cycles.filter(({ support }) => support.state === 'ended')
  const left = ended.slice(0, -ENDED_SHOWN)
  const cycles = found.cycles.filter((cycle) => !left.includes(cycle))
  const rows = cycles.map(({ name, latest, released, until, support }) => [
    cleanLine(name),
    cleanLine(latest.version),
    cleanLine(latest.chartVersion ?? 'no chart'),
    released,
    until,
    stateText(support, paint),
  ])
  const rule = `${profile.title}: ${profile.lifecycle.supportMonths} months from the day in the version, the last day included. Today is ${today}.`
  const all = [
    ...renderTable(
      COLUMNS.map((title) => ({ title })),
      rows,
      paint,
    ),
    '',
    paint(
      'dim',
      `${rule}${left.length === 0 ? '' : ` ${left.length} older releases are out of support; --export json has all.`}`,
    ),
    ...(installed === undefined ? [] : [installedLine(installed)]),
    ...remarks(found, paint),
  ]
  return `${all.join('\n')}\n`
}

function installedLine({ release, namespace, version, support }: InstalledSupport): string {
  const { state, until = '', daysLeft = 0, why = '' } = support
  const place = cleanLine(`${release} -n ${namespace} runs ${version}`)
  switch (state) {
    case 'unknown':
      return `${place}: whether it is supported is not known, ${why}.`
    case 'ended':
      return `${place}: out of support since ${until} (${countingText(support)}).`
    case 'supported':
    case 'ending':
      return `${place}: supported until ${until}, ${daysLeft} days left (${countingText(support)}).`
  }
}
