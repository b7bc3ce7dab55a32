// An upgrade whose proof leaves its copies beside the live databases, and a recovery that takes them: as src/steps/prove, restore,
// swap and reopen have it. What somebody does to a copy happens at any time; its mark tells that it is gone, not that it was changed.
import type { Mutant } from './mutants.ts'
import type { Rules } from './rules.ts'
import { done, fails, STEPS, todo, works, type Outcome, type Step, type Steps } from './steps.ts'
import { change, changeDatabase, changeDatabases, everyDatabase, type Database, type World } from './world.ts'

const PUT_BACK: Partial<Database> = { schema: 'from', restored: true, kept: true }
const UNPROVEN: Partial<Database> = { schema: 'other', restored: true, kept: true }

/** Two servers, two transactions. */
function both(world: World, first: Partial<Database>, second: Partial<Database>): Outcome[] {
  const half = changeDatabase(world, 0, first)
  return [...works(changeDatabase(half, 1, second)), fails(half)]
}

/** What the others do when they throw is looked at without copies: together they would only multiply the states. */
function smooth(steps: Steps): Steps {
  const entries = Object.entries(steps).map(([name, step]) => {
    const act: Step['act'] = (world) => step.act(world).filter((outcome) => outcome.throws === undefined)
    return [name, { ...step, act }]
  })
  return Object.fromEntries(entries) as Steps
}

/** What was restored for the exchange is gone: it is restored once more, and every name is decided on anew. */
function restoredAgain(world: World): Outcome[] {
  if (!everyDatabase(world, (d) => d.job !== 'running' && d.job !== 'old-running'))
    return [fails(world, 'writers-remain')]
  const restored = change(world, { copies: 'complete' })
  return [fails(world, 'unknown-state'), fails(restored), ...both(restored, PUT_BACK, PUT_BACK)]
}

const STAGED_STEPS: Steps = {
  ...smooth(STEPS),
  prove: {
    observe: STEPS.prove.observe,
    act: (world) => [
      ...works(change(world, { proven: true, staged: 'good' })),
      fails(change(world, { staged: 'good' }), 'proof-mismatch'),
    ],
  },
  restore: {
    observe: (world, ...rest) => (world.copies === 'staged' ? done() : STEPS.restore.observe(world, ...rest)),
    act: (world) =>
      world.staged === 'good' || world.staged === 'altered'
        ? [...works(change(world, { copies: 'staged' })), fails(world)]
        : STEPS.restore.act(world),
  },
  swap: {
    observe: (world) => (everyDatabase(world, (d) => d.restored && d.schema !== 'other') ? done() : todo),
    act: (world) => {
      if (world.copies === 'lost') return restoredAgain(world)
      if (world.copies !== 'staged') return STEPS.swap.act(world)
      if (!everyDatabase(world, (d) => d.job !== 'running' && d.job !== 'old-running'))
        return [fails(world, 'writers-remain')]
      if (world.staged !== 'altered') return both(world, PUT_BACK, PUT_BACK)
      // It takes the live name, is compared, and is replaced from the store: killed in between, it is under the live name.
      const exchanged = changeDatabase(changeDatabase(world, 0, UNPROVEN), 1, PUT_BACK)
      return [fails(changeDatabase(world, 1, PUT_BACK)), fails(exchanged), ...both(exchanged, PUT_BACK, PUT_BACK)]
    },
  },
  reopen: {
    observe: (world, ...rest) =>
      world.staged === 'good' || world.staged === 'altered' ? todo : STEPS.reopen.observe(world, ...rest),
    act: (world) =>
      STEPS.reopen.act(world).map((outcome) => ({
        ...outcome,
        world: outcome.throws === undefined ? change(outcome.world, { staged: 'none' }) : outcome.world,
      })),
  },
}

export const STAGED: Partial<Rules> = { steps: STAGED_STEPS, outsider: 'never' }

function withSteps(changed: Partial<Record<keyof Steps, Partial<Step>>>): Partial<Rules> {
  const steps = Object.entries(STAGED_STEPS).map(([name, step]) => [name, { ...step, ...changed[name as keyof Steps] }])
  return { ...STAGED, steps: Object.fromEntries(steps) as Steps }
}

/** Whatever copy is there is taken: where that of this set is gone, one of an earlier set. */
const anyCopy: Step['act'] = (world) => {
  if (world.copies !== 'staged' || world.staged !== 'gone') return STAGED_STEPS.swap.act(world)
  return works(changeDatabases(world, (d) => ({ ...d, ...UNPROVEN })))
}
const anyRestored: Step['observe'] = (world) => (everyDatabase(world, (d) => d.restored) ? done() : todo)

/** The copy of another set takes the live names, is compared, and replaced. */
export const COMPARES_STALE: Partial<Rules> = withSteps({
  swap: {
    act: (world) =>
      world.copies === 'staged' && world.staged === 'gone' && everyDatabase(world, (d) => d.schema === 'other')
        ? both(world, PUT_BACK, PUT_BACK)
        : anyCopy(world),
  },
})

export const STAGED_MUTANTS: readonly Mutant[] = [
  {
    name: 'the copy of another set is used, and not compared',
    breaks: 'I7',
    rules: withSteps({ swap: { act: anyCopy, observe: anyRestored } }),
  },
  {
    name: 'a copy that was changed by hand is not compared',
    breaks: 'I7',
    rules: withSteps({
      swap: {
        observe: anyRestored,
        act: (world) =>
          world.copies === 'staged' && world.staged === 'altered'
            ? both(world, UNPROVEN, PUT_BACK)
            : STAGED_STEPS.swap.act(world),
      },
    }),
  },
  {
    name: 'the copies were dropped before anybody accepted, and the restore insists on them',
    breaks: 'L1',
    rules: withSteps({
      restore: {
        act: (world) =>
          world.staged === 'gone' ? [fails(world, 'backup-not-found')] : STAGED_STEPS.restore.act(world),
      },
    }),
    rough: true,
  },
  {
    name: 'the copies were dropped after the restore had seen them, and the swap insists on them',
    breaks: 'L1',
    rules: withSteps({
      swap: {
        act: (world) =>
          world.copies === 'staged' && world.staged === 'gone'
            ? [fails(world, 'unknown-state')]
            : STAGED_STEPS.swap.act(world),
      },
    }),
    rough: true,
  },
  {
    name: 'what was restored is dropped before the exchange, which insists on it',
    breaks: 'L1',
    rules: withSteps({
      swap: {
        act: (world) => (world.copies === 'lost' ? [fails(world, 'unknown-state')] : STAGED_STEPS.swap.act(world)),
      },
    }),
    rough: true,
  },
  {
    name: 'a run that is given up leaves its copies',
    breaks: 'left',
    rules: withSteps({ reopen: STEPS.reopen }),
  },
]
