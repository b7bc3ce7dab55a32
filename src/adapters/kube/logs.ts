// Follows a container's log across lost connections: every complete line once, until the container has ended.
// Lines are asked for with their timestamps; after a gap the log is read again from the second of the last line and what was
// already delivered is left out. The kubelet gives whole seconds to `sinceTime`, its lines carry nanoseconds.

/** One line as `timestamps=true` gives it. */
interface StampedLine {
  stamp: string
  text: string
}

/** Keeps what was delivered, so that reading again neither loses nor doubles a line. */
export class LogCursor {
  /** Timestamp of the last delivered line, padded so that it compares as text. */
  #last = ''
  /** How many lines with exactly that timestamp were delivered. */
  #lastCount = 0
  /** True from a new connection on until its first line that was not delivered yet. */
  #catchingUp = false
  /** How many lines with the last timestamp the current connection has repeated. */
  #repeated = 0
  #tail = ''
  readonly #onLine: (line: string) => void

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
  }

  /** Where to read from; undefined: from the start. */
  get since(): string | undefined {
    return this.#last === '' ? undefined : `${this.#last.slice(0, 19)}Z`
  }

  /** To be called before each new connection. An unfinished line of the old one will come again. */
  begin(): void {
    this.#tail = ''
    this.#repeated = 0
    this.#catchingUp = this.#last !== ''
  }

  feed(text: string): void {
    const lines = (this.#tail + text).split('\n')
    this.#tail = lines.pop() ?? ''
    for (const line of lines) this.#take(splitStamp(line))
  }

  /** The log has ended: a last line without a line break is complete too. */
  end(): void {
    if (this.#tail !== '') this.#take(splitStamp(this.#tail))
    this.#tail = ''
  }

  #take({ stamp, text }: StampedLine): void {
    if (this.#catchingUp && this.#isRepeated(stamp)) return
    this.#catchingUp = false
    this.#lastCount = stamp === this.#last ? this.#lastCount + 1 : 1
    this.#last = stamp
    this.#onLine(text)
  }

  #isRepeated(stamp: string): boolean {
    if (stamp !== this.#last) return stamp < this.#last
    this.#repeated += 1
    return this.#repeated <= this.#lastCount
  }
}

/** "2026-11-23T17:15:00.123456789Z text": the fraction may be shorter or missing, and the offset need not be Z. */
function splitStamp(line: string): StampedLine {
  const space = line.indexOf(' ')
  const stamp = space < 0 ? line : line.slice(0, space)
  return { stamp: comparable(stamp), text: space < 0 ? '' : line.slice(space + 1).replace(/\r$/, '') }
}

function comparable(stamp: string): string {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(stamp)
  if (match === null) return stamp
  const [, seconds = '', fraction = '', zone = 'Z'] = match
  const utc = zone === 'Z' ? seconds : new Date(`${seconds}${zone}`).toISOString().slice(0, 19)
  return `${utc}.${fraction.padEnd(9, '0')}`
}
