// Several pieces of work at once, where the first failure ends the others.

/**
 * Calls `work` for every item, at most `width` at a time, in order of start. On the first failure the signal given to the
 * others aborts; it rejects with that failure when all have ended.
 */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  signal: AbortSignal,
  work: (item: T, signal: AbortSignal, lane: number) => Promise<void>,
): Promise<void> {
  const failed = new AbortController()
  const both = AbortSignal.any([signal, failed.signal])
  let next = 0
  async function lane(number: number): Promise<void> {
    while (!both.aborted) {
      const at = next++
      if (at >= items.length) return
      try {
        await work(items[at] as T, both, number)
      } catch (error) {
        if (!failed.signal.aborted) failed.abort(error)
        return
      }
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, Math.min(width, items.length)) }, (_, number) => lane(number)))
  signal.throwIfAborted()
  if (failed.signal.aborted) throw failed.signal.reason
}

/** All of them at once; like `Promise.all`, but it waits for every one to end, after aborting them on the first failure. */
export async function together<T extends readonly unknown[]>(
  signal: AbortSignal,
  works: { [K in keyof T]: (signal: AbortSignal) => Promise<T[K]> },
): Promise<T> {
  const results: unknown[] = []
  await inParallel([...works.keys()], works.length, signal, async (index, inner) => {
    results[index] = await (works[index] as (signal: AbortSignal) => Promise<unknown>)(inner)
  })
  return results as unknown as T
}
