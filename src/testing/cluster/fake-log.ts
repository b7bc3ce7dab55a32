// Container logs of the in-memory cluster.

export class FakeLog {
  readonly lines: string[] = []
  #ended = false
  readonly #waiting = new Set<() => void>()

  write(...lines: string[]): void {
    this.lines.push(...lines)
    this.#wake()
  }
  /** The container has ended: followers return after the last line. */
  end(): void {
    this.#ended = true
    this.#wake()
  }
  async follow(onLine: (line: string) => void, signal?: AbortSignal): Promise<void> {
    for (let next = 0; ;) {
      signal?.throwIfAborted()
      for (; next < this.lines.length; next += 1) onLine(this.lines[next] ?? '')
      if (this.#ended) return
      await this.#change(signal)
    }
  }
  #wake(): void {
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }
  async #change(signal?: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#waiting.add(resolve)
      signal?.addEventListener('abort', () => resolve(), { once: true })
    })
  }
}
