// Images out of a set, as an OCI image layout: a directory that every tool reads.
import { buffer } from 'node:stream/consumers'
import type { ResultOf, TaskOf } from '../../core/data/tasks.ts'
import { isPawlError, PawlError } from '../../core/errors.ts'
import { LAYOUT_INDEX } from '../../core/images/oci.ts'
import { fetchPart } from '../archive.ts'
import type { DataDeps, TaskContext } from '../deps.ts'
import { inParallel } from '../parallel.ts'
import { openSet } from '../stored-set.ts'
import { readSetImages } from './set-images.ts'

const READS_AT_ONCE = 3

/**
 * Idempotent: goes on where it was stopped; the index is written last. Throws `input-invalid` where the set holds no images,
 * `cluster-conflict` where another layout is there, `backup-damaged`, `key-wrong`.
 */
export async function runTakeImages(
  task: TaskOf<'take-images'>,
  deps: DataDeps,
  context: TaskContext,
): Promise<ResultOf<'take-images'>> {
  const { signal } = context
  const set = await openSet(task, deps, signal)
  const found = await readSetImages(set, signal)
  const to = await deps.openStore(task.to, 'to')
  const parts = [...found.files]
  const bytesTotal = parts.reduce((sum, [, part]) => sum + part.sizeBytes, 0)
  let [made, bytes] = [0, 0]
  const count = (more: number): void => {
    bytes += more
    context.report({ phase: 'images', bytes, bytesTotal })
  }
  await inParallel(parts, READS_AT_ONCE, signal, async ([path, part], stop) => {
    const there = await to.head(path, stop)
    if (there?.sizeBytes === part.plainBytes) return count(part.sizeBytes)
    if (there !== undefined) throw taken(to.where, path)
    await fetchPart(set.vault, part, set.identity, stop, async (plain) => await to.put(path, plain, stop), {
      onBytes: count,
    })
    made += 1
  })
  const index = Buffer.from(found.index)
  await to.put(LAYOUT_INDEX, index, signal).catch(async (error: unknown) => {
    if (!isPawlError(error, 'cluster-conflict')) throw error
    if (!index.equals(await buffer(await to.get(LAYOUT_INDEX, signal)))) throw taken(to.where, LAYOUT_INDEX)
  })
  const images = found.images.map(({ entry, ...image }) => ({ ...image, as: entry.name }))
  return { images, made, bytes: parts.reduce((sum, [, part]) => sum + part.plainBytes, 0) }
}

function taken(where: string, path: string): PawlError {
  return new PawlError({
    code: 'cluster-conflict',
    message: `${where} has another ${path} already.`,
    hint: 'Name a directory that is new, or that the images of this set were taken to before.',
    unchanged: 'What was there was not changed.',
  })
}
