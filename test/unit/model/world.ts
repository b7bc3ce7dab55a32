// The simulated installation: two databases, one Helm release, its pods, its backup, and what goes on by itself around them.
// Values are never changed in place; equal worlds are the same object, so that comparing them is cheap.

export const DATABASES = [0, 1] as const
export type DatabaseIndex = (typeof DATABASES)[number]

/** A migrator's Job: its pod waits to start, runs, has ended. `old-` ones belong to an attempt that was given up; `two` at once. */
export type Job = 'none' | 'waiting' | 'running' | 'succeeded' | 'failed' | 'old-waiting' | 'old-running' | 'two'

export type Release = 'from' | 'target'

export interface Database {
  /** Of the live database; `merged` is what a restore over something else leaves, `other` what no proof has seen. */
  schema: 'from' | 'partial' | 'to' | 'merged' | 'other'
  /** Acknowledged writes that are in its backup, -1 where there is none. */
  saved: number
  /** The live database came out of the backup. */
  restored: boolean
  /** What was live before it is still there under another name. */
  kept: boolean
  job: Job
  /** The release that its row says it belongs to. */
  floor: Release | 'none'
}

/** Pods that can write, by the release they were started from. */
export type Writers = 'down' | 'from' | 'from-ending' | 'target' | 'target-stuck' | 'target-ending'

/** What the guard in the cluster says; without a guard it stays as it is here. */
export interface Guard {
  /** The oldest release that may start. */
  floor: 'from' | 'target'
  /** Writers are kept stopped: all of them, or all but those of the source, which a recovery is putting back. */
  stopped: 'no' | 'all' | 'but-from'
}

export interface World extends Guard {
  databases: readonly [Database, Database]
  /** What the Helm release points at. */
  release: 'from' | 'target'
  writers: Writers
  /** The backup was restored into a throw-away server and compared. */
  proven: boolean
  /**
   * Databases next to the live ones, which recovery restores into; `staged`: it takes those that the proof has left; `lost`:
   * they were complete, and somebody dropped one.
   */
  copies: 'none' | 'unfinished' | 'complete' | 'merged' | 'staged' | 'lost'
  /** What the proof has left beside the live databases, where it does; somebody may change it or take it away. */
  staged: 'none' | 'good' | 'altered' | 'gone'
  /** A restore goes on although nobody waits for its answer any more. */
  restoring: boolean
  /** The release's chart and values were stored. */
  captured: boolean
  /** Writes on the source release that a user was told are safe. */
  acknowledged: number
  /** What Pawl remembers to have written into the databases. */
  recorded: Release | 'none'
  /** Somebody with every right has done something past everything. */
  byHand: boolean
}

/** Bound on user writes: one is enough, because it comes before the backup in some interleavings and after it in others. */
const MAX_WRITES = 1

const worlds = new Map<string, World>()
const keys = new WeakMap<World, string>()

/** The one object that stands for this world. */
function same(world: World): World {
  const text = describe(world)
  const known = worlds.get(text)
  if (known !== undefined) return known
  worlds.set(text, world)
  keys.set(world, `w${worlds.size}`)
  return world
}

export function worldKey(world: World): string {
  return keys.get(world) ?? worldKey(same(world))
}

function describe(world: World): string {
  const { databases, release, writers, proven, copies, staged, restoring, captured, acknowledged, floor, stopped } =
    world
  const { recorded, byHand } = world
  const each = databases.map(
    (d) => `${d.schema} ${d.saved} ${d.job}${d.restored ? 'R' : ''}${d.kept ? 'K' : ''} ${d.floor}`,
  )
  return [
    release,
    writers,
    proven,
    copies,
    staged,
    restoring,
    captured,
    acknowledged,
    floor,
    stopped,
    recorded,
    byHand,
    ...each,
  ].join('|')
}

const untouched: Database = { schema: 'from', saved: -1, restored: false, kept: false, job: 'none', floor: 'none' }

/** The source release serves, nothing has been done yet. */
export const START: World = same({
  databases: [untouched, untouched],
  release: 'from',
  writers: 'from',
  proven: false,
  copies: 'none',
  staged: 'none',
  restoring: false,
  captured: false,
  acknowledged: 0,
  floor: 'from',
  stopped: 'no',
  recorded: 'none',
  byHand: false,
})

