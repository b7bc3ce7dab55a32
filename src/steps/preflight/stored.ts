// Asks the API server what it would store of the target, object by object, with dry-run writes made the way Helm makes them. Helm's own
// `--dry-run=server` sends no write at all: admission, immutable fields and fields of other managers pass it.
import { isPawlError, reportOf } from '../../core/errors.ts'
import type { JsonRecord } from '../../core/json.ts'
import { findObject, kindOf, objectName, objectTitle } from '../../core/rendered/objects.ts'
import { refusalFrom } from '../../core/rendered/refusal.ts'
import type { Refusal } from '../../core/rendered/refusal.ts'
import { asHelmApplies, kindsDefinedIn, mergePatch } from '../../core/rendered/stored.ts'
import type { Stored } from '../../core/rendered/stored.ts'
import type { Cluster, KubeObject, ObjectRef } from '../../ports/cluster.ts'

/** Requests at a time: a large chart has a hundred objects, and the API server other clients. */
const AT_ONCE = 8
const MANAGER = 'helm'

export interface DryRun {
  release: { name: string; namespace: string }
  applyMethod: 'ssa' | 'csa'
  /** Of the installed release. */
  before: readonly JsonRecord[]
  /** Of the target. */
  after: readonly JsonRecord[]
}

export interface DryRunResult {
  targets: Stored[]
  /** Live objects that only the installed release has. */
  leaving: JsonRecord[]
  refused: Refusal[]
  /** `Kind/name: why`. */
  unverified: string[]
}

/** Throws only what no command can do without: a cluster that answers. */
export async function dryRunTarget(cluster: Cluster, request: DryRun, signal?: AbortSignal): Promise<DryRunResult> {
  const { before, after } = request
  const result: DryRunResult = { targets: [], leaving: [], refused: [], unverified: [] }
  const defined = kindsDefinedIn(after)
  await eachOf(after, async (object) => {
    const title = objectTitle(object)
    if (defined.has(kindOf(object))) {
      result.unverified.push(`${title}: its kind comes with the target`)
      result.targets.push({ stored: object })
      return
    }
    const live = await cluster.get(refOf(object), signal)
    const outcome = await written(cluster, request, object, live, signal)
    if (outcome.refusal !== undefined) result.refused.push(outcome.refusal)
    if (outcome.unverified !== undefined) result.unverified.push(`${title}: ${outcome.unverified}`)
    result.targets.push({ stored: outcome.stored ?? object, ...(live === undefined ? {} : { live: { ...live } }) })
  })
  const gone = before.filter((object) => findObject(after, kindOf(object), objectName(object)) === undefined)
  await eachOf(gone, async (object) => {
    const live = await cluster.get(refOf(object), signal)
    if (live !== undefined) result.leaving.push({ ...live })
  })
  const inOrder = (a: string, b: string): number => (a < b ? -1 : 1)
  result.refused.sort((a, b) => inOrder(a.object, b.object))
  result.unverified.sort(inOrder)
  return result
}

interface Outcome {
  stored?: JsonRecord
  refusal?: Refusal
  unverified?: string
}

async function written(
  cluster: Cluster,
  request: DryRun,
  object: JsonRecord,
  live: KubeObject | undefined,
  signal?: AbortSignal,
): Promise<Outcome> {
  const title = objectTitle(object)
  const wanted = asHelmApplies(object, request.release) as KubeObject
  try {
    return { stored: await dryWrite(cluster, request, wanted, live, signal) }
  } catch (error) {
    if (!isPawlError(error) || error.code === 'internal') throw error
    // An admission webhook with side effects may refuse to be asked without consequences (admission/plugin/webhook/errors).
    if (error.message.includes('does not support dry run')) return { unverified: 'a webhook does not answer dry runs' }
    if (error.code === 'cluster-unreachable') {
      if (error.facts['connection'] !== undefined) throw error
      return { unverified: 'the API server gave no answer' }
    }
    const refusal = refusalFrom(title, reportOf(error))
    if (refusal.kind !== 'owned') return { refusal }
    // What would be there if the fields were Helm's: Pawl hands some of them over before it writes.
    const forced = cluster.apply(wanted, { manager: MANAGER, dryRun: true, force: true }, signal)
    return { refusal, stored: await forced.catch(() => object) }
  }
}

async function dryWrite(
  cluster: Cluster,
  { applyMethod, before }: DryRun,
  wanted: KubeObject,
  live: KubeObject | undefined,
  signal?: AbortSignal,
): Promise<KubeObject> {
  if (applyMethod === 'ssa') return await cluster.apply(wanted, { manager: MANAGER, dryRun: true }, signal)
  if (live === undefined) return await cluster.create(wanted, { manager: MANAGER, dryRun: true }, signal)
  const old = findObject(before, wanted.kind, wanted.metadata.name) ?? {}
  const body = mergePatch(old, { ...wanted })
  return await cluster.patch(refOf({ ...wanted }), { type: 'merge', body }, { manager: MANAGER, dryRun: true }, signal)
}

/** `Kind/name` of those that are there. */
export async function liveOnes(
  cluster: Cluster,
  objects: readonly JsonRecord[],
  signal?: AbortSignal,
): Promise<string[]> {
  const found: string[] = []
  await eachOf(objects, async (object) => {
    if ((await cluster.get(refOf(object), signal)) !== undefined) found.push(objectTitle(object))
  })
  return found.toSorted()
}

/** Where a chart names no namespace, Helm takes the release's, which is also the connection's own. */
function refOf(object: JsonRecord): ObjectRef {
  const { apiVersion, kind, metadata } = object as unknown as KubeObject
  const { name, namespace } = metadata
  return { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) }
}

async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values()
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}
