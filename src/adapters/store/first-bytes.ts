// Small objects go in one request, big ones in parts: the beginning of a stream tells which it is.
import { Readable } from 'node:stream'

/** The whole body where it is not longer than the limit, else the body as a stream again. */
export async function smallOrStream(body: Readable, limitBytes: number): Promise<Uint8Array | Readable> {
  const source = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
  const first: Uint8Array[] = []
  let bytes = 0
  for (;;) {
    const { value, done } = await source.next()
    if (done === true) return Buffer.concat(first)
    first.push(value)
    bytes += value.length
    if (bytes > limitBytes) break
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    yield* first
    for (;;) {
      const { value, done } = await source.next()
      if (done === true) return
      yield value
    }
  }
  const stream = Readable.from(all(), { objectMode: false })
  // A reader that gives up must not leave the source open.
  stream.once('close', () => body.destroy())
  return stream
}
