// The database floor: a row in the database itself that says which release its schema belongs to. It goes where the data goes.
import { readVersion, compareVersions, type VersionScheme } from '../versions/version.ts'

/** Reserved: it holds the floor and nothing else, and no backup, digest or comparison of schemas takes it in. */
export const FLOOR_SCHEMA = 'pawl'
export const FLOOR_TABLE = 'floor'

/** As it stands in one database. */
export interface DatabaseFloor {
  /** Name of the profile. */
  product: string
  /** `namespace/name` of the Helm release. */
  release: string
  /** Release of the product that the schema belongs to, or is on its way to. */
  appVersion: string
  /** The lowest release that may run on this schema. */
  floor: string
  /** The run that wrote it, or what did so outside of runs. */
  run: string
  /** Grows with every recovery; only then may the floor fall. */
  recoveryEpoch: number
  /** ISO 8601, UTC, by the database server's clock. */
  at: string
}

/** What is to be written; the server adds the time. */
export type WantedFloor = Omit<DatabaseFloor, 'at'>

/** What Pawl remembers to have written, on the Installation. */
export interface RecordedFloor {
  floor: string
  run: string
  recoveryEpoch: number
  at: string
  /** Databases that have the row. */
  roles: string[]
  /** Databases that could not be given one, and why. */
  missing: Record<string, string>
}

/** One look: `null` where the database has no floor; absent where that is not known, with the reason. */
export interface SeenFloor {
  role: string
  floor?: DatabaseFloor | null
  why?: string
}

/** Below 0 where `a` is older; undefined where one of them is no version. */
export function compareFloors(a: string, b: string, scheme: VersionScheme): number | undefined {
  const [left, right] = [readVersion(a, scheme), readVersion(b, scheme)]
  return left === undefined || right === undefined ? undefined : compareVersions(left, right)
}

export interface FloorFault {
  role: string
  /**
   * `newer`: it belongs to a newer release than the one that runs. `restored`: it is not the database that Pawl knew. `unknown`: it
   * cannot be told.
   */
  is: 'newer' | 'restored' | 'unknown'
  text: string
}

export interface FloorFacts {
  seen: readonly SeenFloor[]
  recorded: RecordedFloor | undefined
  /** Version of the release that is installed: an upgrade points it at its target before it raises the floor. */
  running: string
  /** A recovery is under way: it replaces the databases, whoever put them there, and their floors come after them. */
  recovering?: boolean
  scheme: VersionScheme
}

/** Everything that is wrong with the floors that were seen; empty where all is as it should be. */
export function floorFaults(facts: FloorFacts): FloorFault[] {
  return facts.seen.flatMap((seen) => faultOf(seen, facts) ?? [])
}

function faultOf({ role, floor, why }: SeenFloor, facts: FloorFacts): FloorFault | undefined {
  const { recorded, running, recovering, scheme } = facts
  const known = recorded?.roles.includes(role) === true && recovering !== true ? recorded.floor : undefined
  const byHand = `but Pawl wrote ${known ?? ''} into it: this database was put here by hand`
  if (floor === undefined) return { role, is: 'unknown', text: `the floor of ${role} is not known: ${why ?? 'unread'}` }
  if (floor === null)
    return known === undefined ? undefined : { role, is: 'restored', text: `${role} has no floor, ${byHand}` }
  const toRunning = compareFloors(floor.floor, running, scheme)
  const toKnown = known === undefined ? 0 : compareFloors(floor.floor, known, scheme)
  if (toRunning === undefined || toKnown === undefined)
    return { role, is: 'unknown', text: `${role} has floor ${floor.floor}, which cannot be ordered with ${running}` }
  if (toRunning > 0)
    return { role, is: 'newer', text: `${role} belongs to ${floor.floor} or newer, and ${running} is installed` }
  return toKnown >= 0 ? undefined : { role, is: 'restored', text: `${role} has floor ${floor.floor}, ${byHand}` }
}
