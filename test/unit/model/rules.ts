// What a system is run by, and what a move is. A mutant is these rules with something changed.
import { afterFailure, decide, type Decision } from '../../../src/core/run/decide.ts'
import { nextCommand } from '../../../src/core/run/next.ts'
import { canAbort, protocolOf } from '../../../src/core/run/protocol.ts'
import type { StepName } from '../../../src/core/run/run.ts'
import { STEPS, type Steps } from './steps.ts'
import type { Command, RunName, System } from './system.ts'

/** The rules a system is run by: the real functions, and the guards a mutant takes away. */
export interface Rules {
  protocolOf: typeof protocolOf
  decide: typeof decide
  afterFailure: typeof afterFailure
  nextCommand: typeof nextCommand
  canAbort: typeof canAbort
  steps: Steps
  /** An intent is written before each effect. */
  intents: boolean
  /** A journal takes an entry only from somebody who read its newest state, and never one with an older fence. */
  compareAndSwap: boolean
  /** Steps whose effect a process that lost the lease may still make. A lease that works leaves none. */
  lateEffects: readonly StepName[]
  /** `recover` makes its own run before it ends the upgrade's. */
  createFirst: boolean
  /** Whoever goes on with a recovery ends the upgrade first, where that has not been done. */
  resumeSupersedes: boolean
  /** Helm puts the old release back by itself when a migration fails. */
  helmTurnsBack: boolean
  /** Somebody who scales the writers up: never, until the point of no return is written, or whenever they are down. */
  outsider: 'never' | 'until-commit' | 'always'
  /** Layers of the guard that hold, where the release is guarded. Somebody then tries everything that leads back, too. */
  guard: Layers | undefined
  /** Somebody with every right goes past everything, once. */
  byHand: boolean
  /** What a look at the databases finds; without it nobody looks. */
  look: ((system: System) => unknown[]) | undefined
}

export interface Layers {
  /** Helm's records are refused without a ticket. */
  records: boolean
  /** Images below the floor are refused. */
  floor: boolean
  /** What writes is refused while it is kept stopped. */
  stopped: boolean
}

export const RULES: Rules = {
  protocolOf,
  decide,
  afterFailure,
  nextCommand,
  canAbort,
  steps: STEPS,
  intents: true,
  compareAndSwap: true,
  lateEffects: [],
  createFirst: true,
  resumeSupersedes: true,
  helmTurnsBack: false,
  outsider: 'until-commit',
  guard: undefined,
  byHand: false,
  look: undefined,
}

export interface Move {
  label: string
  next: System
  /** Set where a person has to type a command. */
  command?: Command
  /** Set where a process changed something: what, and with which fence against which. */
  wrote?: { what: 'world' | RunName; step?: StepName; run: RunName; fence: number; current: number }
  /** Set where a process made up its mind. */
  decided?: Decision
}
