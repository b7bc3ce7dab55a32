// Stage: the release points at the target with nothing running, so that the migrations can run alone.
import { PawlError, reportOf } from '../../core/errors.ts'
import { whatWasWritten } from '../../core/data/standing.ts'
import { recordOf } from '../../core/json.ts'
import type { Observation } from '../../core/run/decide.ts'
import { databasesOf } from '../../core/profile/databases.ts'
import { quiescedValues } from '../../core/profile/quiesced.ts'
import { objectsOf } from '../../core/rendered/objects.ts'
import { writingDeployments } from '../../core/rendered/writers.ts'
import type { ReleaseRecord } from '../../ports/helm.ts'
import { databasesOfRun, lookAtDatabases } from '../look.ts'
import { scopeOf } from '../preflight/record.ts'
import { writersInSpec, writersOf } from '../quiesce/index.ts'
import { fileOf, readFiles, valuesInOrder } from '../release/files.ts'
import { namesInManifest } from '../release/manifest.ts'
import { newestRecord, observeRecord } from '../release/record.ts'
import { writeRelease } from '../release/upgrade.ts'
import { runFilesSecret } from '../names.ts'
import { LOOK_AGAIN_MS, type Step, type StepContext } from '../step.ts'
import { readDeployments } from '../workloads/deployments.ts'
import { podsOf } from '../workloads/pods.ts'

export const stage: Step = {
  name: 'stage',
  async observe(context) {
    if (context.spec.kind !== 'upgrade') return { is: 'unknown', why: 'only an upgrade stages a release' }
    const { plan } = context.spec
    const record = await newestRecord(context)
    const seen = await observeRecord(context, record, 'stage', ({ revision }) => revision === plan.revision)
    if (seen.is !== 'done') return seen
    const awake = await awakeDeployments(context, record)
    if (awake.length > 0) {
      const message = `the profile's quiescedValues do not stop ${awake.join(', ')}: the new release would serve before its migrations ran`
      return { is: 'failed', error: reportOf(new PawlError({ code: 'writers-remain', message })) }
    }
    const late = await writtenSinceCommit(context)
    if (late !== undefined) return late
    return {
      is: 'done',
      evidence: { revision: record.revision, chart: record.chart.version, appVersion: record.chart.appVersion },
    }
  },
  async act(context) {
    const secret = runFilesSecret(context.run)
    const files = await readFiles(context.cluster, context.namespace, secret, context.signal)
    await writeRelease(context, {
      step: 'stage',
      chart: fileOf(files, secret, 'chart.tgz'),
      values: [...valuesInOrder(files, secret), JSON.stringify(quiescedValues(context.profile))],
    })
  },
}

/**
 * Between the last look before the point of no return and Helm's write somebody may have started writers again: they are
 * waited for, and what they wrote, which no backup has, stops the run before a migration touches it.
 */
async function writtenSinceCommit(context: StepContext): Promise<Observation | undefined> {
  const pods = await podsOf(context.cluster, context.namespace, await writersOf(context), context.signal)
  if (pods.length > 0)
    return { is: 'waiting', on: `${pods.length} pod(s) of the old release to end`, forMs: LOOK_AGAIN_MS }
  const then = recordOf(recordOf(context.state.steps.commit?.evidence)['standings'])
  const look = await lookAtDatabases(context, { databases: databasesOfRun(context) })
  const changed = look.databases.flatMap((database) => {
    const written = whatWasWritten(recordOf(then[database.role]), database)
    return written === undefined ? [] : [`${database.role}: ${written}`]
  })
  if (changed.length === 0) return undefined
  const message = `${changed.join('; ')}, after the last look before the point of no return: the backup does not have it`
  return { is: 'failed', error: reportOf(new PawlError({ code: 'writes-after-backup', message })) }
}

/** Deployments of the staged release that hold credentials and want pods all the same, also those that are new in it. */
async function awakeDeployments(context: StepContext, record: ReleaseRecord): Promise<string[]> {
  const objects = context.parseYaml(record.manifest)
  const names = namesInManifest(objects, 'Deployment')
  const writers = new Set([
    ...writersInSpec(context).map(({ deployment }) => deployment),
    ...writingDeployments(objectsOf(objects), databasesOf(context.profile, scopeOf(record))),
  ])
  const views = await readDeployments(context.cluster, context.namespace, names, context.signal)
  return views.filter((view) => view.replicas > 0 && writers.has(view.name)).map((view) => view.name)
}
