// Joining a session to the engine: dependencies for one installation, and what a run's end means for the exit code.
import { PawlError, ERRORS } from '../../core/errors.ts'
import type { Installation } from '../../core/resources.ts'
import { canAbort } from '../../core/run/protocol.ts'
import type { RunState } from '../../core/run/run.ts'
import type { EngineDeps } from '../../engine/drive.ts'
import { createReporter } from './render/reporter.ts'
import { profileNamed, type Session, type Target } from './session.ts'

const ROLLOUT_TIMEOUT_MS = 300_000

export interface OpenEngine {
  deps: EngineDeps
  /** Ends the live view; its last state stays on the screen. */
  close(): void
}

export async function openEngine(
  session: Session,
  target: Target,
  installation: Installation,
  rolloutTimeoutMs = ROLLOUT_TIMEOUT_MS,
): Promise<OpenEngine> {
  const { doors, terminal, global, stop } = session
  const { cluster } = target
  const reporter = createReporter({
    mode: global.output === 'json' ? 'json' : terminal.isTty ? 'tty' : 'plain',
    out: terminal,
    colour: terminal.colour,
    width: () => terminal.width(),
    now: () => doors.clock.now(),
  })
  const deps: EngineDeps = {
    cluster,
    installation,
    reporter,
    stop,
    rolloutTimeoutMs,
    profile: profileNamed(session, installation.profile),
    helm: await doors.helm(global, cluster),
    records: await doors.records(cluster),
    dataPlane: await doors.dataPlane(cluster, installation),
    leases: await doors.leases(cluster, installation.namespace),
    clock: doors.clock,
    ids: doors.ids,
    who: doors.who,
    withFiles: doors.withFiles,
    parseYaml: (text) => doors.parseYaml(text),
    checkpoint: doors.checkpoint,
    leaseMs: doors.leaseMs,
  }
  return { deps, close: () => reporter.close() }
}

/** The exit code of a run, after saying how to go on with one that the operator stopped (the live view says everything else). */
export function finish(session: Session, target: Target, state: RunState): number {
  const code = exitCodeOf(state)
  if (code === ERRORS['run-stopped'].exit && session.global.output === 'text') {
    const where = `${target.release} -n ${target.namespace}`
    const ways = [`go on:    pawl runs resume ${where}`, `watch:    pawl runs watch ${where}`]
    if (canAbort(state.phase)) ways.push(`give up:  pawl runs abort ${where}`)
    session.terminal.write(`${ways.join('\n')}\n`)
  }
  return code
}

/** 0 where the run came to a good end; otherwise throws nothing and names the code of what stopped it. */
export function exitCodeOf(state: RunState): number {
  if (state.ended !== undefined) return 0
  if (state.parked !== undefined) return ERRORS[state.parked.error.code].exit === 40 ? 40 : ERRORS['run-parked'].exit
  return ERRORS['run-stopped'].exit
}

/** Asks before something is changed; throws `confirmation-required` where nobody can answer and --yes was not given. */
export async function confirm(session: Session, question: string, word: string): Promise<boolean> {
  if (session.global.yes) return true
  const answer = session.terminal.isTty
    ? await session.terminal.ask(`${question}\nType "${word}" to go on: `)
    : undefined
  if (answer === undefined) {
    throw new PawlError({
      code: 'confirmation-required',
      message: 'this changes the installation and nobody is here to confirm it',
      unchanged: 'Nothing was changed.',
    })
  }
  return answer.trim() === word
}
