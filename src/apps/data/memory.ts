// Keeps the memory of a long stream small. Buffers lie outside the JavaScript heap, and the collector looks after them only when
// that heap fills up, which it hardly does here: hundreds of megabytes of what is long done with would be held.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const LOOK_EVERY_MS = 10
const GROWN_BYTES = 12 * 1024 * 1024
/** What may stay after the quick collection, which leaves alone whatever it has seen before. */
const STAYING_BYTES = 32 * 1024 * 1024

/** Collects whenever buffers and heap have grown by so much; gives what ends that. */
export function collectBuffers(): () => void {
  setFlagsFromString('--expose-gc')
  // Buffers count for the heap's limit: V8 would begin to mark over and over, in threads beside us, what is collected here anyway.
  setFlagsFromString('--no-incremental-marking')
  const collect = runInNewContext('gc') as (options: { type: 'minor' | 'major' }) => void
  /** Long texts are in the heap, and with incremental marking off nobody is in a hurry to take them away. */
  const held = (): number => {
    const { arrayBuffers, heapUsed } = process.memoryUsage()
    return arrayBuffers + heapUsed
  }
  const beginning = process.memoryUsage().heapUsed
  let kept = held()
  const timer = setInterval(() => {
    if (held() - kept < GROWN_BYTES) return
    collect({ type: 'minor' })
    if (held() - beginning > STAYING_BYTES) collect({ type: 'major' })
    kept = held()
  }, LOOK_EVERY_MS)
  timer.unref()
  return () => clearInterval(timer)
}
