// Migrate: one migrator per database, one after the other, while nothing else runs. Done is what the database records, not an exit code.
import { PawlError, reportOf } from '../../core/errors.ts'
import type { Observation } from '../../core/run/decide.ts'
import type { PlannedDatabase } from '../../core/plan/plan.ts'
import type { DatabaseObservation } from '../../core/data/tasks.ts'
import { untilAdmitted } from '../guard/admitted.ts'
import { floorGone, raiseFloor } from '../floor/write.ts'
import { mayStart, raiseFloors } from '../guard/protocol.ts'
import { newestRecord } from '../release/record.ts'
import { databasesOfRun, lastMigration, lookAtDatabases, observationOf } from '../look.ts'
import { LOOK_AGAIN_MS, type Step, type StepContext } from '../step.ts'
import { handBackReplicas, readDeployments, scaleTo, type DeploymentView } from '../workloads/deployments.ts'
import { isReady, podsOf, whyNotReady } from '../workloads/pods.ts'
import { migratorJob, migratorName, migratorState } from './job.ts'

/** A service that migrates itself at start is given this long to record its last migration. */
const SELF_MIGRATION_TIMEOUT_MS = 300_000

export const migrate: Step = {
  name: 'migrate',
  async observe(context) {
    const databases = databasesOfRun(context)
    const attempt = (context.state.steps.migrate?.failures ?? 0) + 1
    for (const database of databases) {
      if (database.migrator.kind !== 'init-container') continue
      const state = await migratorState(context, database, attempt)
      if (state.is === 'running') return { is: 'todo' }
      if (state.is === 'failed') return failed(database, `its migrator failed. Its last lines:\n${state.lastLines}`)
    }
    return await judge(context, databases, attempt)
  },
  async act(context, attempt) {
    await raiseFloors(context, await newestRecord(context))
    await raiseFloor(context)
    for (const database of databasesOfRun(context)) {
      // One failed database is enough to stop for: the next one is not touched any more.
      if (database.migrator.kind === 'init-container') {
        if ((await runMigrator(context, database, attempt)) === 'failed') return
      } else await letMigrateItself(context, database, database.migrator.deployment)
    }
  },
}

/** What the databases record decides; a Job that ended well and left migrations out has failed (incident S3). */
async function judge(context: StepContext, databases: PlannedDatabase[], attempt: number): Promise<Observation> {
  const started = context.state.steps.migrate?.startedAt !== undefined
  if (!started) return { is: 'todo' }
  const look = await lookAtDatabases(context, { databases })
  const gone = await floorGone(context, look.databases)
  if (gone !== undefined) return { is: 'failed', error: reportOf(new PawlError({ code: 'floor-lost', message: gone })) }
  const evidence: Record<string, unknown>[] = []
  for (const database of databases) {
    const now = observationOf(look.databases, database.target.role)
    const verdict = await verdictOf(context, database, now, attempt)
    if (verdict !== 'migrated') return verdict
    evidence.push({
      role: database.target.role,
      from: database.lastMigration ?? '',
      to: lastMigration(now),
      applied: (now.migrations ?? []).length,
      expected: database.expectedMigration ?? 'the chart does not say',
      floor: now.floor?.floor ?? 'none',
    })
  }
  return { is: 'done', evidence: { databases: evidence } }
}

async function verdictOf(
  context: StepContext,
  database: PlannedDatabase,
  now: DatabaseObservation,
  attempt: number,
): Promise<Observation | 'migrated'> {
  const finished =
    database.migrator.kind === 'init-container'
      ? (await migratorState(context, database, attempt)).is === 'succeeded'
      : true
  if (database.expectedMigration !== undefined && database.expectedMigration !== '') {
    if (now.migrations?.includes(database.expectedMigration) === true) return 'migrated'
    if (!finished || database.migrator.kind === 'deployment') return { is: 'todo' }
    return failed(
      database,
      `its migrator ended well, yet the database records ${lastMigration(now) || 'nothing'} as last, expected ${database.expectedMigration}`,
    )
  }
  return finished ? 'migrated' : { is: 'todo' }
}

