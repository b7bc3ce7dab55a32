// One move of one process: the engine's loop, cut at every place where it can die or be overtaken.
import { ERRORS } from '../../../src/core/errors.ts'
import { nextRow, type Decision } from '../../../src/core/run/decide.ts'
import type { RunState, StepName } from '../../../src/core/run/run.ts'
import { append, created, journalKey, WHO, type Entry } from './journal.ts'
import type { Move, Rules } from './rules.ts'
import { report } from './steps.ts'
import { describeDecision, holdsLease, journalOf, place, replaceJournal } from './system.ts'
import type { At, Command, Process, RunName, Slot, System } from './system.ts'
import { giveUpAttempt, worldKey, type World } from './world.ts'

const WHERE = { release: 'demo', namespace: 'demo' }

/**
 * Why a process can do nothing more but end: a journal refuses its fence, or what it read is no longer what is there, or
 * the lease that its effect needs is somebody else's. None of this ever comes back. The loop also looks at the lease before
 * it looks at the world; what a late look could lead to is what the same look in time leads to.
 */
export function refusal(system: System, slot: Slot, process: Process, rules: Rules): string | undefined {
  const { at, fence, fresh, run } = process
  // An effect does not read the journal: only the lease can stop it.
  if (at.is === 'effect')
    return holdsLease(system, slot) || rules.lateEffects.includes(at.step) ? undefined : 'lost the lease'
  if (!rules.compareAndSwap) return undefined
  const newest = Math.max(system[run]?.fence ?? 0, at.is === 'supersede' ? system.upgrade.fence : 0)
  if (fence < newest) return 'lost its fence'
  if (at.is === 'append') return fresh ? undefined : 'somebody else wrote to the journal'
  return holdsLease(system, slot) ? undefined : 'lost the lease'
}

export function proceed(system: System, slot: Slot, process: Process, rules: Rules): Move[] {
  const refused = refusal(system, slot, process, rules)
  if (refused !== undefined) return [leave(system, slot, refused)]
  switch (process.at.is) {
    case 'create':
      return [create(system, slot, process, rules)]
    case 'supersede':
      return [supersede(system, slot, process)]
    case 'own':
      return [own(system, slot, process, rules, process.at.command)]
    case 'look':
      return look(system, slot, process, rules)
    case 'append':
      return [write(system, slot, process, rules, process.at.decision)]
    case 'effect':
      return effect(system, slot, process, rules, process.at.step, process.at.attempt)
  }
}

function create(system: System, slot: Slot, process: Process, rules: Rules): Move {
  if (system.recovery !== undefined) return leave(system, slot, 'finds a recovery already there')
  if (!rules.createFirst && system.upgrade.ended === undefined) return supersede(system, slot, process)
  const at: At = system.upgrade.ended === undefined ? { is: 'supersede' } : { is: 'own', command: 'go-on' }
  const next = place({ ...system, recovery: created('recovery') }, slot, { ...process, at })
  return { label: 'recover: creates its run', next }
}

function supersede(system: System, slot: Slot, process: Process): Move {
  const parked = system.recovery?.parked !== undefined
  const at: At = system.recovery === undefined ? { is: 'create' } : { is: 'own', command: parked ? 'resume' : 'go-on' }
  if (system.upgrade.ended !== undefined)
    return { label: 'sees the upgrade ended', next: place(system, slot, { ...process, at }) }
  return entry(
    system,
    slot,
    process,
    'upgrade',
    [{ event: 'ended', outcome: 'superseded' }],
    'ends the upgrade as superseded',
    at,
  )
}

function own(system: System, slot: Slot, process: Process, rules: Rules, command: Command | 'go-on'): Move {
  const journal = journalOf(system, process.run)
  if (journal.ended !== undefined) return leave(system, slot, 'run has ended')
  const entries: Entry[] = [{ event: 'owned', holder: WHO }]
  if (command === 'resume' && journal.parked !== undefined) entries.push({ event: 'resumed', by: WHO })
  if (command === 'abort' && !journal.abortRequested) {
    if (!rules.canAbort(journal.phase)) return leave(system, slot, 'refuses to abort')
    entries.push({ event: 'abort-requested', by: WHO })
  }
  return entry(
    system,
    slot,
    process,
    process.run,
    entries,
    command === 'go-on' ? 'owns the run' : `owns the run, ${command}`,
    { is: 'look' },
  )
}

function look(system: System, slot: Slot, process: Process, rules: Rules): Move[] {
  const at = lookAt(system.world, journalOf(system, process.run), process, rules)
  const decided = at.decision
  if (decided.do === 'wait') return []
  if (decided.do === 'nothing') return [leave(system, slot, `run is ${decided.because}`)]
  const next = place(system, slot, { ...process, fresh: true, at })
  return [{ label: `looks: ${describeDecision(decided)}`, next, decided }]
}

