// pawl status: what runs, by every witness; what is not known is said to be unknown, with the reason.
import { countsAsProven } from '../../../core/backup/rung.ts'
import type { Support } from '../../../core/lifecycle/lifecycle.ts'
import type { Known } from '../../../core/plan/facts.ts'
import type { DatabaseSeen, Status } from '../../../core/status/status.ts'
import { isProofOld } from '../../../core/status/proof-age.ts'
import { formatAge, formatBytes, formatDuration, formatTime, plural } from './format.ts'
import { outcomeText } from './schedule.ts'
import { cleanLine, mark, paintWith, type Mark, type Paint } from './style.ts'
import { padEnd, widthOf } from './width.ts'

interface Line {
  name: string
  mark: Mark
  text: string
}

export function renderStatus(status: Status, now: Date, colour: boolean): string {
  const paint = paintWith(colour)
  const { release, namespace, title, profile } = status
  const lines = linesOf(status, now)
  const width = Math.max(...lines.map(({ name }) => widthOf(name)))
  const next = nextOf(status)
  return `${[
    paint('bold', cleanLine(`${release} -n ${namespace}`)) +
      paint('dim', `  ${cleanLine(`${title}, profile ${profile}`)}`),
    ...lines.map((line) => lineText(line, width, paint)),
    ...(next === undefined ? [] : ['', `Next: ${paint('bold', cleanLine(next))}`]),
  ].join('\n')}\n`
}

function lineText(line: Line, width: number, paint: Paint): string {
  return `  ${mark(paint, line.mark)} ${padEnd(line.name, width)}  ${cleanLine(line.text)}`
}

function linesOf(status: Status, now: Date): Line[] {
  const { chart, running, witnesses, pods, newest } = status
  const ownHistory = status.newestFrom === 'history' ? ', as far as Pawl itself knows' : ''
  return [
    line('runs', running, (version) => version, 'done'),
    ...(running.known
      ? []
      : witnesses.map(({ who, version }) => line('', version, (said) => `${who}: ${said}`, 'none', `${who}: `))),
    { name: 'chart', mark: 'none', text: `${chart.name} ${chart.version}` },
    helmLine(status, now),
    managersLine(status),
    podsLine(pods),
    supportLine(status.support),
    line(
      'newest',
      newest,
      (version) => `${version}${running.known && running.value === version ? ', which runs' : ''}${ownHistory}`,
      'none',
    ),
    ...packageLines(status),
    ...featureLines(status),
    ...databaseLines(status, now),
    proofLine(status, now),
    ...rehearsalLines(status, now),
    ...unprovenLines(status, now),
    ...scheduleLines(status, now),
    ...stagedLines(status, now),
    runLine(status),
    guardLine(status, now),
    ...floorLines(status),
    ...(status.initialised ? [] : [{ name: 'Pawl', mark: 'warn' as const, text: 'not set up for this release yet' }]),
  ]
}

function line<T>(name: string, fact: Known<T>, say: (value: T) => string, good: Mark, before = ''): Line {
  return fact.known
    ? { name, mark: good, text: say(fact.value) }
    : { name, mark: 'unknown', text: `${before}unknown: ${fact.why}` }
}

function guardLine({ guard, guardOpening }: Status, now: Date): Line {
  if (guardOpening !== undefined && Date.parse(guardOpening.until) > now.getTime()) {
    const { by, reason, until } = guardOpening
    return { name: 'guard', mark: 'failed', text: `OPEN until ${formatTime(until)}: ${by}, "${reason}"` }
  }
  const said = line('guard', guard, (state) => (state === 'installed' ? 'in force' : state), 'done')
  if (!guard.known || guard.value === 'installed') return said
  return { ...said, mark: guard.value === 'broken' ? 'failed' : 'none' }
}

/** What is wrong comes first, a line each: it is what the floor is for. */
function floorLines({ floor }: Status): Line[] {
  if (floor === undefined) return []
  const { recorded, faults } = floor
  if (faults !== undefined && faults.length > 0)
    return faults.map(({ is, text }) => ({ name: 'floor', mark: is === 'unknown' ? 'unknown' : 'failed', text }))
  if (recorded === undefined) return []
  const missing = Object.keys(recorded.missing)
  const where = `${recorded.floor} in ${recorded.roles.join(', ') || 'no database'}`
  const lacks = missing.length === 0 ? '' : `, none in ${missing.join(', ')}`
  const checked = faults === undefined ? ', as written; --look tells whether it is still there' : ''
  const good: Mark = faults === undefined ? 'none' : 'done'
  return [{ name: 'floor', mark: missing.length > 0 ? 'warn' : good, text: `${where}${lacks}${checked}` }]
}

