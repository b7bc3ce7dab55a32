// pawl guard install, open, close, uninstall, rbac: what changes the guard, or prints what changes it.
import { isPawlError, PawlError } from '../../../core/errors.ts'
import type { Enforcement } from '../../../core/guard/guard.ts'
import { PERSONAS, rolesFor } from '../../../core/guard/rbac.ts'
import { namespaceBindings } from '../../../core/guard/bindings.ts'
import { POLICIES } from '../../../core/guard/policies.ts'
import { fold } from '../../../core/run/fold.ts'
import { listRuns } from '../../../engine/journal.ts'
import type { ReleaseRecord } from '../../../ports/helm.ts'
import { readGuard } from '../../../steps/guard/guard.ts'
import { installGuard, uninstallGuard, withdrawGuard } from '../../../steps/guard/install.ts'
import { closeGuard, LONGEST_OPENING_MS, notInstalled, openGuard } from '../../../steps/guard/open.ts'
import { proveGuard } from '../../../steps/guard/prove.ts'
import { runningRecord } from '../../../steps/guard/running-record.ts'
import { visible } from '../../../steps/guard/visible.ts'
import { flag, textOption, type Options } from '../define.ts'
import { confirm } from '../engine.ts'
import { guardParts } from '../guard-parts.ts'
import { ensureFloor, takeFloorAway } from '../database-floor.ts'
import { renderDone, renderMissing, renderYaml } from '../render/guard.ts'
import { targetOf, type Session, type Target } from '../session.ts'
import { applyDefinitions } from '../definitions.ts'

export async function guardInstall(session: Session, args: string[], options: Options): Promise<number> {
  const target = await targetOf(session, args[0])
  const enforcement = flag(options, 'audit') ? 'Audit' : 'Enforce'
  if (flag(options, 'print')) {
    const record = await recordOf(session, target)
    const parts = await guardParts(target, record, (text) => session.doors.parseYaml(text), enforcement)
    session.terminal.write(renderYaml(parts))
    return 0
  }
  const dryRun = flag(options, 'dryRun')
  const done: string[] = []
  await applyDefinitions(target.cluster, dryRun, (what) => done.push(what))
  const accept = flag(options, 'acceptDatabases')
  await ensureGuard(session, target, { enforcement, dryRun, accept }, (made, missing) =>
    say(session, dryRun ? 'would create' : 'created', [...done, ...made], 'nothing to do: the guard is whole', missing),
  )
  return 0
}

export interface GuardWanted {
  enforcement: Enforcement
  dryRun: boolean
  /** Databases that somebody put in place by hand are taken as they are. */
  accept: boolean
}

/**
 * Everything but the resource definitions; returns when the guard holds. `tell` gets what was created or changed and what could not
 * be, before the guard is asked. One that was made here and does not hold is taken out again.
 */
export async function ensureGuard(
  session: Session,
  target: Target,
  { enforcement, dryRun, accept }: GuardWanted,
  tell: (made: string[], missing: string[]) => void,
): Promise<void> {
  const record = await recordOf(session, target)
  const parseYaml = (text: string): unknown[] => session.doors.parseYaml(text)
  const before = await readGuard(target)
  try {
    const made = await installGuard({ ...target, record, parseYaml, enforcement, dryRun })
    const floor = await ensureFloor(session, target, { version: record.chart.appVersion, accept, dryRun })
    tell([...made, ...floor.done], floor.missing)
    if (!dryRun) await holds(session, target)
  } catch (error) {
    const inVain = isPawlError(error, 'guard-unproven') || isPawlError(error, 'cluster-refused')
    if (!inVain || dryRun || before !== undefined) throw error
    await withdrawGuard(target)
    throw withdrawn(error, target, await hiddenParts(target))
  }
}

/** Kinds of the guard's parts that may not be looked at: whether they are there is not known. */
async function hiddenParts({ cluster, namespace }: Target): Promise<string[]> {
  const parts = [...POLICIES.slice(0, 1), ...namespaceBindings({ name: namespace }).slice(0, 1)]
  const seen = await Promise.all(
    parts.map(
      async ({ apiVersion, kind, metadata }) => await visible(cluster, { apiVersion, kind, name: metadata.name }),
    ),
  )
  return parts.filter((_, index) => seen[index] === 'hidden').map(({ kind }) => kind)
}