export function change(world: World, part: Partial<World>): World {
  return same({ ...world, ...part })
}

export function changeDatabase(world: World, which: DatabaseIndex, part: Partial<Database>): World {
  const [first, second] = world.databases
  return change(world, { databases: which === 0 ? [{ ...first, ...part }, second] : [first, { ...second, ...part }] })
}

export function changeDatabases(world: World, edit: (database: Database) => Database): World {
  const [first, second] = world.databases
  return change(world, { databases: [edit(first), edit(second)] })
}

export function everyDatabase(world: World, holds: (database: Database) => boolean): boolean {
  return holds(world.databases[0]) && holds(world.databases[1])
}

export function firstDatabase(world: World, holds: (database: Database) => boolean): DatabaseIndex | undefined {
  return DATABASES.find((which) => holds(world.databases[which]))
}

/** Scaled to 0: the pods have their grace period, and write in it. */
export function scaledDown(writers: Writers): Writers {
  if (writers === 'from' || writers === 'from-ending') return 'from-ending'
  return writers === 'down' ? 'down' : 'target-ending'
}

/** A new attempt counts Jobs under a new number; what the old one started goes on. */
export function giveUpAttempt(world: World): World {
  const older = { waiting: 'old-waiting', running: 'old-running', succeeded: 'none', failed: 'none' } as const
  return changeDatabases(world, (database) =>
    database.job in older ? { ...database, job: older[database.job as keyof typeof older] } : database,
  )
}

export interface Happening {
  label: string
  world: World
}

/** What goes on by itself: users write, pods end, migrators start, end or fail, a restore that nobody waits for ends. */
export function happenings(world: World, helmTurnsBack: boolean): Happening[] {
  const found: Happening[] = []
  const { writers, acknowledged } = world
  const serves = (writers === 'from' || writers === 'from-ending') && everyDatabase(world, (d) => d.schema === 'from')
  if (serves && acknowledged < MAX_WRITES) {
    found.push({ label: 'user: write', world: change(world, { acknowledged: acknowledged + 1 }) })
  }
  if (writers === 'from-ending' || writers === 'target-ending') {
    found.push({ label: 'pods: end', world: change(world, { writers: 'down' }) })
  }
  if (world.restoring) {
    found.push({ label: 'restore: ends', world: change(world, { restoring: false, copies: 'complete' }) })
  }
  if (world.staged === 'good')
    found.push({ label: 'somebody: changes a copy', world: change(world, { staged: 'altered' }) })
  if (world.staged === 'good' || world.staged === 'altered')
    found.push({ label: 'somebody: drops a copy', world: change(world, { staged: 'gone' }) })
  // Somebody who drops copies drops those of a restore as well.
  if (world.staged === 'gone' && world.copies === 'complete' && !everyDatabase(world, (d) => d.restored))
    found.push({ label: 'somebody: drops what was restored', world: change(world, { copies: 'lost' }) })
  for (const which of DATABASES) found.push(...migratorMoves(world, which, helmTurnsBack))
  return found
}

function migratorMoves(world: World, which: DatabaseIndex, helmTurnsBack: boolean): Happening[] {
  const { job, schema } = world.databases[which]
  const old = job === 'old-waiting' || job === 'old-running'
  if (job === 'waiting' || job === 'old-waiting') {
    // It connects by the live database's name, whichever database has that name by now.
    const begun = schema === 'from' ? ('partial' as const) : schema
    const next = changeDatabase(world, which, { job: old ? 'old-running' : 'running', schema: begun })
    return [{ label: `migrator ${which}: starts`, world: next }]
  }
  if (job !== 'running' && job !== 'old-running') return []
  const migrated = changeDatabase(world, which, { job: old ? 'none' : 'succeeded', schema: 'to' })
  const done = { label: `migrator ${which}: ends`, world: migrated }
  if (schema !== 'partial') return [done]
  const stopped = changeDatabase(world, which, { job: old ? 'none' : 'failed' })
  const failed = helmTurnsBack ? change(stopped, { release: 'from', writers: 'from' }) : stopped
  return [done, { label: `migrator ${which}: fails half-way`, world: failed }]
}
