// Everything that may happen next: each process goes on or crashes, one starts, users write, an outsider interferes. A pause
// needs no move of its own: whoever takes the lease leaves the old process where it stood, and it may wake up late.
import { canAbort, isPastPointOfNoReturn } from '../../../src/core/run/protocol.ts'
import { byHand } from './floored.ts'
import { leave, proceed, refusal } from './process.ts'
import type { Layers, Move, Rules } from './rules.ts'
import { journalOf, place, SLOTS, type At, type Command, type RunName, type Slot, type System } from './system.ts'
import { change, happenings } from './world.ts'

export function moves(system: System, rules: Rules): Move[] {
  const found: Move[] = []
  for (const slot of SLOTS) {
    const process = system.processes[slot]
    if (process !== undefined)
      found.push(...proceed(system, slot, process, rules), { ...leave(system, slot, ''), label: 'crash' })
    found.push(...start(system, slot, rules))
  }
  const outsider = scaleUp(system, rules)
  if (outsider !== undefined) found.push(outsider)
  if (rules.guard !== undefined) found.push(...goBack(system, rules.guard))
  if (rules.byHand) found.push(...byHand(system))
  for (const { label, world } of happenings(system.world, rules.helmTurnsBack)) {
    found.push({ label, next: { ...system, world } })
  }
  return found
}

/** Takes away processes that can only end: they can no longer matter, and every pause would multiply the states by them. */
export function withoutRefused(system: System, rules: Rules): System {
  return SLOTS.reduce((left, slot) => {
    const process = left.processes[slot]
    return process !== undefined && refusal(left, slot, process, rules) !== undefined
      ? leave(left, slot, '').next
      : left
  }, system)
}

function scaleUp(system: System, { outsider, guard }: Rules): Move | undefined {
  const { world, upgrade } = system
  const early = canAbort(upgrade.phase) && upgrade.ended === undefined
  // The number alone names no image: only that writers are kept stopped can refuse it.
  if (guard?.stopped === true && world.stopped !== 'no') return undefined
  if (world.writers !== 'down' || outsider === 'never' || (outsider === 'until-commit' && !early)) return undefined
  return { label: 'outsider: scales writers up', next: { ...system, world: change(world, { writers: world.release }) } }
}

/** Somebody puts the source release back: by Helm, which begins with a record, or by its manifests, as kubectl and GitOps do. */
function goBack(system: System, { records, floor, stopped }: Layers): Move[] {
  const { world } = system
  if (world.release === 'from') return []
  const imagesPass = (!floor || world.floor === 'from') && (!stopped || world.stopped !== 'all')
  const back = change(world, { writers: 'from' })
  const found: Move[] = []
  if (imagesPass) found.push({ label: 'outsider: applies the source', next: { ...system, world: back } })
  // Helm goes on after a refused object: its record says the source in any case.
  if (!records) {
    const next = { ...system, world: change(imagesPass ? back : world, { release: 'from' }) }
    found.push({ label: 'outsider: Helm goes back', next })
  }
  return found
}

/** A process starts (again) in this slot and takes the lease, whoever had it: its holder may be dead or only paused. */
function start(system: System, slot: Slot, rules: Rules): Move[] {
  const { upgrade, recovery } = system
  const fence = system.lease.fence + 1
  const begin = (run: RunName, at: At, command?: Command): Move => {
    const taken: System = { ...system, lease: { fence, holder: slot } }
    const next = place(taken, slot, { run, fence, fresh: false, acted: undefined, at })
    const who = command === undefined ? 'next process' : `person: ${command}`
    return { label: `${who}: takes the lease`, next, ...(command === undefined ? {} : { command }) }
  }
  const found: Move[] = []
  const run = unfinished(system)
  if (run !== undefined) {
    const command = journalOf(system, run).parked === undefined ? undefined : 'resume'
    const supersede = run === 'recovery' && upgrade.ended === undefined && rules.resumeSupersedes
    found.push(begin(run, supersede ? { is: 'supersede' } : { is: 'own', command: command ?? 'go-on' }, command))
  }
  if (run === 'upgrade' && rules.canAbort(upgrade.phase))
    found.push(begin('upgrade', { is: 'own', command: 'abort' }, 'abort'))
  const recoverable = isPastPointOfNoReturn(upgrade.phase) && upgrade.ended?.outcome !== 'superseded'
  if (recovery === undefined && recoverable) found.push(begin('recovery', { is: 'create' }, 'recover'))
  return found
}

/** The newest run that has not ended: what `runs resume` and `runs abort` mean. */
function unfinished({ upgrade, recovery }: System): RunName | undefined {
  if (recovery !== undefined && recovery.ended === undefined) return 'recovery'
  return upgrade.ended === undefined ? 'upgrade' : undefined
}
