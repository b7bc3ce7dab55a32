// The lab: a real cluster with every image and chart that the tests and the demo draw from.
import { createHash } from 'node:crypto'
import { cp, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { imageSpecs, packageCharts, prepareContext } from '../../examples/tally/build.ts'
import { namespaceBindings } from '../../src/core/guard/bindings.ts'
import { ensureCluster, ensureImages, type Cluster } from '../cluster/index.ts'
import { run, tryRun, type RunResult } from '../cluster/run.ts'

export interface Lab {
  cluster: Cluster
  /** Directory with every chart of Tally and an index. */
  charts: string
  /** What `pawl init --data-image` takes. */
  dataImage: string
}

export type Report = (line: string) => void

const root = new URL('../..', import.meta.url).pathname

/** Makes cluster, images and charts be there; what is there already is not made again. */
export async function openLab(report: Report = console.error, tools: 'all' | 'few' = 'all'): Promise<Lab> {
  const opened = process.env['PAWL_TEST_LAB']
  if (opened !== undefined) return JSON.parse(opened) as Lab
  // The data image holds what the sources say now.
  await run(process.execPath, [join(root, 'scripts/build.ts')], { cwd: root })
  const cluster = await ensureCluster(report, { tools })
  const context = await prepareContext(report)
  report(`images of the sample product and of the data Jobs (build context ${context.slice(root.length)})`)
  // The kubelet does not pull a name again that it has: what is in the image is part of its name.
  const parts = (await Promise.all(IN_IMAGE.map(async (part) => await filesIn(join(root, 'dist', part))))).flat()
  const inImage = [...parts, join(root, 'images/data/Containerfile')]
  const image = `pawl/data-${await digestOf(inImage)}`
  const data = {
    name: `${image}:15`,
    containerfile: join(root, 'images/data/Containerfile'),
    context: await dataContext(),
    buildArgs: { BASE: 'localhost/pawl-base:15' },
  }
  await ensureImages(
    cluster,
    [...imageSpecs().map((spec) => ({ ...spec, buildArgs: { ...spec.buildArgs }, alsoAs: [...spec.alsoAs] })), data],
    report,
  )
  const charts = join(root, '.cache', 'charts')
  await packageCharts(charts, cluster.helm)
  return { cluster, charts, dataImage: `${cluster.registry}/${image}:{major}` }
}

/** Of dist, what the data image holds. */
const IN_IMAGE = ['data', 'chunks', 'pawl.js']

/** Nothing but the programs: the whole tree as a context would be read through for each build. */
async function dataContext(): Promise<string> {
  const context = join(root, '.cache', 'data-context')
  await rm(context, { recursive: true, force: true })
  for (const part of IN_IMAGE) await cp(join(root, 'dist', part), join(context, 'dist', part), { recursive: true })
  return context
}

/** Programs below a path, or the path itself where it is one. */
async function filesIn(path: string): Promise<string[]> {
  if (path.endsWith('.js')) return [path]
  const names = await readdir(path, { recursive: true })
  return names
    .filter((name) => name.endsWith('.js'))
    .toSorted()
    .map((name) => join(path, name))
}

async function digestOf(paths: string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const path of paths) hash.update(await readFile(path))
  return hash.digest('hex').slice(0, 10)
}

/** Environment for programs that talk to the lab's cluster. */
export function labEnv(lab: Lab): Record<string, string> {
  return {
    ...(process.env as Record<string, string>),
    KUBECONFIG: lab.cluster.kubeconfig,
    PATH: `${lab.cluster.binDir}:${process.env['PATH'] ?? ''}`,
  }
}

export async function kubectl(lab: Lab, args: readonly string[], input?: string): Promise<string> {
  return await run(lab.cluster.kubectl, args, { env: labEnv(lab), ...(input === undefined ? {} : { input }) })
}

export async function tryKubectl(lab: Lab, args: readonly string[]): Promise<RunResult> {
  return await tryRun(lab.cluster.kubectl, args, { env: labEnv(lab) })
}

/** Parsed JSON of `kubectl get`. */
export async function getJson<T>(lab: Lab, args: readonly string[]): Promise<T> {
  return JSON.parse(await kubectl(lab, ['get', ...args, '-o', 'json'])) as T
}

export async function helm(lab: Lab, args: readonly string[], version: 'helm' | 'helm3' = 'helm'): Promise<string> {
  return await run(lab.cluster[version], args, { env: labEnv(lab) })
}

/** Takes away what a run that was killed left in a namespace, and what bound the guard's policies to it: that is collected only some time later. */
export async function clearNamespace(lab: Lab, namespace: string): Promise<void> {
  await kubectl(lab, ['delete', 'namespace', namespace, '--ignore-not-found', '--wait=true', '--timeout=180s'])
  const bindings = namespaceBindings({ name: namespace }).map(({ metadata }) => metadata.name)
  await kubectl(lab, ['delete', 'validatingadmissionpolicybindings', ...bindings, '--ignore-not-found'])
}
