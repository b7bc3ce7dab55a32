// Verify: what runs is what was asked for, and the databases are the ones that belong to it. Looked at, not concluded.
import { PawlError, reportOf } from '../../core/errors.ts'
import type { Observation } from '../../core/run/decide.ts'
import { floorGone } from '../floor/write.ts'
import { databasesOfRun, lastMigration, lookAtDatabases, observationOf } from '../look.ts'
import { namesInManifest } from '../release/manifest.ts'
import { newestRecord } from '../release/record.ts'
import { readinessOf } from '../rollout/ready.ts'
import type { Step, StepContext } from '../step.ts'
import { notedRehearsal, noteRehearsal, rehearsalOf } from './rehearsal.ts'

export const verify: Step = {
  name: 'verify',
  async observe(context) {
    if (context.spec.kind === 'backup') return { is: 'unknown', why: 'a backup has nothing to verify here' }
    const { to } = context.spec.plan
    const record = await newestRecord(context)
    if (
      record.status !== 'deployed' ||
      record.chart.version !== to.chartVersion ||
      record.chart.appVersion !== to.appVersion
    ) {
      return wrong(
        `Helm's newest record is revision ${record.revision} (${record.status}): chart ${record.chart.version}, app ${record.chart.appVersion}; expected chart ${to.chartVersion}, app ${to.appVersion}`,
      )
    }
    const readiness = await readinessOf(context, namesInManifest(context.parseYaml(record.manifest), 'Deployment'))
    if (!readiness.ready) return wrong(`not every Deployment is ready: ${readiness.why.join('; ')}`)
    const seen = await databasesBelong(context, record.revision, readiness.deployments)
    if (seen.is !== 'done' || rehearsalOf(context) === undefined) return seen
    const rehearsal = notedRehearsal(context)
    return rehearsal === undefined ? { is: 'todo' } : { is: 'done', evidence: { ...seen.evidence, rehearsal } }
  },
  async act(context, attempt) {
    // Verifying is looking. What was seen of a recovery is noted on the set that it came from, before its end is recorded.
    const rehearsal = rehearsalOf(context)
    if (rehearsal !== undefined) await noteRehearsal(context, rehearsal, attempt)
  },
}

async function databasesBelong(context: StepContext, revision: number, deployments: unknown): Promise<Observation> {
  const look = await lookAtDatabases(context, { databases: databasesOfRun(context) })
  const gone = await floorGone(context, look.databases)
  if (gone !== undefined) return { is: 'failed', error: reportOf(new PawlError({ code: 'floor-lost', message: gone })) }
  const [seen, floors]: [Record<string, string>, Record<string, string>] = [{}, {}]
  for (const database of databasesOfRun(context)) {
    const { role } = database.target
    const now = observationOf(look.databases, role)
    const expected = expectedMigration(context, role)
    if (expected !== undefined && now.migrations?.includes(expected) !== true) {
      return wrong(`database ${role} records ${lastMigration(now) || 'no migration'} as last, expected ${expected}`)
    }
    seen[role] = lastMigration(now)
    floors[role] = now.floor?.floor ?? 'none'
  }
  return { is: 'done', evidence: { revision, deployments, migrations: seen, floors } }
}

/** After an upgrade what the target expects; after a recovery what the backup had. */
function expectedMigration(context: StepContext, role: string): string | undefined {
  const { spec } = context
  if (spec.kind === 'recovery') return nonEmpty(spec.plan.lastMigrations[role])
  if (spec.kind === 'upgrade')
    return nonEmpty(spec.plan.databases.find(({ target }) => target.role === role)?.expectedMigration)
  return undefined
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text
}

function wrong(message: string): Observation {
  return { is: 'failed', error: reportOf(new PawlError({ code: 'unknown-state', message })) }
}
