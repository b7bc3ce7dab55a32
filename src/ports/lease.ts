// One owner at a time: a lease with a fencing number. A holder that cannot renew knows before anybody else may take over.

export interface Lease {
  /** Larger than the number of every earlier acquisition of this name, also by the same holder. */
  readonly fence: number
  /** Aborts, with `fence-lost` as reason, when the lease was not renewed within two thirds of its duration or somebody else holds it. */
  readonly lost: AbortSignal
  /** Renews now, outside the background renewing. Throws `fence-lost` where the lease is no longer ours. */
  renew(): Promise<void>
  /** Makes the name free at once and stops renewing. Idempotent; leaves the lease alone where somebody else holds it by now. */
  release(): Promise<void>
}

export interface AcquireOptions {
  durationMs: number
  /** A fence some journal has seen already: the new one is larger even if somebody deleted the lease's object. */
  above?: number
  signal?: AbortSignal
}

export interface Leases {
  /**
   * Takes the lease, or throws `run-busy` (facts: `holder`, `since`) where its holder is alive. A holder counts as dead only
   * when its renew time stood still for the whole duration by our own monotonic clock, so that this may take as long as that.
   * The same holder name takes its own lease again at once, with a new fence; its older handle is then lost.
   */
  acquire(name: string, holder: string, options: AcquireOptions): Promise<Lease>
}
