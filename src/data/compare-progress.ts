// How far a comparison is.
import type { DatabaseEvidence } from '../core/data/tasks.ts'
import type { TaskContext } from './deps.ts'

/** To be called with the rows that were compared since. Says at once that it begins: the first rows of a big table take a while. */
export function rowsCompared(context: TaskContext, { role, rows }: DatabaseEvidence): (more: number) => void {
  let done = 0
  const compared = (more: number): void => {
    done += more
    context.report({ phase: 'compare', role, rows: done, rowsTotal: Number(rows) })
  }
  compared(0)
  return compared
}
