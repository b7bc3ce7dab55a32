// Somebody who waits for a pod: how long each trouble may last, and what is said meanwhile.
import type { DataProgress } from '../../core/data/tasks.ts'
import type { Clock } from '../../ports/world.ts'
import type { Trouble } from './pod.ts'

/** Most pods start sooner, and nothing is said. */
const TELL_MS = 10_000

export class Waiting {
  readonly #clock: Clock
  readonly #onProgress: ((progress: DataProgress) => void) | undefined
  #seen: { reason: string; since: number } | undefined
  #toldAt: number

  constructor(clock: Clock, onProgress?: (progress: DataProgress) => void) {
    this.#clock = clock
    this.#onProgress = onProgress
    this.#toldAt = this.#now
  }

  /** True where this trouble has lasted for too long. One that goes away, or becomes another, is forgotten. */
  isOver(trouble: Trouble | undefined): trouble is Trouble {
    if (trouble === undefined) {
      this.#seen = undefined
      return false
    }
    if (this.#seen?.reason !== trouble.reason) this.#seen = { reason: trouble.reason, since: this.#now }
    return this.#now - this.#seen.since >= trouble.patienceMs
  }

  tell(what: () => string): void {
    if (this.#now - this.#toldAt < TELL_MS) return
    this.#toldAt = this.#now
    this.#onProgress?.({ phase: 'wait', note: what() })
  }

  get #now(): number {
    return this.#clock.now().getTime()
  }
}
