// A value that must never be printed: every way of turning it into text gives "[redacted]"; only reveal() gives it.
const REDACTED = '[redacted]'
const inspect = Symbol.for('nodejs.util.inspect.custom')

export class Secret {
  readonly #value: string
  constructor(value: string) {
    this.#value = value
  }
  /** The value itself, for the one place that must hand it to a program or a protocol. */
  reveal(): string {
    return this.#value
  }
  toString(): string {
    return REDACTED
  }
  toJSON(): string {
    return REDACTED
  }
  [inspect](): string {
    return REDACTED
  }
}

export function secret(value: string): Secret {
  return new Secret(value)
}