function podsLine(pods: Status['pods']): Line {
  const said = line('pods', pods, ({ ready, total }) => `${ready} of ${plural(total, 'pod')} ready`, 'done')
  return pods.known && pods.value.ready < pods.value.total ? { ...said, mark: 'warn' } : said
}

/** A record that Helm has written a moment ago may still be worked on; an old one was left behind. */
function helmLine({ helm }: Status, now: Date): Line {
  const { revision, status, at, touchedAt } = helm
  const said = `revision ${revision}, ${status}`
  if (!status.startsWith('pending-')) {
    const when = at === undefined ? '' : `, ${formatTime(at)}`
    return { name: 'Helm', mark: status === 'deployed' ? 'none' : 'warn', text: `${said}${when}` }
  }
  const since = touchedAt === undefined ? '' : `, last touched ${formatAge(touchedAt, now)}`
  return { name: 'Helm', mark: 'warn', text: `${said}${since}: nobody else can upgrade meanwhile` }
}

function managersLine({ managers }: Status): Line {
  const said = line(
    'managed by',
    managers,
    (found) =>
      found.map(({ tool, state, evidence }) => `${tool}${MANAGER_STATES[state]} (${evidence})`).join('; ') ||
      'nobody else: no sign of KOTS, Flux or Argo CD',
    'none',
  )
  return managers.known && managers.value.length > 0 ? { ...said, mark: 'warn' } : said
}

const MANAGER_STATES = {
  active: '',
  suspended: ', suspended',
  absent: ', left behind or from another cluster',
} as const

function packageLines({ package: found }: Status): Line[] {
  if (found === undefined) return []
  const newest = found.newest.known ? found.newest.value : `unknown (${found.newest.why})`
  return [line('package', found.installed, (version) => `${version} in the values; newest ${newest}`, 'none')]
}

function featureLines({ features }: Status): Line[] {
  if (features.known && features.value.length === 0) return []
  return [
    line(
      'features',
      features,
      (found) => found.map(({ name, on }) => `${name} ${on ? 'on' : 'off'}`).join(', '),
      'none',
    ),
  ]
}

function databaseLines({ databases }: Status, now: Date): Line[] {
  if (!databases.known) return [line('databases', databases, String, 'none')]
  return databases.value.map(({ role, database, host, port, overriddenBy, seen }, index) => {
    const doubt =
      overriddenBy === undefined ? '' : ` by the values alone; ${overriddenBy} may override that, --look tells`
    const where = `${role} (${database} at ${host}:${port}${doubt}): `
    const name = index === 0 ? 'databases' : ''
    return line(name, seen, (value) => `${where}${seenText(value, now)}`, 'none', where)
  })
}

function seenText({ at, serverVersion, sizeBytes, rights }: DatabaseSeen, now: Date): string {
  const server = `PostgreSQL ${serverVersion}, ${formatBytes(sizeBytes)}`
  if (rights === undefined) return `${server}, as the backup of ${formatAge(at, now)} saw it`
  const lacks = [
    ...(rights.ownsDatabase ? [] : ['own the database']),
    ...(rights.createDatabase ? [] : ['create databases']),
    ...(rights.endSessions ? [] : ['end sessions']),
  ]
  return `${server}, reachable; ${lacks.length === 0 ? 'its logins have every right Pawl needs' : `its logins may not ${lacks.join(', ')}`}`
}

const SUPPORT_MARKS: Record<Support['state'], Mark> = {
  supported: 'done',
  ending: 'warn',
  ended: 'failed',
  unknown: 'unknown',
}

function supportLine({ state, until, daysLeft, why }: Support): Line {
  const days = daysLeft === undefined ? '' : ` (${plural(Math.abs(daysLeft), 'day')} ${daysLeft < 0 ? 'ago' : 'left'})`
  const texts: Record<Support['state'], string> = {
    supported: `until ${until ?? 'unknown'}${days}`,
    ending: `ends ${until ?? 'unknown'}${days}`,
    ended: `ended ${until ?? 'unknown'}${days}`,
    unknown: `unknown: ${why ?? 'no reason is given'}`,
  }
  return { name: 'support', mark: SUPPORT_MARKS[state], text: texts[state] }
}

