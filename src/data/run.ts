// The one entrance to data work: a task in, its result out.
import { availableParallelism } from 'node:os'
import { jobsFor, type Effort } from '../core/data/effort.ts'
import type { DataResults, DataTask, ResultOf, TaskOf } from '../core/data/tasks.ts'
import { runBackup } from './backup/task.ts'
import { runCheckStore } from './check-store/task.ts'
import { runCompare } from './copies/compare.ts'
import { runDropCopies, runListCopies } from './copies/copies.ts'
import type { DataDeps, TaskContext, TaskOptions } from './deps.ts'
import { runFloor } from './floor/task.ts'
import { runCopySet } from './housekeeping/copy-set.ts'
import { runInspect } from './housekeeping/inspect.ts'
import { runNoteProof } from './housekeeping/note-proof.ts'
import { runPrune } from './housekeeping/prune.ts'
import { runReleaseFiles } from './housekeeping/release-files.ts'
import { runSurvey } from './housekeeping/survey.ts'
import { runPushImages } from './images/push.ts'
import { runTakeImages } from './images/take.ts'
import { runActivity, runObserve } from './observe/task.ts'
import { runProveBeside } from './prove/beside.ts'
import { runProve } from './prove/task.ts'
import { runRestore } from './restore/task.ts'
import { runSwap } from './swap/task.ts'
import { pacer, throttled } from './throttle.ts'

async function dispatch(task: DataTask, deps: DataDeps, context: TaskContext): Promise<DataResults[DataTask['kind']]> {
  const jobs = jobsFor(task as Effort, availableParallelism())
  switch (task.kind) {
    case 'observe':
      return await runObserve(task, deps, context)
    case 'activity':
      return await runActivity(task, deps, context)
    case 'backup':
      return await runBackup({ ...task, jobs }, deps, context)
    case 'prove':
      return await runProve({ ...task, jobs }, deps, context)
    case 'restore':
      return await runRestore({ ...task, jobs }, deps, context)
    case 'swap':
      return await runSwap(task, deps, context)
    case 'floor':
      return await runFloor(task, deps, context)
    case 'check-store':
      return await runCheckStore(task, deps, context)
    case 'prove-beside':
      return await runProveBeside({ ...task, jobs }, deps, context)
    case 'compare':
      return await runCompare({ ...task, jobs }, deps, context)
    case 'list-copies':
      return await runListCopies(task, deps, context)
    case 'drop-copies':
      return await runDropCopies(task, deps, context)
    case 'survey':
      return await runSurvey(task, deps, context)
    case 'release-files':
      return await runReleaseFiles(task, deps, context)
    case 'copy-set':
      return await runCopySet(task, deps, context)
    case 'inspect':
      return await runInspect(task, deps, context)
    case 'note-proof':
      return await runNoteProof(task, deps, context)
    case 'take-images':
      return await runTakeImages(task, deps, context)
    case 'push-images':
      return await runPushImages(task, deps, context)
    case 'prune':
      return await runPrune(task, deps, context)
  }
}

/** Every store that the task opens shares the one rate. */
function paced({ maxRate }: Effort, deps: DataDeps, signal: AbortSignal): DataDeps {
  if (maxRate === undefined) return deps
  const pace = pacer(maxRate, deps.clock, signal)
  return { ...deps, openStore: async (...which) => throttled(await deps.openStore(...which), pace) }
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
  return (await dispatch(task as DataTask, paced(task as Effort, deps, context.signal), context)) as ResultOf<K>
}
