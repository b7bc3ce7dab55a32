// Copies a set from store to store: data first, then the manifest, then the proofs, as it was written. Every byte is compared with
// the manifest on its way, so that a copy is a set or is none.
import { buffer } from 'node:stream/consumers'
import { isPawlError, PawlError } from '../../core/errors.ts'
import type { ObjectStore } from '../../ports/store.ts'
import { counted } from '../archive.ts'
import type { TaskContext } from '../deps.ts'
import { MANIFEST, placeOf, type StoredPart } from '../manifest.ts'
import { inParallel } from '../parallel.ts'
import { readSet, sizeProblems, wrongWith } from './inspect.ts'

const COPIES_AT_ONCE = 3

export interface Copy {
  from: ObjectStore
  to: ObjectStore
  set: string
}

/** Idempotent: goes on where it was stopped. Gives how many objects were not there yet. */
export async function copySet(copy: Copy, context: TaskContext): Promise<number> {
  const { from, set } = copy
  const { signal } = context
  const read = await readSet(from, set, signal)
  const [problem] = await sizeProblems(from, read, signal)
  if (problem !== undefined) throw damaged(set, problem)
  const { manifest, proofs } = read
  const bytesTotal = manifest.objects.reduce((sum, part) => sum + part.sizeBytes, 0)
  let [bytes, made] = [0, 0]
  const onBytes = (count: number): void => {
    bytes += count
    context.report({ phase: 'copy', bytes, bytesTotal })
  }
  await inParallel(manifest.objects, COPIES_AT_ONCE, signal, async (part, stop) => {
    if (await copyPart({ ...copy, set: placeOf(manifest) }, part, stop, onBytes)) made += 1
  })
  for (const name of [MANIFEST, ...proofs.map((proof) => proof.name)]) {
    if (await copyDocument(copy, name, signal)) made += 1
  }
  return made
}

function damaged(set: string, why: string): PawlError {
  return new PawlError({ code: 'backup-damaged', message: `${set}: ${why}.`, facts: { set } })
}

function conflict(to: ObjectStore, name: string): PawlError {
  return new PawlError({
    code: 'cluster-conflict',
    message: `${to.where} has another object under ${name}.`,
    unchanged: 'It was left as it is.',
    facts: { object: name },
  })
}

async function copyPart(
  { from, to, set }: Copy,
  part: StoredPart,
  signal: AbortSignal,
  onBytes: (count: number) => void,
): Promise<boolean> {
  const name = `${set}/${part.name}`
  if ((await to.head(name, signal)) !== undefined) {
    if ((await wrongWith(to, set, part, signal, onBytes)) !== undefined) throw conflict(to, name)
    return false
  }
  const source = counted(await from.get(name, signal), onBytes)
  await to.put(name, source.stream, signal)
  const { bytes, sha256 } = source.result()
  if (bytes === part.sizeBytes && sha256 === part.sha256) return true
  await to.remove(name)
  throw damaged(set, `${part.name} holds other bytes than were written (SHA-256)`)
}

async function copyDocument({ from, to, set }: Copy, document: string, signal: AbortSignal): Promise<boolean> {
  const name = `${set}/${document}`
  const bytes = await buffer(await from.get(name, signal))
  try {
    await to.put(name, bytes, signal)
    return true
  } catch (error) {
    if (!isPawlError(error, 'cluster-conflict')) throw error
    if (Buffer.compare(await buffer(await to.get(name, signal)), bytes) !== 0) throw conflict(to, name)
    return false
  }
}
