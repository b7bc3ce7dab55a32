// Numbers that look random and are the same for the same seed, so that a failure can be had again.

export interface Random {
  /** A whole number from 0 up to, not including, the limit. */
  below: (limit: number) => number
  pick: <T>(items: readonly T[]) => T
}

/** Mulberry32: 32 bits of state are plenty for choosing what to damage. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  function below(limit: number): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
  }
  return {
    below,
    pick(items) {
      const item = items[below(items.length)]
      if (item === undefined) throw new Error('nothing to pick from')
      return item
    },
  }
}
