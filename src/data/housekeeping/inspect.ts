// Reads one set without a database and without a key: its manifest, its proofs, and on request every stored byte (rung `archived`).
import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import { buffer } from 'node:stream/consumers'
import type { StoredProof } from '../../core/data/housekeeping.ts'
import type { ResultOf, TaskOf } from '../../core/data/tasks.ts'
import { isPawlError, PawlError } from '../../core/errors.ts'
import type { ObjectStore, StoredObject } from '../../ports/store.ts'
import type { DataDeps, TaskContext } from '../deps.ts'
import { MANIFEST, parseManifest, placeOf, sha256Of, type Manifest, type StoredPart } from '../manifest.ts'
import { inParallel } from '../parallel.ts'
import { isProof, readProofs, unlistedProofs } from './stored-proofs.ts'

const READS_AT_ONCE = 3
/** Of what is wrong, the first so many are named. */
const MOST_PROBLEMS = 50

export interface ReadSet {
  manifest: Manifest
  manifestSha256: string
  proofs: StoredProof[]
  /** By name inside the set. */
  there: Map<string, StoredObject>
}

/** Throws `backup-not-found` where the set has no manifest, `backup-damaged` where it is not what was written. */
export async function readSet(store: ObjectStore, set: string, signal: AbortSignal): Promise<ReadSet> {
  let bytes: Uint8Array
  try {
    bytes = await buffer(await store.get(`${set}/${MANIFEST}`, signal))
  } catch (error) {
    if (!isPawlError(error, 'backup-damaged')) throw error
    const message = `${store.where} has no finished backup set ${set}: its manifest is missing.`
    throw new PawlError({ code: 'backup-not-found', message, facts: { set }, cause: error })
  }
  const manifest = parseManifest(bytes, set)
  const manifestSha256 = sha256Of(bytes)
  const listed = await store.list(`${set}/`, signal)
  const there = new Map(listed.map((object) => [object.name.slice(set.length + 1), object]))
  for (const proof of await unlistedProofs(store, { set, names: there.keys() }, signal))
    there.set(proof.name.slice(set.length + 1), proof)
  const proofs = await readProofs(store, { set, manifestSha256, names: there.keys() }, signal)
  return { manifest, manifestSha256, proofs, there }
}

/** What of the sizes does not fit; a listing may lag, so that what it lacks is asked for by name. */
export async function sizeProblems(
  store: ObjectStore,
  { manifest, there }: ReadSet,
  signal: AbortSignal,
): Promise<string[]> {
  const problems: string[] = []
  for (const part of manifest.objects) {
    const name = `${placeOf(manifest)}/${part.name}`
    const found = there.get(name.slice(manifest.set.length + 1)) ?? (await store.head(name, signal))
    if (found === undefined) problems.push(`${part.name} is missing`)
    else if (found.sizeBytes !== part.sizeBytes)
      problems.push(`${part.name} has ${found.sizeBytes} bytes, expected ${part.sizeBytes}`)
  }
  return problems
}

/** What is wrong with the stored bytes of one object; `undefined` where nothing is. */
export async function wrongWith(
  store: ObjectStore,
  place: string,
  part: StoredPart,
  signal: AbortSignal,
  onBytes: (count: number) => void,
) {
  const hash = createHash('sha256')
  let bytes = 0
  try {
    for await (const chunk of (await store.get(`${place}/${part.name}`, signal)) as AsyncIterable<Uint8Array>) {
      signal.throwIfAborted()
      hash.update(chunk)
      bytes += chunk.length
      onBytes(chunk.length)
    }
  } catch (error) {
    if (isPawlError(error, 'backup-damaged')) return `${part.name} is missing`
    throw error
  }
  if (bytes !== part.sizeBytes) return `${part.name} has ${bytes} bytes, expected ${part.sizeBytes}`
  return hash.digest('hex') === part.sha256 ? undefined : `${part.name} holds other bytes than were written (SHA-256)`
}

export async function runInspect(
  task: TaskOf<'inspect'>,
  deps: DataDeps,
  context: TaskContext,
): Promise<ResultOf<'inspect'>> {
  const { signal } = context
  const store = await deps.openStore(task.store)
  const read = await readSet(store, task.set, signal)
  const { manifest, manifestSha256, proofs, there } = read
  const problems = await sizeProblems(store, read, signal)
  const bytesTotal = manifest.objects.reduce((sum, part) => sum + part.sizeBytes, 0)
  let checkedBytes = 0
  if (task.read === 'everything' && problems.length === 0) {
    await inParallel(manifest.objects, READS_AT_ONCE, signal, async (part, stop) => {
      const wrong = await wrongWith(store, placeOf(manifest), part, stop, (count) => {
        checkedBytes += count
        context.report({ phase: 'verify', bytes: checkedBytes, bytesTotal })
      })
      if (wrong !== undefined) problems.push(wrong)
    })
  }
  const inside = placeOf(manifest).slice(manifest.set.length + 1)
  const named = new Set([MANIFEST, ...manifest.objects.map((part) => posix.join(inside, part.name))])
  const { createdAt, finishedAt, recipients, about, snapshotSpreadMs, tool, databases, images } = manifest
  return {
    set: task.set,
    manifestSha256,
    createdAt,
    finishedAt,
    recipients,
    about,
    snapshotSpreadMs,
    tool,
    databases,
    ...(images === undefined ? {} : { images }),
    releaseFiles: manifest.objects.flatMap(({ name }) => /^release\/(.+)\.age$/.exec(name)?.[1] ?? []),
    objects: manifest.objects.length,
    storedBytes: bytesTotal,
    proofs,
    strangers: [...there.keys()].filter((name) => !named.has(name) && !isProof(name)),
    problems: problems.toSorted().slice(0, MOST_PROBLEMS),
    checkedBytes,
  }
}
