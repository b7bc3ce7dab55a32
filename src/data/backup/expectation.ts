// How much a backup will have stored when all is stored: known of what is there, and of the rest by what became of the like so far.
import type { Outgoing } from './shipping.ts'

export interface Expectation {
  add: (outgoing: Outgoing) => void
  /** So many bytes came of it, before encryption: fewer where it was compressed on the way, a few more of a pack. */
  stored: (outgoing: Pick<Outgoing, 'sizeBytes' | 'content'>, bytes: number) => void
  /** Undefined while nothing is known of what compression leaves. */
  bytes: () => number | undefined
}

export function expectation(): Expectation {
  const waiting = { plain: 0, asItIs: 0 }
  const seen = { plain: 0, packed: 0 }
  let known = 0
  const kindOf = (content: Outgoing['content']): keyof typeof waiting => ('gzip' in content ? 'plain' : 'asItIs')
  return {
    add({ sizeBytes, content }: Outgoing): void {
      waiting[kindOf(content)] += sizeBytes
    },
    stored({ sizeBytes, content }: Pick<Outgoing, 'sizeBytes' | 'content'>, bytes: number): void {
      waiting[kindOf(content)] -= sizeBytes
      known += bytes
      if (kindOf(content) === 'asItIs') return
      seen.plain += sizeBytes
      seen.packed += bytes
    },
    bytes() {
      if (waiting.plain === 0) return known + waiting.asItIs
      if (seen.plain === 0) return undefined
      return known + waiting.asItIs + Math.round((waiting.plain * seen.packed) / seen.plain)
    },
  }
}
