// The second stage: what Helm would put into the cluster, and whether the archive of the installed chart is the one that was installed.
import { PawlError } from '../../core/errors.ts'
import type { JsonRecord } from '../../core/json.ts'
import type { DeploymentFacts, Known, RenderedFacts } from '../../core/plan/facts.ts'
import { valueOf } from '../../core/plan/facts.ts'
import { pullGroups } from '../../core/plan/pulls.ts'
import { changesBetween } from '../../core/rendered/diff.ts'
import { initContainersOf, kindOf, objectName, objectsOf } from '../../core/rendered/objects.ts'
import { hooksThatMayCollide } from '../../core/rendered/hooks.ts'
import { pinnedImages } from '../../core/rendered/pinned.ts'
import { quiescedValues } from '../../core/profile/quiesced.ts'
import { storageChanges } from '../../core/rendered/storage.ts'
import { storedChanges, volatileBetween } from '../../core/rendered/stored.ts'
import { startedWhileStaged } from '../../core/rendered/writers.ts'
import type { ChartArchive } from '../../ports/charts.ts'
import type { ReleaseRecord, Rendered } from '../../ports/helm.ts'
import type { Cheap } from './cheap.ts'
import { attempt, from } from './deps.ts'
import type { PreflightDeps } from './deps.ts'
import { readCapacity } from './capacity.ts'
import { hooksIn } from './live.ts'
import { dryRunTarget, liveOnes } from './stored.ts'
import { userValues } from './values.ts'

async function render(
  deps: PreflightDeps,
  chart: ChartArchive,
  values: readonly string[],
  signal?: AbortSignal,
): Promise<Rendered> {
  const { release, namespace } = deps.installation
  const names = values.map((_, index) => `values-${index}.yaml`)
  const files: Record<string, Uint8Array | string> = { 'chart.tgz': chart.bytes }
  for (const [index, text] of values.entries()) files[names[index] ?? ''] = text
  return await deps.withFiles(files, async (paths) => {
    const pathOf = (name: string): string => {
      const path = paths[name]
      if (path === undefined) throw new PawlError({ code: 'internal', message: `${name} was not written` })
      return path
    }
    return await deps.helm.render(
      { release, namespace, chartPath: pathOf('chart.tgz'), valuesPaths: names.map(pathOf) },
      signal,
    )
  })
}

export async function gatherRendered(
  deps: PreflightDeps,
  cheap: Cheap,
  signal?: AbortSignal,
): Promise<Known<RenderedFacts>> {
  return await attempt(async () => {
    const { targetArchive, installedArchive, files, records } = cheap
    const installed = records.installed
    if (targetArchive === undefined || installed === undefined) {
      throw new PawlError({
        code: 'unknown-state',
        message: 'without target and installed release there is nothing to render',
      })
    }
    const objects = (text: string): JsonRecord[] => objectsOf(deps.parseYaml(text))
    const contents = files.map(({ content }) => content)
    const quiesced = [...contents, JSON.stringify(quiescedValues(deps.profile))]
    const [target, again, staged, differences] = await Promise.all([
      render(deps, targetArchive, contents, signal),
      // Once more, to learn what the chart draws anew each time.
      render(deps, targetArchive, contents, signal),
      render(deps, targetArchive, quiesced, signal),
      attempt(async () => await pairDifferences(deps, installed, installedArchive, signal)),
    ])
    const [before, after, hooks] = [objects(installed.manifest), objects(target.manifest), objects(target.hooks)]
    const volatile = volatileBetween(after, objects(again.manifest))
    const { name, namespace, applyMethod } = installed
    const dry = await dryRunTarget(deps.cluster, { release: { name, namespace }, applyMethod, before, after }, signal)
    const givenBack = numbersGivenBack(cheap)
    return {
      changes: storedChanges({
        ...dry,
        volatile,
        databases: [...(valueOf(cheap.facts.databases) ?? []), ...(valueOf(cheap.facts.databasesAfter) ?? [])],
        numberGivenBack: new Set(givenBack.map((deployment) => deployment.name)),
      }),
      refused: dry.refused,
      unverified: dry.unverified,
      volatile,
      pinned: pinnedImages({
        before,
        after: [...after, ...hooks],
        config: userValues(deps, files),
        from: installed.chart.appVersion,
        to: targetArchive.entry.appVersion,
        scheme: deps.profile.versionScheme,
      }),
      capacity: await attempt(
        async () => await readCapacity(deps.cluster, { namespace, before, after, givenBack }, signal),
      ),
      images: pullGroups([...hooks, ...after]),
      storage: storageChanges(before, after),
      startedWhileStaged: await from(cheap.facts.databasesAfter, (databases) =>
        startedWhileStaged(objects(staged.manifest), before, databases),
      ),
      initContainers: initContainers(after),
      hooks: hooksIn(hooks),
      hookLeftovers: await liveOnes(deps.cluster, hooksThatMayCollide(hooks), signal),
      pairDifferences: differences,
    }
  })
}

/** Neither chart nor values know these numbers of replicas: what ran before the upgrade runs after it. */
function numbersGivenBack({ facts }: Cheap): DeploymentFacts[] {
  const all = valueOf(facts.deployments) ?? []
  return all.filter(({ autoscaler, scaledBy }) => autoscaler !== undefined || scaledBy !== undefined)
}

function initContainers(objects: readonly JsonRecord[]): Record<string, string[]> {
  const deployments = objects.filter((object) => kindOf(object) === 'Deployment')
  return Object.fromEntries(deployments.map((object) => [objectName(object), initContainersOf(object)]))
}

/**
 * Renders the archive with the recorded values and compares with the recorded manifest. What is inside Secrets is left
 * out: charts draw passwords and certificates anew each time.
 */
async function pairDifferences(
  deps: PreflightDeps,
  installed: ReleaseRecord,
  archive: ChartArchive | undefined,
  signal?: AbortSignal,
): Promise<string[]> {
  if (archive === undefined)
    throw new PawlError({ code: 'unknown-state', message: 'the archive of the installed chart is not there' })
  const rendered = await render(deps, archive, [JSON.stringify(installed.config)], signal)
  const [recorded, again] = [installed.manifest, rendered.manifest].map((text) => objectsOf(deps.parseYaml(text)))
  return changesBetween(recorded ?? [], again ?? [])
    .filter(({ object, change }) => !(change === 'change' && object.startsWith('Secret/')))
    .map(({ object, change }) =>
      change === 'change' ? object : `${object} (${change === 'add' ? 'not installed' : 'not in the archive'})`,
    )
}
