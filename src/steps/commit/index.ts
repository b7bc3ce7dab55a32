// Commit: the point of no return. Its only effect is the journal entry; before it, everything that must hold is looked at once more.
import { isEnoughFor } from '../../core/backup/rung.ts'
import { PawlError, reportOf, type ErrorCode } from '../../core/errors.ts'
import type { BackupSetStatus } from '../../core/resources.ts'
import { listOf } from '../../core/json.ts'
import { standingOf, type Standing } from '../../core/data/standing.ts'
import type { Observation } from '../../core/run/decide.ts'
import { readSet, setName } from '../backup/index.ts'
import { databasesOfRun, lookAtDatabases, observationOf } from '../look.ts'
import { runFilesSecret } from '../names.ts'
import { writersOf } from '../quiesce/index.ts'
import { readFiles } from '../release/files.ts'
import { newestRecord } from '../release/record.ts'
import type { Step, StepContext } from '../step.ts'
import { whatChanged } from './changed.ts'
import { podsOf } from '../workloads/pods.ts'

export const commit: Step = {
  name: 'commit',
  async observe(context) {
    if (context.spec.kind !== 'upgrade') return { is: 'unknown', why: 'only an upgrade has a point of no return' }
    const { plan } = context.spec
    const set = await readSet(context.cluster, context.namespace, setName(context), context.signal)
    if (set?.status === undefined || !isEnoughFor(context.spec, set.status.rung)) {
      return refuse('backup-not-found', `backup set ${setName(context)} is not proven`)
    }
    const unproven = databasesOfRun(context).filter(
      (database) => !set.status?.databases.some(({ role }) => role === database.target.role),
    )
    if (unproven.length > 0)
      return refuse('backup-not-found', `no backup of ${unproven.map((database) => database.target.role).join(', ')}`)
    const record = await newestRecord(context)
    if (record.revision !== plan.revision) {
      return refuse('plan-changed', `Helm revision ${record.revision} was made since the plan (${plan.revision})`)
    }
    const pair = [runFilesSecret(context.run), set.status.releaseFiles ?? '']
    for (const name of pair) {
      if ((await readFiles(context.cluster, context.namespace, name, context.signal)) === undefined) {
        return refuse('unknown-state', `Secret ${name}, half of the recovery pair, is gone`)
      }
    }
    const writers = await writersOf(context)
    const running = writers.filter((view) => view.replicas > 0).map((view) => view.name)
    const pods = (await podsOf(context.cluster, context.namespace, writers, context.signal)).map(
      (pod) => pod.metadata.name,
    )
    if (running.length + pods.length > 0)
      return refuse('writers-remain', `somebody started writers again: ${[...running, ...pods].join(', ')}`)
    return await stillTheSame(context, set.status)
  },
  act() {
    // The loop records `done`; there is nothing else to do, and nothing that could be done half.
    return Promise.resolve()
  },
}

async function stillTheSame(context: StepContext, backup: BackupSetStatus): Promise<Observation> {
  const look = await lookAtDatabases(context, { databases: databasesOfRun(context) })
  const quiesced = listOf(context.state.steps.quiesce?.evidence?.['databases'])
  const standings: Record<string, Standing> = {}
  for (const evidence of backup.databases) {
    const now = observationOf(look.databases, evidence.role)
    const changed = whatChanged(now, evidence, quiesced)
    if (changed !== undefined) return refuse('writes-after-backup', `database ${evidence.role}: ${changed}`)
    standings[evidence.role] = standingOf(now)
  }
  return {
    is: 'done',
    evidence: { committedAt: context.clock.now().toISOString(), standings, set: setName(context) },
  }
}

function refuse(code: ErrorCode, message: string): Observation {
  return {
    is: 'failed',
    error: reportOf(
      new PawlError({ code, message, unchanged: 'No schema and no release was changed; the writers are stopped.' }),
    ),
  }
}