function proofLine({ lastProof, proofLimitMs, schedule }: Status, now: Date): Line {
  if (lastProof.known && lastProof.value === 'none') return { name: 'last proof', mark: 'warn', text: 'none yet' }
  const said = line(
    'last proof',
    lastProof,
    (proof) =>
      proof === 'none' ? proof : `${proof.rung} ${formatAge(proof.at, now)}, set ${proof.set} of ${proof.version}`,
    'done',
  )
  if (!lastProof.known || lastProof.value === 'none' || !isProofOld(lastProof.value.at, proofLimitMs, now)) return said
  const meant =
    schedule.known && schedule.value !== 'none' ? 'twice what its schedule says' : formatDuration(proofLimitMs)
  return { ...said, mark: 'warn', text: `${said.text}: older than ${meant}` }
}

/** Nothing is said where there was none: most installations never need one. */
function rehearsalLines({ lastRehearsal }: Status, now: Date): Line[] {
  if (!lastRehearsal.known || lastRehearsal.value === 'none') return []
  const { set, at, seconds } = lastRehearsal.value
  const text = `took ${formatDuration(seconds * 1000)} from the restore on, ${formatAge(at, now)}, set ${set}`
  return [{ name: 'recovery', mark: 'none', text }]
}

/** A set that is newer than what is proven and shows less: the next recovery may come back to it. */
function unprovenLines({ lastBackup }: Status, now: Date): Line[] {
  if (!lastBackup.known || lastBackup.value === 'none' || countsAsProven(lastBackup.value.rung)) return []
  const { set, at, rung } = lastBackup.value
  return [{ name: 'newest set', mark: 'none', text: `${rung}, not proven: ${set}, taken ${formatAge(at, now)}` }]
}

/** Where there is none, that is said in the manual: many back up by other means. */
function scheduleLines({ schedule }: Status, now: Date): Line[] {
  if (!schedule.known) return [line('schedule', schedule, String, 'none')]
  if (schedule.value === 'none') return []
  const { cron, timeZone, what, suspended, timetable, last, diedAt, underWay } = schedule.value
  const next = timetable.known ? timetable.value.next[0] : undefined
  const due = suspended ? 'suspended' : next === undefined ? 'next unknown' : `next ${formatTime(next)}`
  const parts = [
    `${what} at ${cron} (${timeZone}), ${due}`,
    ...(underWay ? ['one is under way'] : []),
    ...(last === undefined ? [] : [`last ${formatAge(last.at, now)}: ${outcomeText(last)}`]),
    ...(diedAt === undefined ? [] : [`the one of ${formatTime(diedAt)} ended without a word`]),
  ]
  const failed = last?.outcome === 'failed' || diedAt !== undefined
  const mark = failed ? 'failed' : suspended || !timetable.known ? 'warn' : 'none'
  return [{ name: 'schedule', mark, text: parts.join('; ') }]
}

/** Nothing is said where none stand: most installations never have any. */
function stagedLines({ staged, release, namespace }: Status, now: Date): Line[] {
  if (!staged.known) return [line('copies', staged, String, 'none')]
  return staged.value.map(({ set, at, sizeBytes, databases }) => ({
    name: 'copies',
    mark: 'none',
    text: `of set ${set}, ${plural(databases.length, 'database')}, ${formatBytes(sizeBytes)}, since ${formatAge(at, now)}; recovery renames them; "pawl runs accept ${release} -n ${namespace}" drops them`,
  }))
}

function runLine({ unfinishedRun }: Status): Line {
  const said = line(
    'run',
    unfinishedRun,
    (run) =>
      run === 'none'
        ? 'none under way'
        : `${run.kind} ${run.name} ${run.parked ? 'is parked' : 'has not ended'}, phase ${run.phase}`,
    'none',
  )
  return unfinishedRun.known && unfinishedRun.value !== 'none'
    ? { ...said, mark: unfinishedRun.value.parked ? 'failed' : 'now' }
    : said
}

function nextOf({ unfinishedRun, initialised, release, namespace, floor }: Status): string | undefined {
  const target = `${release} -n ${namespace}`
  if (unfinishedRun.known && unfinishedRun.value !== 'none')
    return unfinishedRun.value.next ?? `pawl runs watch ${target}`
  if (floor?.faults?.some(({ is }) => is !== 'unknown') === true) return `pawl recover ${target}`
  return initialised ? undefined : `pawl init ${target}`
}
