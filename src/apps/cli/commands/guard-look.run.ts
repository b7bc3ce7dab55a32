// pawl guard status, probe, watch: looking, and saying what is seen. Nothing is changed.
import { ERRORS } from '../../../core/errors.ts'
import type { Finding } from '../../../core/guard/findings.ts'
import { stateOf } from '../../../core/guard/guard.ts'
import { lookAtFloors, watchFloors, type FloorDeps } from '../../../steps/floor/look.ts'
import { lookAtGuard, type GuardLook } from '../../../steps/guard/look.ts'
import { notInstalled } from '../../../steps/guard/open.ts'
import { attempt } from '../../../steps/preflight/deps.ts'
import { floorDeps } from '../database-floor.ts'
import { renderAnswers, renderFinding, renderGuard } from '../render/guard.ts'
import { targetOf, type Session, type Target } from '../session.ts'
import { secondsOption } from '../seconds.ts'
import type { Options } from '../define.ts'

const ALARM = ERRORS['guard-unproven'].exit

export async function guardStatus(session: Session, args: string[]): Promise<number> {
  const target = await targetOf(session, args[0])
  const deps = await floorDeps(session, target)
  const seen = await look(session, target, deps.known ? await floorsNow(deps.value, session.stop) : undefined)
  const { terminal, global } = session
  terminal.write(
    global.output === 'json' ? `${JSON.stringify(asJson(seen))}\n` : renderGuard(target, seen, terminal.colour),
  )
  return codeOf(seen.findings)
}

export async function guardProbe(session: Session, args: string[]): Promise<number> {
  const target = await targetOf(session, args[0])
  const { guard, probes } = await look(session, target)
  if (guard === undefined) throw notInstalled(target.release, target.namespace)
  const { terminal, global } = session
  terminal.write(global.output === 'json' ? `${JSON.stringify({ probes })}\n` : renderAnswers(probes, terminal.colour))
  return probes.every(({ right }) => right) ? 0 : ALARM
}

/** Ends when it is stopped. Each finding is said when it comes, and when it has gone. */
export async function guardWatch(session: Session, args: string[], options: Options): Promise<number> {
  const target = await targetOf(session, args[0])
  const everyMs = secondsOption(options, 'every') * 1000
  const { terminal, global, doors, stop } = session
  let known = new Map<string, Finding>()
  let floors: Floors | undefined
  const failed = new AbortController()
  const deps = await floorDeps(session, target)
  // Databases are looked at by a Job that stays: the rounds of this loop take what it has told last.
  const watching = deps.known
    ? watchFloors(deps.value, (seen) => (floors = { seen, scheme: deps.value.profile.versionScheme }), stop)
    : undefined
  watching?.catch((error: unknown) => failed.abort(error))
  while (!stop.aborted) {
    failed.signal.throwIfAborted()
    const { findings, now } = await look(session, target, floors)
    const current = new Map(findings.map((finding) => [`${finding.rule} ${finding.text}`, finding]))
    const changes = [
      ...[...current].filter(([key]) => !known.has(key)).map(([, finding]) => ({ ...finding, is: 'seen' as const })),
      ...[...known].filter(([key]) => !current.has(key)).map(([, finding]) => ({ ...finding, is: 'over' as const })),
    ]
    for (const change of changes)
      terminal.write(
        global.output === 'json'
          ? `${JSON.stringify({ type: 'guard', at: now.toISOString(), ...change })}\n`
          : renderFinding(change, now, terminal.colour),
      )
    known = current
    await doors.clock.sleep(everyMs, stop).catch(() => undefined)
  }
  await watching
  return codeOf([...known.values()])
}

type Floors = Parameters<typeof lookAtGuard>[2]

async function look(session: Session, target: Target, floors?: Floors): Promise<GuardLook> {
  const records = await session.doors.records(target.cluster)
  return await lookAtGuard({ ...target, records }, session.stop, floors)
}

async function floorsNow(deps: FloorDeps, signal: AbortSignal): Promise<Floors> {
  const found = await attempt(async () => await lookAtFloors(deps, signal))
  const seen = found.known ? found.value : [{ role: 'the databases', why: found.why }]
  return { seen, scheme: deps.profile.versionScheme }
}

function asJson({ guard, findings, probes, now }: GuardLook): Record<string, unknown> {
  if (guard === undefined) return { state: 'absent', findings }
  // Who may read the guard may read its ticket there; it does not belong into logs.
  const { ticket: _ticket, ...shown } = guard
  return { state: stateOf(guard, now).is, guard: shown, findings, probes }
}

function codeOf(findings: readonly Finding[]): number {
  return findings.some(({ severity }) => severity === 'alarm') ? ALARM : 0
}
