// Whose is the newest Helm record, and may we write the next one?
import { PawlError, reportOf } from '../../core/errors.ts'
import type { Observation } from '../../core/run/decide.ts'
import type { ReleaseRecord } from '../../ports/helm.ts'
import { recordMark } from '../names.ts'
import { LOOK_AGAIN_MS, type StepContext } from '../step.ts'
import { helmAtWork, isPending } from './at-work.ts'

export async function newestRecord(context: StepContext): Promise<ReleaseRecord> {
  const [record] = await context.records.history(context.release, context.namespace, { limit: 1 }, context.signal)
  if (record === undefined) {
    throw new PawlError({
      code: 'release-not-found',
      message: `there is no Helm release ${context.release} in namespace ${context.namespace}`,
      facts: { release: context.release, namespace: context.namespace },
    })
  }
  return record
}

/**
 * Looks at the newest record for one Helm write of ours. Helm keeps our description only on a record that got `deployed`;
 * pending and failed ones are known by their labels (which a later write by hand inherits, hence not by labels alone).
 * @param before what the newest record is allowed to be while our own is not there yet
 */
export async function observeRecord(
  context: StepContext,
  record: ReleaseRecord,
  step: string,
  before: (record: ReleaseRecord) => boolean,
): Promise<Observation> {
  if (record.status === 'deployed' && record.description === recordMark(context.run, step)) {
    return { is: 'done', evidence: { revision: record.revision } }
  }
  const ofThisRun = record.labels[RUN_LABEL] === runLabel(context.run)
  if (isPending(record)) {
    if (!ofThisRun && !before(record)) return foreign(record)
    const why = await helmAtWork(context, record, context.signal)
    return why === undefined
      ? { is: 'todo' }
      : { is: 'waiting', on: `Helm, which is writing revision ${record.revision} (${why})`, forMs: LOOK_AGAIN_MS }
  }
  const failedOurs = record.status === 'failed' && ofThisRun
  const earlierOurs = record.description.startsWith(`pawl ${context.run} `)
  return failedOurs || earlierOurs || before(record) ? { is: 'todo' } : foreign(record)
}

export const RUN_LABEL = 'pawl.dev/run'

/** Label values end at 63 characters; the end of a run's name is what is unique. */
export function runLabel(run: string): string {
  return run.slice(-63)
}

/** Makes the way free for the next Helm write where a dead process left a pending record; the API's compare and swap guards it. */
export async function unlockStale(context: StepContext, record: ReleaseRecord): Promise<void> {
  if (!isPending(record) || (await helmAtWork(context, record, context.signal)) !== undefined) return
  await context.records.markFailed(
    record,
    `${recordMark(context.run, 'unlock')}: its process ended before Helm did`,
    context.signal,
  )
}

function foreign(record: ReleaseRecord): Observation {
  const error = new PawlError({
    code: 'unknown-state',
    message: `revision ${record.revision} (${record.status}, chart ${record.chart.version}) was made by somebody else while this run was under way`,
    facts: { revision: record.revision, status: record.status, chart: record.chart.version },
  })
  return { is: 'failed', error: reportOf(error) }
}
