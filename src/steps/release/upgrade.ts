// One Helm write, with everything around it that Helm needs: files, ownership of replicas, the way free.
import type { ReleaseRecord } from '../../ports/helm.ts'
import { readGuard } from '../guard/guard.ts'
import { mayStart, startedByStaging } from '../guard/protocol.ts'
import { withTicket } from '../guard/ticket.ts'
import { handBackReplicas, readDeployments } from '../workloads/deployments.ts'
import { recordMark } from '../names.ts'
import type { StepContext } from '../step.ts'
import { namesInManifest } from './manifest.ts'
import { newestRecord, RUN_LABEL, runLabel, unlockStale } from './record.ts'

export interface HelmWrite {
  step: string
  chart: Uint8Array
  /** Values files in order, right-most wins. */
  values: string[]
}

/** Hooks may take long; the rest of Helm's work takes seconds. */
const HELM_TIMEOUT_MS = 300_000

export async function writeRelease(context: StepContext, write: HelmWrite): Promise<void> {
  const record = await newestRecord(context)
  await unlockStale(context, record)
  await handBackAll(context, record)
  const names = write.values.map((_, index) => `values-${index}.yaml`)
  const files: Record<string, Uint8Array | string> = { 'chart.tgz': write.chart }
  write.values.forEach((text, index) => (files[`values-${index}.yaml`] = text))
  await context.withFiles(files, async (paths) => {
    const { release, namespace } = context
    const chart = {
      release,
      namespace,
      chartPath: paths['chart.tgz'] ?? '',
      valuesPaths: names.map((name) => paths[name] ?? ''),
    }
    await announceStarts(context, chart)
    await withTicket(context, record.revision + 1, async (ticket) => {
      await context.stillOwner()
      await context.helm.upgrade(
        {
          ...chart,
          description: recordMark(context.run, write.step),
          labels: { [RUN_LABEL]: runLabel(context.run), ...ticket },
          timeoutMs: HELM_TIMEOUT_MS,
        },
        // A stop waits for Helm; only who lost the release must not go on writing it.
        context.lost,
      )
    })
  })
}

/** While the guard keeps writers stopped, Helm may still start what is no writer: hooks above all. */
async function announceStarts(
  context: StepContext,
  chart: Parameters<StepContext['helm']['render']>[0],
): Promise<void> {
  const guard = await readGuard(context, context.signal)
  if (guard?.quiesced === undefined) return
  await mayStart(context, startedByStaging(context, guard, await context.helm.render(chart, context.signal)))
}

/** Helm 4 applies on the server side and stops half-way at a field somebody else owns: give all of them back first. */
async function handBackAll(context: StepContext, record: ReleaseRecord): Promise<void> {
  const names = namesInManifest(context.parseYaml(record.manifest), 'Deployment')
  for (const view of await readDeployments(context.cluster, context.namespace, names, context.signal)) {
    await handBackReplicas(context.cluster, view, context.signal)
  }
}
