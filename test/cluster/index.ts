// The test cluster for tests and demo: one call to have it, one to have images in it.
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { chooseHere } from './choose.ts'
import type { Choice } from './choose.ts'
import { takeDown } from './down.ts'
import { exists } from './files.ts'
import { buildAndPush } from './images.ts'
import type { ImageSpec } from './images.ts'
import { deleteKind, ensureKind, kindExists, loadIntoKind } from './kind.ts'
import { kubernetesDir, layoutOf, nodeAddress } from './layout.ts'
import type { Layout } from './layout.ts'
import { withLock } from './lock.ts'
import type { Tools } from './parts.ts'
import type { Report } from './report.ts'
import { bringUp, findHealthy } from './source.ts'
import { clientBuilds, clusterBuilds, ensureBuild, isBuilt, testBuilds } from './toolchain.ts'
import type { Build } from './toolchain.ts'

export type { ImageSpec } from './images.ts'
export { ClusterUnavailable } from './errors.ts'

export interface Cluster {
  kind: 'user' | 'kind' | 'source'
  kubeconfig: string
  /** `host:port` that images are pushed to and pulled by. */
  registry: string
  /** Full paths of the programs. */
  helm: string
  helm3: string
  kubectl: string
  /** Address of this machine that pods can reach. */
  nodeAddress: string
  /** Directory of helm, helm3, kubectl, crane and versitygw, for a PATH. */
  binDir: string
  cacheDir: string
}

/**
 * Makes a cluster be there: the user's own, else kind, else one from source; and, where `tools` is `all`, the programs that only
 * tests need. Throws `ClusterUnavailable` (exit code 69) where none can be had.
 */
export async function ensureCluster(
  report: Report = console.error,
  { tools = 'all' }: { tools?: Tools } = {},
): Promise<Cluster> {
  const cluster = await ensureRunning(tools, report)
  if (tools === 'all') await ensureTestTools(layoutOf(process.env), report)
  return cluster
}

async function ensureTestTools(layout: Layout, report: Report): Promise<void> {
  const built = await Promise.all(testBuilds(layout).map(isBuilt))
  if (built.every(Boolean)) return
  await withLock(layout.lock, waitReport(report), async () => await ensureBuilds(layout, testBuilds(layout), report))
}

async function ensureRunning(tools: Tools, report: Report): Promise<Cluster> {
  const layout = layoutOf(process.env)
  const choice = await chooseHere(layout)
  if (choice.kind === 'source') {
    const healthy = await findHealthy(layout)
    if (healthy !== undefined) return describe(layout, choice, healthy)
  }
  return withLock(layout.lock, waitReport(report), async () => {
    if (choice.kind === 'source') {
      return describe(layout, choice, (await findHealthy(layout)) ?? (await bringUp(layout, tools, report)))
    }
    await ensureClients(layout, report)
    return choice.kind === 'kind'
      ? describe(layout, choice, await ensureKind(layout, report))
      : describe(layout, choice, choice.registry)
  })
}

/** Whether `ensureCluster` would find one that somebody made before. */
export async function isClusterUp(): Promise<boolean> {
  const layout = layoutOf(process.env)
  const { kind } = await chooseHere(layout)
  if (kind === 'source') return (await findHealthy(layout)) !== undefined
  return kind === 'user' || (await kindExists())
}

/** Builds the images and makes the cluster able to pull them; what has not changed is skipped. */
export async function ensureImages(
  cluster: Cluster,
  specs: ImageSpec[],
  report: Report = console.error,
): Promise<void> {
  const layout = layoutOf(process.env)
  await withLock(`${layout.lock}.images`, waitReport(report), async () => {
    if (cluster.kind === 'kind') await loadIntoKind(layout, cluster.registry, specs, report)
    else await buildAndPush(layout, cluster.registry, specs, report)
  })
}

/** Takes the cluster away. The user's own is left alone, and what is in the cache stays. */
export async function removeCluster(report: Report = console.error): Promise<void> {
  const layout = layoutOf(process.env)
  await withLock(layout.lock, waitReport(report), async () => {
    if (await exists(layout.state)) {
      report('taking down the cluster from source (usually 5 s)')
      await takeDown(layout)
    }
    if (await kindExists()) {
      report('deleting the kind cluster')
      await deleteKind()
    }
  })
}

function waitReport(report: Report): (holder: number) => void {
  return (holder) => report(`waiting for process ${holder}, which is changing the cluster`)
}

async function ensureClients(layout: Layout, report: Report): Promise<void> {
  const kubernetes = clusterBuilds(layout).filter((build) => build.directory === kubernetesDir(layout))
  await ensureBuilds(layout, [...clientBuilds(layout), ...kubernetes], report)
}

async function ensureBuilds(layout: Layout, builds: readonly Build[], report: Report): Promise<void> {
  for (const build of builds) {
    if (!(await isBuilt(build))) report(`${build.title} (usually ${build.usually})`)
    await ensureBuild(layout, build)
  }
}

function describe(layout: Layout, choice: Exclude<Choice, { kind: 'none' }>, registry: string): Cluster {
  return {
    kind: choice.kind,
    kubeconfig: choice.kind === 'user' ? choice.kubeconfig : layout.kubeconfig,
    registry,
    helm: join(layout.bin, 'helm'),
    helm3: join(layout.bin, 'helm3'),
    kubectl: join(layout.bin, 'kubectl'),
    nodeAddress: choice.kind === 'source' ? nodeAddress : ownAddress(),
    binDir: layout.bin,
    cacheDir: layout.cache,
  }
}

function ownAddress(): string {
  if (process.env['PAWL_TEST_NODE_ADDRESS']) return process.env['PAWL_TEST_NODE_ADDRESS']
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  return addresses.find((address) => address.family === 'IPv4' && !address.internal)?.address ?? '127.0.0.1'
}
