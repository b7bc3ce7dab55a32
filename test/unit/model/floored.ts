// The floor in the databases: what the steps write there, as src/steps/floor/write.ts has it, and what whoever looks is told. It stops
// nothing by itself: it is for somebody with every right, who takes the guard away or restores a database by hand.
import { floorFaults, type FloorFault } from '../../../src/core/floor/floor.ts'
import type { Mutant } from './mutants.ts'
import type { Move, Rules } from './rules.ts'
import { fails, STEPS, todo, type Outcome, type Step, type Steps } from './steps.ts'
import type { System } from './system.ts'
import { change, changeDatabase, changeDatabases, DATABASES, worldKey, type Release, type World } from './world.ts'

const VERSIONS: Record<Release, string> = { from: '2026.9.1', target: '2026.10.1' }
const ROW = {
  product: 'p',
  release: 'r',
  appVersion: '',
  run: 'x',
  recoveryEpoch: 0,
  at: '',
  roles: DATABASES.map(String),
  missing: {},
}

const looks = new Map<string, FloorFault[]>()

/** What a look finds, by the code that Pawl itself looks with. */
export function seenIn({ world, recovery }: System): FloorFault[] {
  const recovering = recovery !== undefined && recovery.ended === undefined
  const key = `${worldKey(world)}${recovering}`
  const known = looks.get(key) ?? look(world, recovering)
  looks.set(key, known)
  return known
}

function look(world: World, recovering: boolean): FloorFault[] {
  const { recorded, release, databases } = world
  const seen = DATABASES.map((which) => {
    const { floor } = databases[which]
    return { role: String(which), floor: floor === 'none' ? null : { ...ROW, floor: VERSIONS[floor] } }
  })
  const written = recorded === 'none' ? undefined : { ...ROW, floor: VERSIONS[recorded] }
  return floorFaults({ seen, recorded: written, running: VERSIONS[release], recovering, scheme: 'calver' })
}

/** Once: written again it would hide what somebody did meanwhile. Each database is written before that is remembered. */
function writing(release: Release, world: World, then: (world: World) => Outcome[]): Outcome[] {
  if (world.recorded === release) return then(world)
  const first = changeDatabase(world, 0, { floor: release })
  const both = changeDatabase(first, 1, { floor: release })
  return [fails(world), fails(first), fails(both), ...then(change(both, { recorded: release }))]
}

/** Acts that only work: whatever else may fail is explored without the floor, and would multiply the states of somebody's acts. */
const SMOOTH = Object.fromEntries(
  Object.entries(STEPS).map(([name, step]) => {
    const act: Step['act'] = (world) => step.act(world).filter(({ throws }) => throws === undefined)
    return [name, { ...step, act }]
  }),
) as Steps

const FLOORED_STEPS: Steps = {
  ...SMOOTH,
  migrate: { ...SMOOTH.migrate, act: (world) => writing('target', world, SMOOTH.migrate.act) },
  rollout: { ...SMOOTH.rollout, act: (world) => writing('target', world, SMOOTH.rollout.act) },
  swap: {
    observe: (world, state, kind) => (world.recorded === 'from' ? SMOOTH.swap.observe(world, state, kind) : todo),
    // What is restored carries no floor: no backup has one.
    act: (world) =>
      SMOOTH.swap.act(world).flatMap((outcome) => {
        const bare = changeDatabases(outcome.world, (d) => (d.restored ? { ...d, floor: 'none' } : d))
        return outcome.throws === undefined
          ? writing('from', bare, (next) => [{ ...outcome, world: next }])
          : [{ ...outcome, world: bare }]
      }),
  },
}

/** One act, once: what nothing in the cluster can refuse. */
export function byHand(system: System): Move[] {
  const { world, upgrade } = system
  if (world.byHand || (upgrade.phase !== 'PONR' && upgrade.phase !== 'DONE')) return []
  const found: Move[] = (['none', 'from'] as const).map((floor) => {
    const restored = changeDatabase(change(world, { byHand: true }), 0, { schema: 'from', floor })
    const how = floor === 'none' ? "from Pawl's backup" : 'from a dump of its own'
    return { label: `somebody: restores a database ${how}`, next: { ...system, world: restored } }
  })
  if (world.release === 'from') return found
  const back = change(world, { byHand: true, release: 'from', writers: 'from' })
  return [...found, { label: 'somebody: takes the guard away and goes back', next: { ...system, world: back } }]
}

export const FLOORED: Partial<Rules> = {
  steps: FLOORED_STEPS,
  outsider: 'never',
  byHand: true,
  look: seenIn,
}

/** What somebody with every right does is not stopped, and harms what these say. */
export const BEYOND = ['I1', 'I2', 'I3', 'I7', 'L1'] as const

function withSteps(changed: Partial<Record<keyof Steps, Step>>): Partial<Rules> {
  return { ...FLOORED, steps: { ...FLOORED_STEPS, ...changed } }
}

export const FLOOR_MUTANTS: readonly Mutant[] = [
  { name: 'the floor removed', breaks: 'unseen', except: BEYOND, rules: { ...FLOORED, look: () => [] } },
  {
    name: 'the floor is never raised',
    breaks: 'unseen',
    except: BEYOND,
    rules: withSteps({ migrate: SMOOTH.migrate, rollout: SMOOTH.rollout }),
  },
  {
    name: 'the floor is raised after the migrations',
    breaks: 'unseen',
    except: BEYOND,
    rules: withSteps({ migrate: SMOOTH.migrate }),
  },
  {
    name: 'one database only has a floor',
    breaks: 'unseen',
    except: BEYOND,
    rules: {
      ...FLOORED,
      look: (system) => seenIn(system).filter(({ role }) => role === '1'),
    },
  },
  {
    name: 'a recovery does not write the floor anew',
    breaks: 'false alarm',
    rules: {
      ...withSteps({ swap: SMOOTH.swap }),
      byHand: false,
    },
  },
]
