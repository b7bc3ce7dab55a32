// Time, randomness and identity as inputs, so that everything else can be tested without them.

export interface Clock {
  now(): Date
  /** Rejects with the signal's reason when it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export interface Ids {
  /** A short lower-case id that sorts by time, for example `20261123-171500-k3f9`. */
  next(at: Date): string
}

export interface Who {
  /** Who acts, for the journal: `user@host`. */
  name: string
  /** This process, unique: `host/pid/random`. */
  process: string
}
