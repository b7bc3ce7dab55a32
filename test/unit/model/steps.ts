// The steps as pairs of observe and act over the simulated world, with the meaning of the real ones. An act has several
// outcomes: it works, it fails before anything happened or half-way, it works and its answer is lost.
import { PawlError, reportOf, type ErrorCode, type ErrorReport } from '../../../src/core/errors.ts'
import type { Observation } from '../../../src/core/run/decide.ts'
import type { RunKind, RunState, StepName } from '../../../src/core/run/run.ts'
import { change, changeDatabase, changeDatabases, everyDatabase, firstDatabase, scaledDown } from './world.ts'
import type { Database, Job, World } from './world.ts'

export interface Outcome {
  how: string
  world: World
  throws?: ErrorReport
  /** The act is not over: it waits for what it has started. */
  goesOn?: true
}

export interface Step {
  observe(world: World, state: RunState, kind: RunKind): Observation
  act(world: World): Outcome[]
}

export type Steps = Readonly<Record<StepName, Step>>

const reports = new Map<ErrorCode, ErrorReport>()

/** One report per code: messages would only blow up the state space. */
export function report(code: ErrorCode): ErrorReport {
  const known = reports.get(code) ?? reportOf(new PawlError({ code, message: code }))
  reports.set(code, known)
  return known
}

export function done(evidence: Record<string, unknown> = {}): Observation {
  return { is: 'done', evidence }
}

export const todo: Observation = { is: 'todo' }

export function failed(code: ErrorCode): Observation {
  return { is: 'failed', error: report(code) }
}

export function works(world: World): Outcome[] {
  return [{ how: 'works', world }, lost(world)]
}

export function lost(world: World): Outcome {
  return { how: 'works, answer lost', world, throws: report('cluster-unreachable') }
}

export function fails(world: World, code: ErrorCode = 'cluster-unreachable'): Outcome {
  return { how: `fails: ${code}`, world, throws: report(code) }
}

/** Counter of each database, written as one text. */
export function counters(world: World): { writes: string } {
  return { writes: world.databases.map(() => world.acknowledged).join(' ') }
}

export function writesOf(state: RunState, step: StepName): unknown {
  return state.steps[step]?.evidence?.['writes']
}

export function isActive(job: Job): boolean {
  return job === 'waiting' || job === 'running' || job === 'old-waiting' || job === 'old-running' || job === 'two'
}

const nothing: Step['act'] = (world) => [{ how: 'works', world }]

/** The copy under the live name, what was live under another one. */
function swapped({ copies }: World): Partial<Database> {
  return { schema: copies === 'merged' ? 'merged' : 'from', restored: true, kept: true }
}

const pods: Observation = { is: 'waiting', on: 'pods to end', forMs: 1000 }