type Decided = At & { is: 'append' }
const looks = new WeakMap<Rules, Map<string, Decided>>()

/** Observe and decide. Both are pure, so that what was seen once need not be looked at again. */
function lookAt(world: World, journal: RunState, { run, acted }: Process, rules: Rules): Decided {
  const seen = looks.get(rules) ?? new Map<string, Decided>()
  looks.set(rules, seen)
  const key = `${worldKey(world)}${journalKey(journal)}${run}${acted ?? ''}`
  const known = seen.get(key)
  if (known !== undefined) return known
  const protocol = rules.protocolOf(run)
  const row = nextRow(protocol, journal)
  const observed = row === undefined ? undefined : rules.steps[row.step].observe(world, journal, run)
  const decision = withoutEffect(rules.decide(protocol, journal, observed), acted, run, journal, rules)
  const at: Decided = { is: 'append', decision }
  seen.set(key, at)
  return at
}

/** As the engine has it: an act that returned and left nothing behind counts as a failure. */
function withoutEffect(
  decision: Decision,
  acted: StepName | undefined,
  run: RunName,
  journal: RunState,
  rules: Rules,
): Decision {
  if (decision.do !== 'act' || decision.step !== acted) return decision
  return rules.afterFailure(
    rules.protocolOf(run),
    journal,
    decision.step,
    decision.attempt,
    report('unknown-state'),
    true,
  )
}

function write(system: System, slot: Slot, process: Process, rules: Rules, decision: Decision): Move {
  const journal = journalOf(system, process.run)
  const label = `writes ${describeDecision(decision)}`
  const acts = decision.do === 'act'
  const at: At = acts ? { is: 'effect', step: decision.step, attempt: decision.attempt } : { is: 'look' }
  const entries = acts && !rules.intents ? [] : [entryOf(decision, process.run, journal, rules)]
  const moved = entry(system, slot, { ...process, acted: undefined }, process.run, entries, label, at)
  const givenUp = (decision.do === 'park' || decision.do === 'record-failure') && decision.step === 'migrate'
  const move = givenUp ? { ...moved, next: { ...moved.next, world: giveUpAttempt(moved.next.world) } } : moved
  if (decision.do !== 'park' && decision.do !== 'end') return move
  return { ...move, next: leave(move.next, slot, '').next }
}

function effect(system: System, slot: Slot, process: Process, rules: Rules, step: StepName, attempt: number): Move[] {
  const journal = journalOf(system, process.run)
  const protocol = rules.protocolOf(process.run)
  return rules.steps[step].act(system.world).map(({ how, world, throws, goesOn }) => {
    const { run, fence } = process
    const at: At =
      throws === undefined
        ? goesOn === true
          ? process.at
          : { is: 'look' }
        : {
            is: 'append',
            decision: rules.afterFailure(protocol, journal, step, attempt, throws, ERRORS[throws.code].retryable),
          }
    const late = holdsLease(system, slot) ? '' : 'late: '
    const next = place({ ...system, world }, slot, { ...process, acted: step, at })
    const wrote = { what: 'world' as const, step, run, fence, current: system.lease.fence }
    return { label: `${late}${step} ${how}`, next, wrote }
  })
}

function entryOf(decision: Decision, run: RunName, journal: RunState, rules: Rules): Entry {
  switch (decision.do) {
    case 'act':
      return { event: 'intent', step: decision.step, attempt: decision.attempt }
    case 'record': {
      const { step, evidence, phase } = decision
      return { event: 'done', step, evidence, ...(phase === undefined ? {} : { phase }) }
    }
    case 'record-failure':
      return { event: 'failed', step: decision.step, attempt: decision.attempt, error: decision.error }
    case 'park': {
      const { step, error } = decision
      return { event: 'parked', step, error, next: rules.nextCommand(run, journal.phase, step, error, WHERE) }
    }
    case 'end':
      return { event: 'ended', outcome: decision.outcome }
    default:
      throw new Error(`${decision.do} is never written`)
  }
}

function entry(
  system: System,
  slot: Slot,
  process: Process,
  run: RunName,
  entries: Entry[],
  label: string,
  at: At,
): Move {
  const before = journalOf(system, run)
  const journal = entries.reduce((state, one) => append(state, one, process.fence), before)
  const next = place(replaceJournal(system, run, journal), slot, { ...process, fresh: true, at })
  const late = holdsLease(system, slot) ? '' : 'late: '
  return { label: `${late}${label}`, next, wrote: { what: run, run, fence: process.fence, current: before.fence } }
}

/** The process ends; a holder gives the lease back. */
export function leave(system: System, slot: Slot, why: string): Move {
  const holder = holdsLease(system, slot) ? undefined : system.lease.holder
  return { label: `ends: ${why}`, next: place({ ...system, lease: { ...system.lease, holder } }, slot, undefined) }
}
