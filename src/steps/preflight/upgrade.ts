// Preflight of an upgrade: gathers facts in three stages and stops as soon as a gate refuses for good.
import { valueOf } from '../../core/plan/facts.ts'
import type { PlanFacts } from '../../core/plan/facts.ts'
import { answersFor, isFinal } from '../../core/plan/gates/index.ts'
import { gatherCheap } from './cheap.ts'
import type { Cheap } from './cheap.ts'
import { attempt } from './deps.ts'
import type { PreflightDeps, ValuesFile } from './deps.ts'
import { gatherObserved } from './observed.ts'
import { askForImages } from './pulls.ts'
import { gatherRendered } from './rendered.ts'

export interface UpgradeRequest {
  /** The release that was asked for, as it was typed. */
  to: string
  /** The proof's copy is to stay beside the live databases. */
  staging?: NonNullable<PlanFacts['staging']> | undefined
  /** The databases' rows are to be counted only. */
  sourceLoad?: 'low' | undefined
  /** Given with -f, in order. */
  valuesFiles: readonly ValuesFile[]
  signal?: AbortSignal | undefined
}

export interface Gathered {
  facts: PlanFacts
  /** What the run keeps: target and installed chart, values files in order. Complete only where no gate refused. */
  files: Record<string, Uint8Array>
}

/**
 * Reads first; renders only where nothing refused so far; looks at databases and store (which may make Jobs) only where
 * nothing refused yet. Throws `release-not-found`, `product-unknown`, `input-invalid`, `cluster-unreachable`.
 */
export async function gatherFacts(deps: PreflightDeps, request: UpgradeRequest): Promise<Gathered> {
  const { signal } = request
  const { release, namespace } = deps.installation
  const cheap = await gatherCheap(deps, request)
  const files = filesOf(cheap)
  const base = {
    release,
    namespace,
    profile: deps.profile,
    at: deps.clock.now().toISOString(),
    requested: request.to,
    ...(request.staging === undefined ? {} : { staging: request.staging }),
    ...(request.sourceLoad === undefined ? {} : { sourceLoad: request.sourceLoad }),
  }
  const first: PlanFacts = { ...base, cheap: cheap.facts }
  if (answersFor(first).some(isFinal)) return { facts: first, files }
  const second: PlanFacts = { ...first, rendered: await gatherRendered(deps, cheap, signal) }
  if (answersFor(second).some(isFinal)) return { facts: second, files }
  const targets = (valueOf(cheap.facts.databases) ?? []).map((database) => database.target)
  const groups = second.rendered?.known === true ? second.rendered.value.images : []
  const [observed, pulls] = await Promise.all([
    gatherObserved(deps, targets, cheap.sets, signal),
    attempt(async () => await askForImages(deps, groups, signal)),
  ])
  return { facts: { ...second, observed: { ...observed, pulls } }, files }
}

/** Under the names the steps read them by. */
export function filesOf({ targetArchive, installedArchive, files }: Cheap): Record<string, Uint8Array> {
  const values = files.map(({ content }, index) => [`values-${index}.yaml`, Buffer.from(content)] as const)
  return {
    ...(targetArchive === undefined ? {} : { 'chart.tgz': targetArchive.bytes }),
    ...(installedArchive === undefined ? {} : { 'from-chart.tgz': installedArchive.bytes }),
    ...Object.fromEntries(values),
  }
}
