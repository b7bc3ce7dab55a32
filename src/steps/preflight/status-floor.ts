// The floor as `pawl status` shows it: what was written, and, where somebody looked, what is wrong with what is there.
import { floorFaults, type RecordedFloor, type SeenFloor } from '../../core/floor/floor.ts'
import type { Known } from '../../core/plan/facts.ts'
import type { Run } from '../../core/run/run.ts'
import type { LookedAt, Status } from '../../core/status/status.ts'
import type { VersionScheme } from '../../core/versions/version.ts'
import { isUnfinished } from './kept.ts'

export interface FloorRequest {
  recorded: RecordedFloor | undefined
  /** Absent where nobody asked for a look. */
  looked: Known<LookedAt[]> | undefined
  runs: readonly Run[]
  running: string
  scheme: VersionScheme
}

export function floorStatus({ recorded, looked, runs, running, scheme }: FloorRequest): Pick<Status, 'floor'> {
  const written = recorded === undefined ? {} : { recorded }
  if (looked?.known !== true) return recorded === undefined ? {} : { floor: written }
  const recovering = runs.some((run) => run.spec.kind === 'recovery' && isUnfinished(run))
  const seen = looked.value.map(({ role, seen: of }) => seenFloor(role, of))
  const faults = floorFaults({ seen, recorded, running, recovering, scheme })
  return recorded === undefined && faults.length === 0 ? {} : { floor: { ...written, faults } }
}

function seenFloor(role: string, seen: LookedAt['seen']): SeenFloor {
  if (!seen.known) return { role, why: seen.why }
  const { floor } = seen.value
  return floor === undefined ? { role, why: 'it could not be read' } : { role, floor }
}
