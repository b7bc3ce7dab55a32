// Charts that an earlier run or set kept: what is installed can be backed up where its source is out of reach, as in a pod.
import { fold } from '../../core/run/fold.ts'
import type { ProductRelease } from '../../core/plan/plan.ts'
import type { ChartArchive, Charts } from '../../ports/charts.ts'
import type { Cluster } from '../../ports/cluster.ts'
import { readFiles } from '../release/files.ts'
import { releaseFilesSecret, runFilesSecret } from '../names.ts'
import { readBackupSets, readRuns } from './kept.ts'

export interface KeptDeps {
  cluster: Cluster
  namespace: string
  release: string
  /** SHA-256 in hex. */
  sha256(bytes: Uint8Array | string): string
}

/** Asks `source` only for what nobody kept. What was kept counts where it has the digest that was noted when it was. */
export function keptCharts(deps: KeptDeps, source: Charts): Charts {
  return {
    where: source.where,
    list: async (chart, signal) => await source.list(chart, signal),
    read: async (path) => await source.read(path),
    fetch: async (chart, version, signal) =>
      (await keptChart(deps, chart, version, signal)) ?? (await source.fetch(chart, version, signal)),
  }
}

interface Candidate {
  product: ProductRelease
  secret: string
  key: string
}

async function keptChart(
  deps: KeptDeps,
  name: string,
  version: string,
  signal?: AbortSignal,
): Promise<ChartArchive | undefined> {
  const { cluster, namespace } = deps
  const wanted = (await candidates(deps, signal)).filter(({ product }) => product.chartVersion === version)
  for (const { product, secret, key } of wanted) {
    const bytes = (await readFiles(cluster, namespace, secret, signal))?.[key]
    if (bytes === undefined || deps.sha256(bytes) !== product.chartDigest) continue
    return {
      entry: { name, version, appVersion: product.appVersion, annotations: {}, digest: product.chartDigest },
      bytes,
      digest: product.chartDigest,
    }
  }
  return undefined
}

/** One release has one chart: its sets hold what was installed, its finished upgrades what they brought. */
async function candidates({ cluster, namespace, release }: KeptDeps, signal?: AbortSignal): Promise<Candidate[]> {
  const sets = await readBackupSets(cluster, namespace, release, signal)
  const runs = await readRuns(cluster, namespace, release, signal)
  return [
    ...sets.map(({ name, status }) => ({
      product: status.product,
      secret: status.releaseFiles ?? releaseFilesSecret(name),
      key: 'chart.tgz',
    })),
    ...runs
      .toReversed()
      .flatMap(({ name, spec, events }) =>
        spec.kind === 'upgrade' && fold(events).ended?.outcome === 'done'
          ? [{ product: spec.plan.to, secret: runFilesSecret(name), key: 'chart.tgz' }]
          : [],
      ),
  ]
}