async function runMigrator(
  context: StepContext,
  database: PlannedDatabase,
  attempt: number,
): Promise<'succeeded' | 'failed'> {
  if (database.migrator.kind !== 'init-container') return 'succeeded'
  const role = database.target.role
  await earlierAttemptsEnded(context, database, attempt)
  if ((await migratorState(context, database, attempt)).is === 'absent') {
    const view = await stagedDeployment(context, database.migrator.deployment)
    const name = migratorName(context, role, attempt)
    await mayStart(context, [`Job/${name}`])
    const job = migratorJob(view.object, database.migrator.container, {
      name,
      namespace: context.namespace,
      release: context.release,
      run: context.run,
      role,
    })
    await untilAdmitted(context, async () => {
      await context.stillOwner()
      await context.cluster.create(job, {}, context.signal)
    })
  }
  const since = context.clock.now().getTime()
  for (;;) {
    const state = await migratorState(context, database, attempt)
    if (state.is === 'succeeded' || state.is === 'failed') return state.is
    if (state.is === 'absent')
      throw new PawlError({ code: 'unknown-state', message: `somebody deleted the migrator of ${role} while it ran` })
    const seconds = Math.round((context.clock.now().getTime() - since) / 1000)
    context.report({ phase: 'migrate', role, note: `running for ${seconds} s` })
    await context.clock.sleep(LOOK_AGAIN_MS, context.signal)
  }
}

/** A migrator that an earlier attempt started and nobody heard of again may still be at work: two at once would race. */
async function earlierAttemptsEnded(context: StepContext, database: PlannedDatabase, attempt: number): Promise<void> {
  for (let earlier = 1; earlier < attempt; earlier += 1) {
    while ((await migratorState(context, database, earlier)).is === 'running') {
      context.report({
        phase: 'migrate',
        role: database.target.role,
        note: `waiting for the migrator of attempt ${earlier}`,
      })
      await context.clock.sleep(LOOK_AGAIN_MS, context.signal)
    }
  }
}

/** One pod, no more: such a service takes no lock, and a second pod would race it (incident S5). */
async function letMigrateItself(context: StepContext, database: PlannedDatabase, deployment: string): Promise<void> {
  const view = await stagedDeployment(context, deployment)
  const role = database.target.role
  if (database.expectedMigration !== undefined && database.expectedMigration !== '') {
    const look = await lookAtDatabases(context, { databases: [database] })
    if (observationOf(look.databases, role).migrations?.includes(database.expectedMigration) === true) {
      await putBack(context, deployment)
      return
    }
  }
  await mayStart(context, [`Deployment/${deployment}`])
  await untilAdmitted(context, async () => await scaleTo(context.cluster, view, 1, 'pawl', context.signal))
  const until = context.clock.now().getTime() + SELF_MIGRATION_TIMEOUT_MS
  for (;;) {
    const pods = await podsOf(context.cluster, context.namespace, [view], context.signal)
    if (pods.some(isReady)) break
    const why = pods.map(whyNotReady).join('; ') || 'no pod yet'
    if (context.clock.now().getTime() > until) {
      throw new PawlError({
        code: 'migration-failed',
        message: `${deployment}, which migrates ${role} itself, does not get ready: ${why}`,
      })
    }
    context.report({ phase: 'migrate', role, note: why })
    await context.clock.sleep(LOOK_AGAIN_MS, context.signal)
  }
  await putBack(context, deployment)
}

async function putBack(context: StepContext, deployment: string): Promise<void> {
  await mayStart(context, [])
  await scaleTo(context.cluster, await stagedDeployment(context, deployment), 0, 'pawl', context.signal)
  await handBackReplicas(context.cluster, await stagedDeployment(context, deployment), context.signal)
}

async function stagedDeployment(context: StepContext, name: string): Promise<DeploymentView> {
  const [view] = await readDeployments(context.cluster, context.namespace, new Set([name]), context.signal)
  if (view === undefined)
    throw new PawlError({ code: 'unknown-state', message: `the staged release has no Deployment ${name}` })
  return view
}

function failed(database: PlannedDatabase, why: string): Observation {
  const { role } = database.target
  return {
    is: 'failed',
    error: reportOf(new PawlError({ code: 'migration-failed', message: `database ${role}: ${why}`, facts: { role } })),
  }
}
