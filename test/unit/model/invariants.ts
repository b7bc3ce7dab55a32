// What must hold in every state and over every move: the invariants of the protocol, as far as one upgrade with its
// recovery can break them.
import type { Phase, RunState, StepName } from '../../../src/core/run/run.ts'
import type { Move, Rules } from './rules.ts'
import type { RunName, System } from './system.ts'
import { everyDatabase, type World } from './world.ts'

export type Invariant =
  | 'slip'
  | 'unseen'
  | 'false alarm'
  | 'I1'
  | 'I2'
  | 'I3'
  | 'I4'
  | 'I5'
  | 'I7'
  | 'I8'
  | 'alone'
  | 'left'
  | 'phases'
  | 'attempts'
  | 'ends'
  | 'L1'

export interface Broken {
  invariant: Invariant
  why: string
}

function broken(invariant: Invariant, why: string): Broken {
  return { invariant, why }
}

export function brokenState({ world, upgrade, recovery }: System): Broken | undefined {
  const untouched = everyDatabase(world, (d) => d.schema === 'from')
  // A copy that nobody has compared yet is not the source's database, and no migration has touched it either.
  const migrations = !everyDatabase(world, (d) => d.schema === 'from' || d.schema === 'other')
  if (!everyDatabase(world, (d) => d.schema !== 'merged')) return broken('I7', 'a restore went over something else')
  if (world.copies === 'merged') return broken('I7', 'a restore went into a copy that something else fills')
  if (!everyDatabase(world, (d) => d.job !== 'two')) return broken('alone', 'two migrators work on one database')
  if (migrations && !world.proven) return broken('I1', 'schema touched without a proven backup')
  if (migrations && !coversAll(world)) return broken('I1', 'schema touched, and a backup misses an acknowledged write')
  if (world.writers !== 'down') {
    if (world.writers.startsWith('from') && !untouched)
      return broken('I2', 'the source release runs on a schema not its own')
    const migrated = everyDatabase(world, (d) => d.schema === 'to')
    if (world.writers.startsWith('target') && !migrated)
      return broken('I3', 'the target release runs before every schema is migrated')
  }
  if (upgrade.ended?.outcome === 'aborted' && (world.staged === 'good' || world.staged === 'altered'))
    return broken('left', 'a run that was given up has left its copies')
  if (upgrade.phase === 'DONE' && recovery === undefined && world.release === 'from')
    return broken('slip', "Helm's record names the source release after a finished upgrade")
  const restored = recovery !== undefined && (recovery.phase === 'RESTORED' || recovery.phase === 'RECOVERED')
  if (restored && !(untouched && everyDatabase(world, (d) => d.restored))) {
    return broken('I7', 'restored, and a live database is not what the backup holds')
  }
  return undefined
}

export function brokenMove(before: System, move: Move, rules: Rules): Broken | undefined {
  const { wrote, decided, next } = move
  if (wrote !== undefined) {
    const changed = wrote.what === 'world' ? before.world !== next.world : before[wrote.what] !== next[wrote.what]
    if (changed && wrote.fence < wrote.current) return broken('I5', `an older fence changed the ${wrote.what}`)
    const intent = wrote.step === undefined || before[wrote.run]?.steps[wrote.step]?.startedAt !== undefined
    if (changed && !intent) return broken('I4', `${wrote.step ?? ''} without a journalled intent`)
  }
  if (decided?.do === 'record' && decided.phase === 'PONR' && !(before.world.proven && coversAll(before.world))) {
    return broken('I1', 'the point of no return was decided on without a proven backup of every acknowledged write')
  }
  if (before.world !== next.world && !everyDatabase(next.world, (d) => !d.restored || d.kept)) {
    return broken('I8', 'a database was replaced and not kept')
  }
  return (
    brokenJournal('upgrade', before.upgrade, next.upgrade, rules) ??
    brokenJournal('recovery', before.recovery, next.recovery, rules)
  )
}

const LEGAL: Record<Phase, readonly Phase[]> = {
  PLANNED: ['QUIESCED', 'ABORTING'],
  QUIESCED: ['PONR', 'ABORTING'],
  PONR: ['DONE'],
  DONE: [],
  ABORTING: ['ABORTED'],
  ABORTED: [],
  REC: ['RESTORED'],
  RESTORED: ['RECOVERED'],
  RECOVERED: [],
}

function brokenJournal(
  run: RunName,
  before: RunState | undefined,
  next: RunState | undefined,
  rules: Rules,
): Broken | undefined {
  if (before === undefined || next === undefined || before === next) return undefined
  if (before.phase !== next.phase && !LEGAL[before.phase].includes(next.phase)) {
    return broken('phases', `${run} went from ${before.phase} to ${next.phase}`)
  }
  if (before.ended !== undefined && (next.ended?.outcome !== before.ended.outcome || next.parked !== before.parked)) {
    return broken('I5', `${run} had ended and was changed`)
  }
  const over = rules.protocolOf(run).find((row) => (next.steps[row.step as StepName]?.failures ?? 0) > row.maxAttempts)
  return over === undefined ? undefined : broken('attempts', `${over.step} failed more than ${over.maxAttempts} times`)
}

function coversAll(world: World): boolean {
  return everyDatabase(world, (d) => d.saved === world.acknowledged)
}

/** What nobody stops is at least seen by who looks, and nothing is seen where nobody did anything. */
export function brokenLook(system: System, look: Rules['look']): Broken | undefined {
  if (look === undefined) return undefined
  const { world, recovery } = system
  // A recovery under way replaces every database, whoever put it there.
  const replaced = recovery !== undefined && recovery.ended === undefined
  const [old, fresh] = [world.writers.startsWith('from'), world.writers.startsWith('target')]
  const wrong = !everyDatabase(world, ({ schema }) => (old ? schema === 'from' : !fresh || schema !== 'from'))
  const seen = look(system)
  if (wrong && !replaced && seen.length === 0)
    return broken('unseen', 'a release runs on a schema not its own, and a look says nothing')
  if (!world.byHand && seen.length > 0) return broken('false alarm', JSON.stringify(seen))
  return undefined
}

/** How the story ended here, where it did. */
export function endOf({ upgrade, recovery }: System): 'done' | 'aborted' | 'recovered' | undefined {
  if (recovery !== undefined) return recovery.ended?.outcome === 'recovered' ? 'recovered' : undefined
  const outcome = upgrade.ended?.outcome
  return outcome === 'done' || outcome === 'aborted' ? outcome : undefined
}