function withdrawn(error: PawlError, { release, namespace }: Target, hidden: string[]): PawlError {
  const { code, message, facts } = error
  const unseen = hidden.length === 0 ? '' : `; you are not allowed to get: ${hidden.join(', ')}`
  return new PawlError({
    code,
    message: `${message}${unseen}`,
    unchanged: 'The guard was taken out again; what else was created stays.',
    hint: 'Its policies belong to the cluster: where you may only work in the namespace, an administrator applies what "pawl init {release} -n {namespace} --print" prints. To do without the guard: "pawl init {release} -n {namespace} --no-guard".',
    facts: { ...facts, release, namespace },
    cause: error,
  })
}

/** Installed is what answers rightly, not what was written. */
async function holds(session: Session, target: Target): Promise<void> {
  const guard = await readGuard(target)
  if (guard !== undefined) await proveGuard({ ...target, clock: session.doors.clock }, guard, undefined, session.stop)
}

export async function guardUninstall(session: Session, args: string[], options: Options): Promise<number> {
  const target = await targetOf(session, args[0])
  if ((await readGuard(target)) === undefined) throw notInstalled(target.release, target.namespace)
  if (!(await confirm(session, `Take the guard of ${target.release} out? Nothing refuses an old release then.`, 'yes')))
    return 1
  const floor = await takeFloorAway(session, target)
  const done = await uninstallGuard({ ...target, everything: flag(options, 'everything') })
  say(session, 'removed', [...floor.done, ...done], 'nothing to do', floor.missing)
  return 0
}

export async function guardOpen(session: Session, args: string[], options: Options): Promise<number> {
  const target = await targetOf(session, args[0])
  const [reason, time] = [textOption(options, 'reason')?.trim(), textOption(options, 'for')]
  if (reason === undefined || reason === '' || time === undefined)
    throw usage('an opening needs --for and --reason: everybody is told both')
  const forMs = durationOf(time)
  const question = `Open the guard of ${target.release} for ${time}? Old releases can be started on a newer schema then.`
  if (!(await confirm(session, question, target.release))) return 1
  const guard = await openGuard({ ...target, reason, forMs, by: session.doors.who.name })
  say(session, 'opened', [`guard of ${target.release} until ${guard.opening?.until ?? ''}`], '')
  return 0
}

export async function guardClose(session: Session, args: string[]): Promise<number> {
  const target = await targetOf(session, args[0])
  await closeGuard({ ...target, by: session.doors.who.name, underWay: await runsUnderWay(target) })
  await holds(session, target)
  say(session, 'closed', [`guard of ${target.release}: in force`], '')
  return 0
}

export async function guardRbac(session: Session, args: string[]): Promise<number> {
  const persona = PERSONAS.find((name) => name === args[0])
  if (persona === undefined) throw usage(`permissions are listed for ${PERSONAS.join(', ')}; got "${args[0] ?? ''}"`)
  const roles = rolesFor(persona, session.global.namespace ?? 'default')
  session.terminal.write(session.global.output === 'json' ? `${JSON.stringify(roles)}\n` : renderYaml(roles))
  return 0
}

async function runsUnderWay({ cluster, namespace, release }: Target): Promise<Set<string>> {
  const runs = await listRuns(cluster, namespace, release)
  return new Set(runs.filter(({ run }) => fold(run.events).ended === undefined).map(({ run }) => run.name))
}

async function recordOf(session: Session, target: Target): Promise<ReleaseRecord> {
  const records = await session.doors.records(target.cluster)
  return await runningRecord({ ...target, records, parseYaml: (text) => session.doors.parseYaml(text) })
}

/** `30m`, `2h`, `90s`. */
export function durationOf(text: string): number {
  const [, count, unit] = /^(\d{1,5})(s|m|h)$/.exec(text) ?? []
  const ms = Number(count) * ({ s: 1_000, m: 60_000, h: 3_600_000 }[unit ?? ''] ?? Number.NaN)
  if (ms > 0 && ms <= LONGEST_OPENING_MS) return ms
  throw usage(`--for takes a time like 30m or 2h, 24h at most; got "${text}"`)
}

function usage(message: string): PawlError {
  return new PawlError({ code: 'usage', message, unchanged: 'Nothing was changed.' })
}

function say(session: Session, verb: string, done: string[], nothing: string, missing: string[] = []): void {
  const json = session.global.output === 'json'
  const also = missing.length === 0 ? {} : { missing }
  session.terminal.write(
    json
      ? `${JSON.stringify({ [verb.replace(' ', '-')]: done, ...also })}\n`
      : renderDone(verb, done, missing.length === 0 ? nothing : '') + renderMissing(missing),
  )
}
