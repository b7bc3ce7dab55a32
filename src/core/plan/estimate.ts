// A forecast of how long a run takes: from earlier runs of the same installation where there are any, else from the sizes of the databases.
import type { RecoveryWay } from '../backup/staged.ts'
import type { Pace } from './pace.ts'
import type { Plan, PlannedDatabase } from './plan.ts'
import type { StepName } from '../run/run.ts'

/** The steps between which nothing serves, by what they depend on. */
const BY_SIZE: readonly StepName[] = ['backup', 'prove']
const FIXED: readonly StepName[] = ['quiesce', 'commit', 'stage', 'migrate', 'rollout', 'verify']

/**
 * Seconds a step takes for a small database, as measured with the sample product on two cores: Jobs that start, pods that end, sessions
 * that go. Of the migrations themselves nobody knows beforehand; this is what starting a migrator takes.
 */
const USUAL: Record<string, number> = {
  quiesce: 12,
  backup: 9,
  prove: 9,
  commit: 4,
  stage: 6,
  migrate: 8,
  rollout: 15,
  verify: 4,
}
/** Of a recovery of a small database: stop what runs, restore or find the copies, exchange the names, compare, install, look. */
const RECOVERY_FIXED = 50
/** Dump, encryption and storing of a byte, and again its reading, restoring and comparing, on two cores. */
const BYTES_PER_SECOND: Record<string, number> = { backup: 30_000_000, prove: 30_000_000 }
/** A restore compares as well; of a staged copy only comparing is left. */
const RECOVERED_PER_SECOND: Record<RecoveryWay, number> = { store: 30_000_000, staged: 150_000_000 }
/** Of the newest runs, so that a server that got slower or faster shows. */
const MOST_RUNS = 3

export function estimateOf(
  databases: readonly PlannedDatabase[],
  paces: readonly Pace[],
  recovery: RecoveryWay = 'store',
): Plan['estimate'] {
  const sizeBytes = databases.reduce((sum, database) => sum + database.sizeBytes, 0)
  const earlier = paces.filter(({ seconds }) => BY_SIZE.every((step) => seconds[step] !== undefined)).slice(-MOST_RUNS)
  const upgrades = earlier.filter(({ kind }) => kind === 'upgrade')
  const sized = BY_SIZE.map((step) => sizedStep(step, sizeBytes, earlier))
  const fixed = FIXED.map((step) => fixedStep(step, upgrades))
  const backupSeconds = Math.ceil(sum(sized))
  return {
    backupSeconds,
    // Writers stand still from the quiesce on, hence during backup and proof as well.
    downtimeSeconds: Math.ceil(sum(sized) + sum(fixed)),
    recoverySeconds: Math.ceil(RECOVERY_FIXED + sizeBytes / RECOVERED_PER_SECOND[recovery]),
    basedOn: basis(earlier, upgrades),
  }
}

/** What an earlier run took beyond a small database's time grew with the data; where it took no longer, only what was added since counts. */
function sizedStep(step: StepName, sizeBytes: number, earlier: readonly Pace[]): number {
  const usual = USUAL[step] ?? 0
  const rate = BYTES_PER_SECOND[step] ?? 1
  if (earlier.length === 0) return usual + sizeBytes / rate
  const scaled = earlier.map((pace) => {
    const took = pace.seconds[step] ?? 0
    if (took > usual && pace.sizeBytes > 0) return usual + ((took - usual) * sizeBytes) / pace.sizeBytes
    return took + Math.max(0, sizeBytes - pace.sizeBytes) / rate
  })
  return Math.max(...scaled)
}

/** The longest of the last few: migrations differ from release to release. */
function fixedStep(step: StepName, upgrades: readonly Pace[]): number {
  const took = upgrades.map(({ seconds }) => seconds[step]).filter((value) => value !== undefined)
  return took.length === 0 ? (USUAL[step] ?? 0) : Math.max(...took)
}

function basis(earlier: readonly Pace[], upgrades: readonly Pace[]): string {
  const migrations =
    upgrades.length === 0
      ? 'the time the migrations themselves take is not in it'
      : 'migrations are taken to last as long as the longest of those'
  if (earlier.length === 0)
    return `the sizes of the databases, no earlier run of this installation is known; ${migrations}`
  const names = earlier.map(({ run }) => run).join(', ')
  return `the sizes of the databases and earlier runs of this installation (${names}); ${migrations}`
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
