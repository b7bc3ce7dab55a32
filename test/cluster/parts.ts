// What is made once before a cluster can start: Debian packages, the base image and the programs from source. In lanes, because each of
// them now waits for a network and now for a processor.
import { ensureBase } from './base.ts'
import { kubernetesDir } from './layout.ts'
import type { Layout } from './layout.ts'
import { withLock } from './lock.ts'
import { installPackages, missingPackages } from './packages.ts'
import type { Phases, Report } from './report.ts'
import { clientBuilds, clusterBuilds, ensureBuild, isBuilt, testBuilds } from './toolchain.ts'
import type { Build } from './toolchain.ts'

/** What only tests need is among them or not. */
export type Tools = 'all' | 'few'

/** Phases that `ensureParts` goes through. */
export function countParts(layout: Layout, tools: Tools): number {
  return 2 + buildsFor(layout, tools).length
}

function buildsFor(layout: Layout, tools: Tools): Build[] {
  return [...clusterBuilds(layout), ...clientBuilds(layout), ...(tools === 'all' ? testBuilds(layout) : [])]
}

/** Makes all of them be there. The caller holds the lock of the cluster. Where one fails, the others are finished before it throws. */
export async function ensureParts(layout: Layout, tools: Tools, phases: Phases, report: Report): Promise<void> {
  const missing = await missingPackages()
  const packages = ensurePackages(missing, phases)
  // Go asks its proxy over TLS.
  if (missing.includes('ca-certificates')) await packages
  // Kubernetes takes as long as all the others together.
  const isLargest = ({ directory }: Build): boolean => directory === kubernetesDir(layout)
  const builds = buildsFor(layout, tools)
  const lanes = await Promise.allSettled([
    packages.then(async () => await ensureBaseImage(layout, phases, report)),
    ensureInTurn(layout, builds.filter(isLargest), phases),
    ensureInTurn(
      layout,
      builds.filter((build) => !isLargest(build)),
      phases,
    ),
  ])
  for (const lane of lanes) if (lane.status === 'rejected') throw lane.reason
}

async function ensurePackages(missing: readonly string[], phases: Phases): Promise<void> {
  if (missing.length === 0) phases.skip('Debian packages: all there')
  else
    await phases.phase(`installing Debian packages: ${missing.join(' ')}`, '1 min, once', () =>
      installPackages(missing),
    )
}

async function ensureBaseImage(layout: Layout, phases: Phases, report: Report): Promise<void> {
  await phases.phase('base image of the local builds', '1 min, once', () =>
    withLock(
      `${layout.lock}.images`,
      (holder) => report(`waiting for process ${holder}, which is making images`),
      async () => await ensureBase(layout, '15', () => undefined),
    ),
  )
}

async function ensureInTurn(layout: Layout, builds: readonly Build[], phases: Phases): Promise<void> {
  for (const build of builds) {
    if (await isBuilt(build)) {
      phases.skip(`${build.title.replace('building ', '')}: in the cache`)
      await ensureBuild(layout, build)
    } else await phases.phase(build.title, build.usually, () => ensureBuild(layout, build))
  }
}
