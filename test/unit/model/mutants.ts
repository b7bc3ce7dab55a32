// Pawl with one guard taken away or one row moved, and the invariant that has to notice. Where two guards cover the same
// danger, the mutant takes both: a test beside says that one of them alone is enough.
import { canAbort, protocolOf, type Protocol, type ProtocolRow } from '../../../src/core/run/protocol.ts'
import type { RunKind, StepName } from '../../../src/core/run/run.ts'
import type { Invariant } from './invariants.ts'
import type { Rules } from './rules.ts'
import {
  counters,
  done,
  failed,
  fails,
  isActive,
  STEPS,
  todo,
  works,
  writesOf,
  type Step,
  type Steps,
} from './steps.ts'
import {
  change,
  changeDatabase,
  changeDatabases,
  everyDatabase,
  firstDatabase,
  scaledDown,
  type World,
} from './world.ts'

export interface Mutant {
  name: string
  breaks: Invariant
  /** Invariants that would notice earlier and are left out, to see what harm is done beyond them. */
  except?: readonly Invariant[]
  /** Acts throw as well. Without it they only work, or fail by themselves: enough for most, and many fewer states on the way. */
  rough?: true
  rules: Partial<Rules>
}

export function rulesOf({ rules, rough }: Mutant): Partial<Rules> {
  if (rough === true) return rules
  const entries = Object.entries(rules.steps ?? STEPS).map(([name, step]) => {
    const act: Step['act'] = (world) => step.act(world).filter((outcome) => outcome.throws === undefined)
    return [name, { ...step, act }]
  })
  return { ...rules, steps: Object.fromEntries(entries) as Steps }
}

function steps(changed: { [name in StepName]?: Partial<Step> }): { steps: Steps } {
  const entries = Object.entries(STEPS).map(([name, step]) => [name, { ...step, ...changed[name as StepName] }])
  return { steps: Object.fromEntries(entries) as Steps }
}

/** The real table of one kind of run, edited; the others as they are. */
function table(of: RunKind, edit: (rows: Protocol) => ProtocolRow[]): { protocolOf: Rules['protocolOf'] } {
  const edited = edit(protocolOf(of))
  return { protocolOf: (kind) => (kind === of ? edited : protocolOf(kind)) }
}

export function without(step: StepName): (rows: Protocol) => ProtocolRow[] {
  return (rows) => rows.filter((row) => row.step !== step)
}

/** Moves a row before another one, and into its phase. */
export function before(step: StepName, other: StepName): (rows: Protocol) => ProtocolRow[] {
  return (rows) =>
    rows
      .filter((row) => row.step !== step)
      .flatMap((row) => {
        const moved = rows.find((one) => one.step === step)
        return row.step === other && moved !== undefined
          ? [{ step, phase: row.phase, maxAttempts: moved.maxAttempts }, row]
          : [row]
      })
}

/** Leaves a step out and lets another one open its phase. */
function opensInstead(step: StepName, other: StepName): (rows: Protocol) => ProtocolRow[] {
  return (rows) => {
    const opens = rows.find((row) => row.step === step)?.opens
    return without(step)(rows).map((row) => (row.step === other && opens !== undefined ? { ...row, opens } : row))
  }
}

/** Whatever was written between the snapshot and this look would count as backed up. */
export const COUNTED_LATE: Partial<Step> = {
  observe: (world) => (everyDatabase(world, (d) => d.saved >= 0) ? done(counters(world)) : todo),
}

/** Commit asks the databases alone, and compares what they say with these steps. */
export function counts(...than: StepName[]): Step['observe'] {
  return (world, state) =>
    world.proven && than.every((step) => writesOf(state, step) === counters(world).writes)
      ? done(counters(world))
      : failed('writes-after-backup')
}

