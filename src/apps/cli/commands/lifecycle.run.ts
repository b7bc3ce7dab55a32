// pawl lifecycle: until when each release is supported, for people, calendars, monitoring and inventories.
import { PawlError } from '../../../core/errors.ts'
import { cyclesOf, knownSince } from '../../../core/lifecycle/cycles.ts'
import type { Cycle, InstalledSupport } from '../../../core/lifecycle/cycles.ts'
import { dayAt } from '../../../core/lifecycle/dates.ts'
import { endOfLife } from '../../../core/lifecycle/endoflife.ts'
import { openEoxCore } from '../../../core/lifecycle/openeox.ts'
import { newestFinishedDay, supportOfRelease } from '../../../core/releases/support.ts'
import { compareVersions, parseVersion } from '../../../core/versions/version.ts'
import { textOption, type Options } from '../define.ts'
import { knownReleases, type Known } from '../known-releases.ts'
import { renderLifecycle } from '../render/lifecycle.ts'
import { deployedIn, readHistory } from '../../../steps/preflight/history.ts'
import { targetOf, type Session } from '../session.ts'

interface Lifecycle extends Known {
  today: string
  /** Day of the newest fact in it: exports made from the same facts are the same. */
  asOf: string
  cycles: Cycle[]
  installed?: InstalledSupport
}

const FORMATS = ['endoflife', 'openeox', 'ics', 'prometheus', 'json'] as const
type Format = (typeof FORMATS)[number]

export async function lifecycle(session: Session, args: string[], options: Options): Promise<number> {
  const { terminal, doors, global } = session
  const format = formatOption(options)
  const known = await knownReleases(session, args[0], options)
  const today = dayAt(doors.today())
  const cycles = onlyOption(options, cyclesOf(known.releases, known.profile, today), known)
  const asOf = knownSince(known.releases, known.profile.versionScheme) ?? today
  const installed = await installedSupport(session, textOption(options, 'installed'), known, today)
  const found: Lifecycle = { ...known, today, asOf, cycles, ...(installed === undefined ? {} : { installed }) }
  const out = textOption(options, 'out')
  const text =
    format === undefined && global.output === 'text'
      ? renderLifecycle(found, terminal.colour && out === undefined)
      : await exported(session, format ?? 'json', found, textOption(options, 'only') !== undefined)
  if (format !== undefined) for (const note of known.notes) terminal.writeError(`${note}\n`)
  if (out === undefined) terminal.write(text)
  else {
    await doors.writeFile(out, text)
    if (global.output === 'json') terminal.write(`${JSON.stringify({ file: out, cycles: cycles.length })}\n`)
    else terminal.write(`${cycles.length} releases of ${known.profile.title} written to ${out}.\n`)
  }
  return 0
}

async function exported(session: Session, format: Format, found: Lifecycle, one: boolean): Promise<string> {
  const { profile, cycles, asOf, today, installed, sources, conflicts, notes } = found
  switch (format) {
    case 'endoflife':
      return jsonText(endOfLife(profile, cycles, asOf))
    case 'openeox': {
      const [first] = cycles
      // The standard's document is of one product and does not name it: of several, each stands under its version.
      return jsonText(
        one && first !== undefined
          ? openEoxCore(first, asOf)
          : Object.fromEntries(cycles.map((cycle) => [cycle.name, openEoxCore(cycle, asOf)])),
      )
    }
    case 'ics':
      return (await session.doors.lifecycleFormats()).calendarOf(profile, cycles)
    case 'prometheus':
      return await (await session.doors.lifecycleFormats()).metricsOf(profile.name, cycles, installed)
    case 'json':
      return `${JSON.stringify({ product: profile.name, today, asOf, cycles, ...(installed === undefined ? {} : { installed }), sources, conflicts, notes })}\n`
  }
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

function formatOption(options: Options): Format | undefined {
  const given = textOption(options, 'export')
  const format = FORMATS.find((known) => known === given)
  if (given === undefined || format !== undefined) return format
  throw new PawlError({
    code: 'usage',
    message: `--export: expected ${FORMATS.join(', ')}, got ${JSON.stringify(given)}`,
  })
}

/** Throws `version-unparsable`, `target-unknown`. */
function onlyOption(options: Options, cycles: Cycle[], { profile }: Known): Cycle[] {
  const only = textOption(options, 'only')
  if (only === undefined) return cycles
  const wanted = parseVersion(only, profile.versionScheme)
  const found = cycles.filter(({ name, latest }) =>
    [name, latest.version].some((text) => compareVersions(parseVersion(text, profile.versionScheme), wanted) === 0),
  )
  if (found.length > 0) return found
  throw new PawlError({
    code: 'target-unknown',
    message: `no finished release ${only} of ${profile.name} is known`,
    hint: `"pawl releases list ${profile.name}" shows those that are known.`,
  })
}

/** What Helm's record says is installed. Throws `release-not-found`, `product-unknown`. */
async function installedSupport(
  session: Session,
  release: string | undefined,
  { profile, releases }: Known,
  today: string,
): Promise<InstalledSupport | undefined> {
  if (release === undefined) return undefined
  const target = await targetOf(session, release)
  const records = await session.doors.records(target.cluster)
  const place = { release, namespace: target.namespace }
  const history = await readHistory(records, place, session.stop)
  const installed = deployedIn(history) ?? history[0]
  if (installed === undefined) {
    const message = `there is no Helm release ${release} in namespace ${target.namespace}`
    throw new PawlError({ code: 'release-not-found', message, facts: place })
  }
  if (installed.chart.name !== profile.chart) {
    const message = `release ${release} is of chart ${installed.chart.name}; ${profile.name} is chart ${profile.chart}`
    throw new PawlError({ code: 'product-unknown', message, facts: place })
  }
  const { appVersion, version } = installed.chart
  const known = releases.find((one) => one.appVersion === appVersion && one.chartVersion === version)
  const newest = newestFinishedDay(releases, profile.versionScheme)
  const support = supportOfRelease(known ?? { appVersion }, profile, today, newest)
  return { ...place, version: appVersion, support }
}
