// Following a run from another terminal: its journal from the cluster, and what its current Job says of itself.
import { isRecord, listOf, recordOf, valueAt } from '../../core/json.ts'
import type { DataProgress } from '../../core/data/tasks.ts'
import { nextRow } from '../../core/run/decide.ts'
import { fold } from '../../core/run/fold.ts'
import { protocolOf } from '../../core/run/protocol.ts'
import type { RunState, StepName } from '../../core/run/run.ts'
import { readRun } from '../../engine/journal.ts'
import type { Reporter } from '../../ports/reporter.ts'
import { runId } from '../../steps/names.ts'
import { createReporter } from './render/reporter.ts'
import type { Session, Target } from './session.ts'

const POLL_MS = 1_000

/** Returns when the run has ended, is parked, or was stopped by its owner. */
export async function watchRun(session: Session, target: Target, name: string): Promise<RunState> {
  const { doors, terminal, global, stop } = session
  const reporter = createReporter({
    mode: global.output === 'json' ? 'json' : terminal.isTty ? 'tty' : 'plain',
    out: terminal,
    colour: terminal.colour,
    width: () => terminal.width(),
    now: () => doors.clock.now(),
  })
  const followed = new Set<string>()
  let seen = -1
  try {
    for (;;) {
      const { run } = await readRun(target.cluster, target.namespace, name)
      const state = fold(run.events)
      if (run.events.length !== seen) {
        // Every entry that is new, one by one, so that nothing is missing from a log.
        for (let count = Math.max(seen, 0) + 1; count <= run.events.length; count += 1) {
          const events = run.events.slice(0, count)
          reporter.state({ ...run, events }, fold(events))
        }
        seen = run.events.length
      }
      if (state.ended !== undefined || state.parked !== undefined || state.stoppedAt !== undefined || stop.aborted)
        return state
      const step = nextRow(protocolOf(run.spec.kind), state)?.step
      if (step !== undefined) await followJob(target, runId(run.name, target.release), step, followed, reporter, stop)
      await doors.clock.sleep(POLL_MS, stop).catch(() => undefined)
    }
  } finally {
    reporter.close()
  }
}

/** Starts following the log of the run's running Job, once per Job; ends by itself with the Job. */
async function followJob(
  target: Target,
  id: string,
  step: StepName,
  followed: Set<string>,
  reporter: Reporter,
  stop: AbortSignal,
): Promise<void> {
  const pods = await target.cluster.list({
    apiVersion: 'v1',
    kind: 'Pod',
    namespace: target.namespace,
    labelSelector: 'app.kubernetes.io/managed-by=pawl',
  })
  for (const pod of pods) {
    const job = pod.metadata.ownerReferences?.[0]?.name ?? ''
    if (
      !job.startsWith(`pawl-${id}-${step}`) ||
      valueAt(pod, 'status.phase') !== 'Running' ||
      followed.has(pod.metadata.name)
    )
      continue
    followed.add(pod.metadata.name)
    const container = String(recordOf(listOf(valueAt(pod, 'spec.containers'))[0])['name'])
    void target.cluster
      .followLog(
        { namespace: target.namespace, name: pod.metadata.name, container },
        (line) => progressOf(line, (progress) => reporter.progress(step, progress)),
        stop,
      )
      // A view that cannot follow one log any more still follows the journal.
      .catch(() => followed.delete(pod.metadata.name))
  }
}

function progressOf(line: string, tell: (progress: DataProgress) => void): void {
  if (!line.startsWith('{"t":"progress"')) return
  const parsed: unknown = JSON.parse(line)
  if (isRecord(parsed) && typeof parsed['phase'] === 'string') tell(parsed as unknown as DataProgress)
}
