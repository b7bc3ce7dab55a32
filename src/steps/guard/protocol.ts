// What a run asks of the guard at each of its steps. A release without a guard is left alone by all of them.
import { floorsOf, raised, readImage } from '../../core/guard/floors.ts'
import { stateOf, without, type ReleaseGuard } from '../../core/guard/guard.ts'
import { imagesOf, objectsOf, objectTitle } from '../../core/rendered/objects.ts'
import { writingDeployments } from '../../core/rendered/writers.ts'
import type { Rendered, ReleaseRecord } from '../../ports/helm.ts'
import { databasesOfRun } from '../look.ts'
import type { StepContext } from '../step.ts'
import type { DeploymentView } from '../workloads/deployments.ts'
import { changeGuardOfRun, readGuard } from './guard.ts'
import { proveGuard } from './prove.ts'
import { stampOf } from './stamp.ts'

/** True where the guard is this run's business and does not yet keep the writers stopped. */
export async function letsWritersStart(context: StepContext): Promise<boolean> {
  const guard = await readGuard(context, context.signal)
  return guard !== undefined && guard.quiesced?.run !== context.run
}

/** True where the guard still keeps the writers stopped for this run. */
export async function keepsStopped(context: StepContext): Promise<boolean> {
  return (await readGuard(context, context.signal))?.quiesced?.run === context.run
}

/** From here on nothing that writes may start, whoever asks. A guard that does not hold is found out before anything is stopped. */
export async function keepWritersStopped(context: StepContext, writers: readonly DeploymentView[]): Promise<void> {
  const guard = await readGuard(context, context.signal)
  if (guard === undefined) return
  await proveGuard(context, guard, undefined, context.signal)
  const { now } = await stampOf(context.cluster, context.namespace, context.signal)
  const used = new Set(writers.flatMap(({ images }) => images).map((image) => readImage(image).repository))
  // Only the product's own images: a helper beside them runs in other pods as well.
  const repositories = guard.floors.map(({ repository }) => repository).filter((name) => used.has(name))
  await changeGuardOfRun(context, (found) => ({
    ...(stateOf(found, now).is === 'open' ? found : without(found, 'opening')),
    quiesced: { run: context.run, writers: writers.map(({ name }) => name), repositories, mayStart: [], mayRun: [] },
  }))
}

/** What the run itself starts while everything is stopped: `Kind/name`. */
export async function mayStart(context: StepContext, names: readonly string[]): Promise<void> {
  await changeGuardOfRun(context, (guard) =>
    guard.quiesced === undefined ? guard : { ...guard, quiesced: { ...guard.quiesced, mayStart: [...names] } },
  )
}

/** Hooks of the release that is staged, and what of it runs although it writes nothing. */
export function startedByStaging(context: StepContext, guard: ReleaseGuard, rendered: Rendered): string[] {
  const own = [rendered.manifest, rendered.hooks].flatMap((text) => objectsOf(context.parseYaml(text)))
  const fresh = writingDeployments(own, databasesOfRun(context))
  const writers = new Set([...(guard.quiesced?.writers ?? []), ...fresh].map((name) => `Deployment/${name}`))
  const kinds = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'Pod'])
  return [...new Set(own.filter(({ kind }) => kinds.has(String(kind))).map(objectTitle))].filter(
    (title) => !writers.has(title),
  )
}

/** The first migration comes after this: from here on the images of the release that is staged are the oldest that may run. */
export async function raiseFloors(context: StepContext, staged: ReleaseRecord): Promise<void> {
  const floors = floorsOf(objectsOf(context.parseYaml(staged.manifest)), staged.chart.appVersion)
  await changeGuardOfRun(context, (guard) => ({ ...guard, floors: raised(guard.floors, floors) }))
}

/** Writers may start again, above the floors. */
export async function letWritersStart(context: StepContext): Promise<void> {
  await changeGuardOfRun(context, (guard) => without(guard, 'quiesced'))
}

/**
 * The epoch rises once per recovery. The databases are those of the older release, so its images may run again, and no others of the product. Writers
 * are kept stopped but for these: until Helm has put the older release back, the newer one would start on a schema not its own.
 */
export async function lowerFloors(context: StepContext, manifest: string, appVersion: string): Promise<void> {
  const objects = objectsOf(context.parseYaml(manifest))
  const floors = floorsOf(objects, appVersion)
  const mayRun = [...new Set(objects.flatMap(imagesOf))]
  await changeGuardOfRun(context, (guard) => {
    const { quiesced } = guard
    const narrowed = quiesced === undefined ? guard : { ...guard, quiesced: { ...quiesced, mayRun } }
    // Whoever put the guard in anew meanwhile took its floors from Helm's newest record, which is still the newer release's.
    if (guard.recoveredBy === context.run) return { ...narrowed, floors }
    return { ...narrowed, floors, recoveryEpoch: guard.recoveryEpoch + 1, recoveredBy: context.run }
  })
}
