// Databases that have nothing but a floor, in memory: answers floor tasks as src/data/floor/task.ts does.
import type { FloorWrite, TaskOf } from '../../core/data/tasks.ts'
import { compareFloors, type DatabaseFloor, type SeenFloor } from '../../core/floor/floor.ts'

export interface MemoryFloors {
  rows: Map<string, DatabaseFloor>
  /** Roles of databases whose login may not write it. */
  closed: Set<string>
  tasks: TaskOf<'floor'>[]
  run(task: TaskOf<'floor'>): { databases: SeenFloor[] }
}

export function memoryFloors(): MemoryFloors {
  const rows = new Map<string, DatabaseFloor>()
  const closed = new Set<string>()
  const tasks: TaskOf<'floor'>[] = []

  function write(role: string, how: FloorWrite): void {
    if (how.how === 'remove') {
      rows.delete(role)
      return
    }
    const before = rows.get(role)
    const lower = before === undefined || (compareFloors(before.floor, how.floor.floor, 'calver') ?? 1) < 0
    if (how.how === 'set' || lower) rows.set(role, { ...how.floor, at: 'now' })
  }

  return {
    rows,
    closed,
    tasks,
    run(task) {
      tasks.push(task)
      const databases = task.databases.map(({ role }): SeenFloor => {
        if (task.write !== undefined && closed.has(role))
          return { role, floor: rows.get(role) ?? null, why: 'permission denied' }
        if (task.write !== undefined) write(role, task.write)
        return { role, floor: rows.get(role) ?? null }
      })
      return { databases }
    },
  }
}