const committed: Step['observe'] = (world) => done(counters(world))
const staged: Step['observe'] = (world) => (world.release === 'target' && world.writers === 'down' ? done() : todo)
const STEP_NAMES = Object.keys(STEPS) as StepName[]
const isSaved = (world: World): boolean => world.databases[0].saved >= 0

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'no proof, and commit does not ask for one',
    breaks: 'I1',
    rules: { ...table('upgrade', without('prove')), ...steps({ commit: { observe: committed } }) },
  },
  {
    name: 'backup before quiesce, and commit compares with the counters of quiesce',
    breaks: 'I1',
    rules: {
      ...table('upgrade', before('backup', 'quiesce')),
      ...steps({
        commit: {
          observe: (world, state) =>
            writesOf(state, 'quiesce') === counters(world).writes
              ? done(counters(world))
              : failed('writes-after-backup'),
        },
      }),
    },
  },
  {
    name: 'no commit: the proof opens the point of no return',
    breaks: 'I1',
    rules: table('upgrade', opensInstead('commit', 'prove')),
  },
  {
    name: 'commit trusts what quiesce saw instead of looking again',
    breaks: 'I1',
    rules: steps({ commit: { observe: (_world, state) => done({ writes: writesOf(state, 'quiesce') }) } }),
  },
  {
    name: 'stage trusts what commit saw instead of looking again',
    breaks: 'I1',
    rules: steps({ stage: { observe: staged } }),
  },
  {
    name: 'the counters of a backup are read after its snapshot, and commit compares with nothing else',
    breaks: 'I1',
    rules: steps({ backup: COUNTED_LATE, commit: { observe: counts('backup') } }),
  },
  {
    name: 'one database only is backed up',
    breaks: 'I1',
    rules: steps({
      backup: {
        observe: (world) => (isSaved(world) ? done({ writes: counters(world).writes }) : todo),
        act: (world) => works(changeDatabase(world, 0, { saved: world.acknowledged })),
      },
      commit: {
        observe: (world) => (isSaved(world) && world.proven ? done(counters(world)) : failed('backup-not-found')),
      },
    }),
  },
  { name: 'stage before commit', breaks: 'I3', rules: table('upgrade', before('stage', 'commit')) },
  { name: 'rollout before migrate', breaks: 'I3', rules: table('upgrade', before('rollout', 'migrate')) },
  {
    name: 'a migration that failed counts as done',
    breaks: 'I3',
    rules: steps({
      migrate: {
        observe: (world) => (everyDatabase(world, (d) => d.job === 'succeeded' || d.job === 'failed') ? done() : todo),
      },
    }),
  },
  { name: 'Helm puts the source back when the migration fails', breaks: 'I2', rules: { helmTurnsBack: true } },
  { name: 'reinstall before swap', breaks: 'I2', rules: table('recovery', before('reinstall', 'swap')) },
  {
    name: 'stage goes on while pods of the source are still ending',
    breaks: 'I2',
    rules: steps({
      stage: {
        observe: (world, state) => {
          if (world.release !== 'target') return todo
          return writesOf(state, 'commit') === counters(world).writes ? done() : failed('writes-after-backup')
        },
      },
    }),
  },
  {
    name: 'recovery leaves a migrator that has not started yet',
    breaks: 'I7',
    rules: steps({
      quiesce: {
        observe: (world, state, kind) => {
          if (world.databases.some((d) => d.job === 'running' || d.job === 'old-running'))
            return failed('writers-remain')
          const unseen = changeDatabases(world, (d) => ({ ...d, job: 'none' }))
          return STEPS.quiesce.observe(unseen, state, kind)
        },
        act: (world) => [...works(change(world, { writers: scaledDown(world.writers) })), fails(world)],
      },
    }),
  },
  {
    name: 'a new attempt to migrate does not look for the old one',
    rough: true,
    breaks: 'alone',
    rules: steps({
      migrate: {
        act: (world) => {
          const which = firstDatabase(world, (d) => d.job !== 'succeeded')
          const old =
            which !== undefined && isActive(world.databases[which].job) && world.databases[which].job.startsWith('old-')
          return old ? works(changeDatabase(world, which, { job: 'two' })) : STEPS.migrate.act(world)
        },
      },
    }),
  },
  {
    name: 'a new attempt to restore does not end the old one',
    rough: true,
    breaks: 'I7',
    rules: steps({
      restore: {
        act: (world) => (world.restoring ? works(change(world, { copies: 'merged' })) : STEPS.restore.act(world)),
      },
    }),
  },
  {
    name: 'restore over the live databases',
    breaks: 'I7',
    rules: steps({ restore: { act: (world) => works(changeDatabases(world, (d) => ({ ...d, schema: 'merged' }))) } }),
  },
  {
    name: 'swap drops what was live',
    breaks: 'I8',
    rules: steps({
      swap: { act: (world) => works(changeDatabases(world, (d) => ({ ...d, schema: 'from', restored: true }))) },
    }),
  },
  { name: 'intents are not journalled', breaks: 'I4', rules: { intents: false } },
  { name: 'a journal takes entries from whoever writes', breaks: 'I5', rules: { compareAndSwap: false } },
  { name: 'effects without the lease', breaks: 'I5', rules: { lateEffects: STEP_NAMES } },
  // Nothing but the lease stops these: an older holder that wakes up does harm that no later look can undo.
  {
    name: 'a paused holder rolls out after the recovery',
    breaks: 'I3',
    except: ['I5'],
    rules: { lateEffects: ['rollout'], outsider: 'never' },
  },
  {
    name: 'a paused holder starts a migrator after the recovery',
    breaks: 'I7',
    except: ['I5'],
    rules: { lateEffects: ['migrate'], outsider: 'never' },
  },
  {
    name: 'abort after the point of no return',
    breaks: 'phases',
    rules: { canAbort: (phase) => canAbort(phase) || phase === 'PONR' },
  },
  {
    name: 'abort after the point of no return, and what it does to the product',
    breaks: 'I3',
    except: ['phases'],
    rules: { canAbort: (phase) => canAbort(phase) || phase === 'PONR' },
  },
  {
    name: 'attempts without a bound',
    rough: true,
    breaks: 'attempts',
    rules: {
      afterFailure: (_protocol, _state, step, attempt, error) => ({ do: 'record-failure', step, attempt, error }),
    },
  },
  {
    name: 'recover ends the upgrade before its own run exists',
    breaks: 'L1',

    rules: { createFirst: false },
  },
  {
    name: 'whoever resumes a recovery leaves the upgrade open',
    breaks: 'I2',

    rules: { resumeSupersedes: false, outsider: 'never' },
  },
  {
    name: 'a stage that can never succeed is to be resumed',
    breaks: 'L1',

    rules: {
      nextCommand: (_kind, phase) =>
        phase === 'PLANNED' || phase === 'QUIESCED' ? 'pawl runs abort x' : 'pawl runs resume x',
    },
  },
]
