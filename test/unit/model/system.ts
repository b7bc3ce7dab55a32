// Everything at one moment: the world, the journals, the lease and two Pawl processes, each somewhere in its loop.
import type { Decision } from '../../../src/core/run/decide.ts'
import type { RunState, StepName } from '../../../src/core/run/run.ts'
import { created, journalKey, withFence } from './journal.ts'
import { START, worldKey, type World } from './world.ts'

export type RunName = 'upgrade' | 'recovery'
export type Slot = 0 | 1
export const SLOTS: readonly Slot[] = [0, 1]

export type Command = 'resume' | 'abort' | 'recover'

/** What a process does next, as far as it has got. */
export type At =
  | { is: 'create' }
  | { is: 'supersede' }
  | { is: 'own'; command: Command | 'go-on' }
  | { is: 'look' }
  | { is: 'append'; decision: Decision }
  | { is: 'effect'; step: StepName; attempt: number }

export interface Process {
  run: RunName
  fence: number
  /** Nobody has written to the run's journal since this process read it. */
  fresh: boolean
  /** The step whose act has returned to this process; its effect must be there now. */
  acted: StepName | undefined
  at: At
}

export interface System {
  world: World
  upgrade: RunState
  recovery: RunState | undefined
  lease: { fence: number; holder: Slot | undefined }
  processes: readonly [Process | undefined, Process | undefined]
}

export const FIRST: System = {
  world: START,
  upgrade: created('upgrade'),
  recovery: undefined,
  lease: { fence: 0, holder: undefined },
  processes: [undefined, undefined],
}

export function journalOf(system: System, run: RunName): RunState {
  const journal = system[run]
  if (journal === undefined) throw new Error(`the model has no ${run} run here`)
  return journal
}

export function place(system: System, slot: Slot, process: Process | undefined): System {
  const [first, second] = system.processes
  return { ...system, processes: slot === 0 ? [process, second] : [first, process] }
}

/** Puts the journal's new state in its place; whoever read the old one has to read again. */
export function replaceJournal(system: System, run: RunName, journal: RunState): System {
  const stale = (process: Process | undefined): Process | undefined =>
    process === undefined || process.run !== run || !process.fresh ? process : { ...process, fresh: false }
  const [first, second] = system.processes
  return { ...system, [run]: journal, processes: [stale(first), stale(second)] }
}

export function holdsLease(system: System, slot: Slot): boolean {
  return system.lease.holder === slot && system.processes[slot]?.fence === system.lease.fence
}

/** The same system with fencing numbers as small as their order allows and with the two processes in a fixed order. */
export function canonical(system: System): [key: string, system: System] {
  const ranked = isDense(system) ? system : rankFences(system)
  const { world, upgrade, recovery, lease, processes } = ranked
  const [first, second] = processes
  const [one, two] = [processKey(first), processKey(second)]
  const runs = recovery === undefined ? journalKey(upgrade) : `${journalKey(upgrade)}${journalKey(recovery)}`
  const rest = `${worldKey(world)}${runs}/${lease.fence}`
  if (one <= two) return [`${rest}${lease.holder ?? '-'}/${one}/${two}`, ranked]
  const holder = lease.holder === undefined ? undefined : lease.holder === 0 ? 1 : 0
  return [
    `${rest}${holder ?? '-'}/${two}/${one}`,
    { ...ranked, lease: { ...lease, holder }, processes: [second, first] },
  ]
}

function fencesOf({ lease, upgrade, recovery, processes }: System): number[] {
  const [first, second] = processes
  return [0, lease.fence, upgrade.fence, recovery?.fence ?? 0, first?.fence ?? 0, second?.fence ?? 0]
}

/** No number is left out between 0 and the largest: one bit per number, and the bits have no gap. */
function isDense(system: System): boolean {
  const bits = fencesOf(system).reduce((seen, fence) => seen | (1 << fence), 0)
  return (bits & (bits + 1)) === 0
}

function rankFences(system: System): System {
  const { lease, upgrade, recovery, processes } = system
  const [first, second] = processes
  const order = [...new Set(fencesOf(system))].toSorted((a, b) => a - b)
  const rank = (fence: number): number => order.indexOf(fence)
  const again = (process: Process | undefined): Process | undefined =>
    process && { ...process, fence: rank(process.fence) }
  return {
    ...system,
    lease: { ...lease, fence: rank(lease.fence) },
    upgrade: withFence(upgrade, rank(upgrade.fence)),
    recovery: recovery && withFence(recovery, rank(recovery.fence)),
    processes: [again(first), again(second)],
  }
}

const atKeys = new WeakMap<At, string>()

function processKey(process: Process | undefined): string {
  if (process === undefined) return '-'
  let at = atKeys.get(process.at)
  if (at === undefined) {
    at = describeAt(process.at)
    atKeys.set(process.at, at)
  }
  return `${process.run} ${process.fence}${process.fresh ? '+' : '-'}${process.acted ?? ''} ${at}`
}

function describeAt(at: At): string {
  if (at.is === 'append')
    return `append ${describeDecision(at.decision)} ${'evidence' in at.decision ? JSON.stringify(at.decision.evidence) : ''}`
  if (at.is === 'effect') return `effect ${at.step} ${at.attempt}`
  return at.is === 'own' ? `own ${at.command}` : at.is
}

export function describeDecision(decision: Decision): string {
  switch (decision.do) {
    case 'act':
      return `intent ${decision.step} ${decision.attempt}`
    case 'record':
      return `done ${decision.step}${decision.phase === undefined ? '' : ` -> ${decision.phase}`}`
    case 'record-failure':
      return `failed ${decision.step} ${decision.attempt} ${decision.error.code}`
    case 'park':
      return `park ${decision.step} ${decision.error.code}`
    case 'end':
      return `end ${decision.outcome}`
    case 'wait':
      return `wait ${decision.step}`
    case 'nothing':
      return `nothing ${decision.because}`
  }
}