export const STEPS: Steps = {
  capture: {
    observe: (world) => (world.captured ? done() : todo),
    act: (world) => [...works(change(world, { captured: true })), fails(world)],
  },
  quiesce: {
    observe: (world) => {
      if (!everyDatabase(world, (d) => !isActive(d.job))) return todo
      if (world.writers === 'down') return done(counters(world))
      return world.writers.endsWith('-ending') ? pods : todo
    },
    // A migrator whose pod has not started yet has no session that a look at the database would show: it is ended by name.
    act: (world) => {
      const ended = changeDatabases(world, (d) => (isActive(d.job) ? { ...d, job: 'none' } : d))
      return [...works(change(ended, { writers: scaledDown(world.writers) })), fails(world)]
    },
  },
  backup: {
    observe: (world) =>
      everyDatabase(world, (d) => d.saved >= 0)
        ? done({ writes: world.databases.map((d) => d.saved).join(' ') })
        : todo,
    act: (world) => [
      ...works(changeDatabases(world, (d) => ({ ...d, saved: world.acknowledged }))),
      fails(changeDatabase(world, 0, { saved: world.acknowledged }), 'backup-failed'),
    ],
  },
  prove: {
    observe: (world) => (world.proven ? done() : todo),
    act: (world) => [...works(change(world, { proven: true })), fails(world, 'proof-mismatch')],
  },
  commit: {
    observe: (world, state) => {
      if (!(world.proven && everyDatabase(world, (d) => d.saved >= 0))) return failed('backup-not-found')
      if (world.writers !== 'down') return failed('writers-remain')
      const { writes } = counters(world)
      // Of before the snapshot, and since the last writer had ended.
      return writesOf(state, 'backup') === writes && writesOf(state, 'quiesce') === writes
        ? done(counters(world))
        : failed('writes-after-backup')
    },
    act: nothing,
  },
  stage: {
    // Looks at pods and counters once more, now that no writer of the source can come back: between the observation and
    // the entry of the point of no return somebody may have started one.
    observe: (world, state) => {
      if (world.release !== 'target') return todo
      if (world.writers !== 'down') return world.writers.endsWith('-ending') ? pods : failed('writers-remain')
      return writesOf(state, 'commit') === counters(world).writes ? done() : failed('writes-after-backup')
    },
    act: (world) => [
      ...works(change(world, { release: 'target', writers: scaledDown(world.writers) })),
      fails(world, 'helm-failed'),
    ],
  },
  migrate: {
    observe: (world, state) => {
      if (!everyDatabase(world, (d) => !isActive(d.job))) return todo
      if (!everyDatabase(world, (d) => d.job !== 'failed')) return failed('migration-failed')
      if (state.steps.migrate?.startedAt === undefined) return todo
      return everyDatabase(world, (d) => d.schema === 'to') ? done() : todo
    },
    // One after the other; an older attempt's migrator is waited for, never joined by a second one.
    act: (world) => {
      const which = firstDatabase(world, (d) => d.job !== 'succeeded')
      if (which === undefined || !everyDatabase(world, (d) => d.job !== 'failed')) return nothing(world)
      const { job } = world.databases[which]
      if (job === 'waiting' || job === 'running') return [fails(world)]
      const next = job === 'old-running' ? 'running' : 'waiting'
      const begun = changeDatabase(world, which, { job: next })
      return [{ how: `${which} begins`, world: begun, goesOn: true }, lost(begun)]
    },
  },
  rollout: {
    observe: (world) => {
      if (world.writers === 'target-stuck') return failed('rollout-stuck')
      return world.writers === 'target' ? done() : todo
    },
    act: (world) => [
      ...works(change(world, { writers: 'target' })),
      { how: 'never gets ready', world: change(world, { writers: 'target-stuck' }) },
      fails(world),
    ],
  },
  verify: {
    observe: (world, _state, kind) => {
      const [release, schema] = kind === 'recovery' ? (['from', 'from'] as const) : (['target', 'to'] as const)
      const good = world.release === release && world.writers === release
      return good && everyDatabase(world, (d) => d.schema === schema) ? done() : failed('unknown-state')
    },
    act: nothing,
  },
  reopen: {
    observe: (world) => (world.writers === world.release ? done() : todo),
    act: (world) => [...works(change(world, { writers: world.release })), fails(world)],
  },
  restore: {
    observe: (world) => (world.copies === 'complete' ? done() : todo),
    // The same name again drops an unfinished copy and redoes it, after ending whoever still fills it.
    act: (world) => [
      ...works(change(world, { copies: 'complete', restoring: false })),
      { ...fails(change(world, { copies: 'unfinished', restoring: true })), how: 'goes on, answer lost' },
      fails(change(world, { copies: 'unfinished', restoring: false }), 'backup-damaged'),
    ],
  },
  swap: {
    observe: (world) => (everyDatabase(world, (d) => d.restored) ? done() : todo),
    // One transaction per server: the two databases may be on two.
    act: (world) => {
      if (!everyDatabase(world, (d) => d.job !== 'running' && d.job !== 'old-running'))
        return [fails(world, 'writers-remain')]
      const first = changeDatabase(world, 0, swapped(world))
      return [...works(changeDatabase(first, 1, swapped(world))), fails(first)]
    },
  },
  reinstall: {
    observe: (world) => (world.release === 'from' && world.writers === 'from' ? done() : todo),
    act: (world) => [...works(change(world, { release: 'from', writers: 'from' })), fails(world, 'helm-failed')],
  },
}
