// Says what is going on, how far it is, and how long it usually takes.

export type Report = (line: string) => void

const stillAfterMs = 30_000

/** Prints `[2/8] title (usually ...)`, a sign of life every half minute, and a line with the duration of each phase at the end. */
export class Phases {
  readonly #report: Report
  readonly #total: number
  readonly #durations: string[] = []
  #number = 0

  constructor(total: number, report: Report) {
    this.#total = total
    this.#report = report
  }

  async phase<T>(title: string, usually: string, work: () => Promise<T>): Promise<T> {
    this.#number += 1
    const label = `[${this.#number}/${this.#total}]`
    this.#report(`${label} ${title}${usually ? ` (usually ${usually})` : ''}`)
    const startedAt = performance.now()
    const sign = setInterval(() => {
      this.#report(`${label} still at it after ${humanDuration(performance.now() - startedAt)}`)
    }, stillAfterMs)
    try {
      return await work()
    } finally {
      clearInterval(sign)
      this.#durations.push(`${title.split(' ')[0] ?? title} ${humanDuration(performance.now() - startedAt)}`)
    }
  }

  /** A phase that found nothing to do. */
  skip(title: string): void {
    this.#number += 1
    this.#report(`[${this.#number}/${this.#total}] ${title}`)
  }

  summary(): string {
    return this.#durations.join(', ')
  }
}

export function humanDuration(ms: number): string {
  if (ms < 950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}
