// The steps of a guarded release: what they ask of the guard, before or after what they do, as src/steps/guard/protocol.ts has it.
import type { Mutant } from './mutants.ts'
import type { Layers, Rules } from './rules.ts'
import { fails, STEPS, todo, type Outcome, type Step, type Steps } from './steps.ts'
import { change, type Guard, type World } from './world.ts'

/** The guard is written first: it may be all that happens. */
function first(guard: Partial<Guard>, step: Step): Step['act'] {
  return (world) => {
    const written = change(world, guard)
    return [fails(written), ...step.act(written)]
  }
}

/** The guard is written last: what went before may be all that happens. */
function last(outcomes: Outcome[], guard: Partial<Guard>): Outcome[] {
  return outcomes.flatMap((outcome) =>
    outcome.throws === undefined
      ? [{ ...outcome, world: change(outcome.world, guard) }, fails(outcome.world)]
      : [outcome],
  )
}

/** Done only where the guard says so, too. */
function unless(wrong: (world: World) => boolean, step: Step): Step['observe'] {
  return (world, state, kind) => (wrong(world) ? todo : step.observe(world, state, kind))
}

const NARROWED: Partial<Guard> = { floor: 'from', stopped: 'but-from' }

const OPENING: Step = { ...STEPS.rollout, act: first({ stopped: 'no' }, STEPS.rollout) }

const GUARDED_STEPS: Steps = {
  ...STEPS,
  quiesce: {
    observe: unless(({ stopped }) => stopped !== 'all', STEPS.quiesce),
    act: first({ stopped: 'all' }, STEPS.quiesce),
  },
  migrate: { ...STEPS.migrate, act: first({ floor: 'target' }, STEPS.migrate) },
  rollout: { ...STEPS.rollout, act: first({ floor: 'target' }, OPENING) },
  reopen: {
    observe: unless(({ stopped }) => stopped !== 'no', STEPS.reopen),
    act: first({ stopped: 'no' }, STEPS.reopen),
  },
  reinstall: {
    observe: unless(({ stopped }) => stopped !== 'no', STEPS.reinstall),
    // Helm's own write is judged as well.
    act: (world) => last(first(NARROWED, STEPS.reinstall)(world), { stopped: 'no' }),
  },
}

const WHOLE: Layers = { records: true, floor: true, stopped: true }

export const GUARDED: Partial<Rules> = { steps: GUARDED_STEPS, guard: WHOLE, outsider: 'always' }

function withSteps(changed: Partial<Record<keyof Steps, Partial<Step>>>): Partial<Rules> {
  const steps = Object.entries(GUARDED_STEPS).map(([name, step]) => [
    name,
    { ...step, ...changed[name as keyof Steps] },
  ])
  return { ...GUARDED, steps: Object.fromEntries(steps) as Steps }
}

export const GUARD_MUTANTS: readonly Mutant[] = [
  { name: 'no layer on Helm records', breaks: 'slip', rules: { ...GUARDED, guard: { ...WHOLE, records: false } } },
  { name: 'no floor', breaks: 'I2', rules: { ...GUARDED, guard: { ...WHOLE, floor: false } } },
  { name: 'writers are not kept stopped', breaks: 'I3', rules: { ...GUARDED, guard: { ...WHOLE, stopped: false } } },
  {
    name: 'floors never rise',
    breaks: 'I2',
    rules: withSteps({ migrate: STEPS.migrate, rollout: OPENING }),
  },
  {
    name: 'a recovery lets writers start before Helm has put the source back',
    breaks: 'I3',
    rough: true,
    rules: withSteps({ reinstall: { act: first({ floor: 'from', stopped: 'no' }, STEPS.reinstall) } }),
  },
  {
    name: 'a recovery leaves the floor where the upgrade had put it',
    breaks: 'L1',
    rules: withSteps({
      reinstall: {
        act: (world) => (world.floor === 'target' ? [fails(world, 'helm-failed')] : GUARDED_STEPS.reinstall.act(world)),
      },
    }),
  },
]
