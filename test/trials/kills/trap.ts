// Stops the world at one chosen place: what passes on its way to the database or the store is held there while something is done.

export interface Passing {
  way: 'sql' | 'store'
  /** The statement, or `PUT /bucket/name`. */
  text: string
  /** Not sent on yet, or done and the answer not given yet. */
  moment: 'before' | 'after'
  /** As the database sees the connection it came by. */
  clientPort?: number
}

export interface Spot {
  way: Passing['way']
  moment: Passing['moment']
  matching: RegExp
  /** From 1. */
  nth: number
}

export interface Trap {
  /** What is done at the spot, once. Rejects whoever waits where it fails. */
  set: (spot: Spot, act: (passing: Passing) => Promise<void>) => void
  clear: () => void
  /** Resolves when it may go on; at the spot after the act, with true. */
  pass: (passing: Passing) => Promise<boolean>
}

export function trap(): Trap {
  let armed: { spot: Spot; act: (passing: Passing) => Promise<void>; left: number } | undefined
  return {
    set(spot, act) {
      armed = { spot, act, left: spot.nth }
    },
    clear() {
      armed = undefined
    },
    async pass(passing) {
      if (armed === undefined) return false
      const { spot, act } = armed
      if (spot.way !== passing.way || spot.moment !== passing.moment || !spot.matching.test(passing.text)) return false
      armed.left -= 1
      if (armed.left > 0) return false
      armed = undefined
      await act(passing)
      return true
    },
  }
}
