// The one entrance to data work: a task in, its result out.
import type { DataResults, DataTask, ResultOf, TaskOf } from '../core/data/tasks.ts'
import { runBackup } from './backup/task.ts'
import { runCheckStore } from './check-store/task.ts'
import { runCompare } from './copies/compare.ts'
import { runDropCopies, runListCopies } from './copies/copies.ts'
import type { DataDeps, TaskContext, TaskOptions } from './deps.ts'
import { runFloor } from './floor/task.ts'
import { runInspect } from './housekeeping/inspect.ts'
import { runPrune } from './housekeeping/prune.ts'
import { runSurvey } from './housekeeping/survey.ts'
import { runObserve } from './observe/task.ts'
import { runProveBeside } from './prove/beside.ts'
import { runProve } from './prove/task.ts'
import { runRestore } from './restore/task.ts'
import { runSwap } from './swap/task.ts'

async function dispatch(task: DataTask, deps: DataDeps, context: TaskContext): Promise<DataResults[DataTask['kind']]> {
  switch (task.kind) {
    case 'observe':
      return await runObserve(task, deps, context)
    case 'backup':
      return await runBackup(task, deps, context)
    case 'prove':
      return await runProve(task, deps, context)
    case 'restore':
      return await runRestore(task, deps, context)
    case 'swap':
      return await runSwap(task, deps, context)
    case 'floor':
      return await runFloor(task, deps, context)
    case 'check-store':
      return await runCheckStore(task, deps, context)
    case 'prove-beside':
      return await runProveBeside(task, deps, context)
    case 'compare':
      return await runCompare(task, deps, context)
    case 'list-copies':
      return await runListCopies(task, deps, context)
    case 'drop-copies':
      return await runDropCopies(task, deps, context)
    case 'survey':
      return await runSurvey(task, deps, context)
    case 'inspect':
      return await runInspect(task, deps, context)
    case 'prune':
      return await runPrune(task, deps, context)
  }
}

/**
 * Does one task. Each may be run again with the same input after a crash: it goes on, begins anew or returns what is there, and
 * never does harm twice. Throws PawlError only (or the signal's reason).
 */
export async function runDataTask<K extends DataTask['kind']>(
  task: TaskOf<K>,
  deps: DataDeps,
  options: TaskOptions = {},
): Promise<ResultOf<K>> {
  const context: TaskContext = {
    report: (progress) => options.onProgress?.(progress),
    signal: options.signal ?? new AbortController().signal,
  }
  context.signal.throwIfAborted()
  // The compiler cannot see that the kind of the task decides the kind of the result.
  return (await dispatch(task as DataTask, deps, context)) as ResultOf<K>
}
