// A Lease of coordination.k8s.io with a fencing number (`leaseTransitions`), on any Cluster.
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { PawlError, isPawlError } from '../../core/errors.ts'
import type { Cluster, KubeObject } from '../../ports/cluster.ts'
import type { Lease, Leases } from '../../ports/lease.ts'
import type { Clock } from '../../ports/world.ts'

/** The exact duration; `leaseDurationSeconds` has whole seconds only. */
const DURATION = 'pawl.dev/duration-ms'
/** Names one acquisition, so that a lost answer can be told from somebody else's success. */
const ACQUISITION = 'pawl.dev/acquisition'
/** Short enough that a released lease is taken soon, long enough not to load the API server. */
const LONGEST_LOOK_MS = 1_000

export interface LeaseOptions {
  /** The connection's own where absent. */
  namespace?: string
  /** Milliseconds that only ever grow, whatever happens to the wall clock. */
  monotonicMs?: () => number
}

interface LeaseSpec {
  holderIdentity?: string | null
  leaseDurationSeconds?: number
  acquireTime?: string | null
  renewTime?: string | null
  leaseTransitions?: number
}

/** `clock` is for the times written into the object: they are for people, no decision hangs on them. */
export function clusterLeases(cluster: Cluster, clock: Clock, options: LeaseOptions = {}): Leases {
  const api = new LeaseApi(cluster, clock, options)
  return {
    acquire: async (name, holder, { durationMs, above = 0, signal }) => {
      const { taken, askedAt } = await take(api, { name, holder, durationMs, above }, signal)
      return new HeldLease(api, taken, holder, durationMs, askedAt)
    },
  }
}

class LeaseApi {
  readonly #cluster: Cluster
  readonly #clock: Clock
  readonly #namespace: string
  readonly now: () => number

  constructor(cluster: Cluster, clock: Clock, options: LeaseOptions) {
    this.#cluster = cluster
    this.#clock = clock
    this.#namespace = options.namespace ?? cluster.where.namespace
    this.now = options.monotonicMs ?? (() => performance.now())
  }
  async get(name: string, signal?: AbortSignal): Promise<KubeObject | undefined> {
    return await this.#cluster.get(
      { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', name, namespace: this.#namespace },
      signal,
    )
  }
  async create(
    name: string,
    spec: LeaseSpec,
    annotations: Record<string, string>,
    signal?: AbortSignal,
  ): Promise<KubeObject> {
    const labels = { 'app.kubernetes.io/managed-by': 'pawl' }
    const metadata = { name, namespace: this.#namespace, labels, annotations }
    return await this.#cluster.create(
      { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec },
      {},
      signal,
    )
  }
  async replace(
    live: KubeObject,
    spec: LeaseSpec,
    annotations: Record<string, string> = {},
    signal?: AbortSignal,
  ): Promise<KubeObject> {
    const metadata = { ...live.metadata, annotations: { ...live.metadata.annotations, ...annotations } }
    return await this.#cluster.replace({ ...live, metadata, spec: { ...specOf(live), ...spec } }, {}, signal)
  }
  /** Kubernetes wants microseconds here. */
  stamp(): string {
    return this.#clock.now().toISOString().replace('Z', '000Z')
  }
}

interface Wanted {
  name: string
  holder: string
  durationMs: number
  above: number
}

/** Looks until the lease is free or proven dead, and then takes it; throws `run-busy` as soon as its holder shows life. */
async function take(
  api: LeaseApi,
  wanted: Wanted,
  signal?: AbortSignal,
): Promise<{ taken: KubeObject; askedAt: number }> {
  const { name, holder, durationMs } = wanted
  let watched: { sign: string; since: number } | undefined
  for (;;) {
    signal?.throwIfAborted()
    const live = await api.get(name, signal)
    const spec = specOf(live)
    const other = spec.holderIdentity || undefined
    if (other !== undefined && other !== holder) {
      const sign = JSON.stringify([other, spec.leaseTransitions, spec.renewTime])
      if (watched !== undefined && watched.sign !== sign) throw busy(name, other, spec)
      watched ??= { sign, since: api.now() }
      const restMs = Math.max(durationMs, durationOf(live)) - (api.now() - watched.since)
      if (restMs > 0) {
        await pause(Math.min(restMs, LONGEST_LOOK_MS, durationMs / 5), signal)
        continue
      }
    }
    const askedAt = api.now()
    const taken = await tryTake(api, wanted, live, signal)
    if (taken !== undefined) return { taken, askedAt }
  }
}

/** Undefined where somebody was faster: what is there then decides what to do. */
async function tryTake(
  api: LeaseApi,
  wanted: Wanted,
  live: KubeObject | undefined,
  signal?: AbortSignal,
): Promise<KubeObject | undefined> {
  const { name, holder, durationMs, above } = wanted
  const stamp = api.stamp()
  const spec: LeaseSpec = {
    holderIdentity: holder,
    leaseDurationSeconds: Math.max(1, Math.ceil(durationMs / 1000)),
    acquireTime: stamp,
    renewTime: stamp,
    leaseTransitions: Math.max(specOf(live).leaseTransitions ?? 0, above) + 1,
  }
  const acquisition = randomUUID()
  const annotations = { [DURATION]: String(durationMs), [ACQUISITION]: acquisition }
  try {
    return live === undefined
      ? await api.create(name, spec, annotations, signal)
      : await api.replace(live, spec, annotations, signal)
  } catch (error) {
    if (!isPawlError(error, 'cluster-conflict') && !isLostAnswer(error)) throw error
    const now = await api.get(name, signal)
    return now?.metadata.annotations?.[ACQUISITION] === acquisition ? now : undefined
  }
}

class HeldLease implements Lease {
  readonly fence: number
  readonly #api: LeaseApi
  readonly #holder: string
  readonly #durationMs: number
  readonly #lost = new AbortController()
  #live: KubeObject
  #timer: NodeJS.Timeout | undefined
  #deadline: NodeJS.Timeout | undefined
  #renewedAt: number
  #released = false
  /** Renewals follow one another; two at once would conflict with themselves. */
  #last: Promise<void> = Promise.resolve()

  constructor(api: LeaseApi, taken: KubeObject, holder: string, durationMs: number, startedAt: number) {
    this.#api = api
    this.#live = taken
    this.#holder = holder
    this.#durationMs = durationMs
    this.fence = specOf(taken).leaseTransitions ?? 0
    this.#renewedAt = startedAt
    this.#guard()
    this.#schedule(durationMs / 3)
  }

  get lost(): AbortSignal {
    return this.#lost.signal
  }

  async renew(): Promise<void> {
    const turn = this.#last.then(() => this.#renewNow())
    this.#last = turn.catch(() => {})
    await turn
  }

  async release(): Promise<void> {
    if (this.#released) return
    this.#released = true
    clearTimeout(this.#timer)
    clearTimeout(this.#deadline)
    await this.#last
    if (this.#lost.signal.aborted) return
    for (;;) {
      try {
        const live = await this.#api.get(this.#live.metadata.name)
        if (live === undefined || !this.#isMine(live)) return
        await this.#api.replace(live, { holderIdentity: '', renewTime: this.#api.stamp() })
        return
      } catch (error) {
        if (!isPawlError(error, 'cluster-conflict') && !isLostAnswer(error)) throw error
      }
    }
  }

  async #renewNow(): Promise<void> {
    if (this.#lost.signal.aborted) throw this.#lost.signal.reason
    if (this.#released) throw lostError(this.#live.metadata.name, 'it was released')
    // Counted from before the request: the server may have written at any time since.
    const askedAt = this.#api.now()
    const limit = this.#lost.signal
    for (;;) {
      try {
        this.#live = await this.#api.replace(this.#live, { renewTime: this.#api.stamp() }, {}, limit)
        break
      } catch (error) {
        if (this.#lost.signal.aborted) throw this.#lost.signal.reason
        if (!isPawlError(error, 'cluster-conflict')) throw error
        const live = await this.#api.get(this.#live.metadata.name, limit)
        if (live === undefined || !this.#isMine(live)) {
          this.#lose(
            live === undefined
              ? 'its object was deleted'
              : `it belongs to ${specOf(live).holderIdentity || 'nobody'} now`,
          )
          throw this.#lost.signal.reason
        }
        this.#live = live
      }
    }
    this.#renewedAt = askedAt
    this.#guard()
  }

  #isMine(live: KubeObject): boolean {
    const spec = specOf(live)
    return spec.holderIdentity === this.#holder && spec.leaseTransitions === this.fence
  }

  /** A holder stops itself before anybody else may take over: after two thirds of the duration without a renewal. */
  #guard(): void {
    clearTimeout(this.#deadline)
    const leftMs = (this.#durationMs * 2) / 3 - (this.#api.now() - this.#renewedAt)
    this.#deadline = setTimeout(() => this.#lose('it could not be renewed in time'), Math.max(0, leftMs))
    this.#deadline.unref()
  }

  #schedule(afterMs: number): void {
    this.#timer = setTimeout(() => void this.#tick(), afterMs)
    this.#timer.unref()
  }

  async #tick(): Promise<void> {
    let nextMs = this.#durationMs / 3
    try {
      await this.renew()
    } catch {
      // Whatever it was, it is tried again soon; when it stays so, the deadline ends the lease and says so.
      nextMs = this.#durationMs / 20
    }
    if (!this.#released && !this.#lost.signal.aborted) this.#schedule(nextMs)
  }

  #lose(why: string): void {
    if (this.#released || this.#lost.signal.aborted) return
    clearTimeout(this.#timer)
    clearTimeout(this.#deadline)
    this.#lost.abort(lostError(this.#live.metadata.name, why))
  }
}

function specOf(lease: KubeObject | undefined): LeaseSpec {
  return (lease?.spec ?? {}) as LeaseSpec
}

/** How long its holder said it may stay silent. */
function durationOf(lease: KubeObject | undefined): number {
  const exact = Number(lease?.metadata.annotations?.[DURATION])
  return exact > 0 ? exact : (specOf(lease).leaseDurationSeconds ?? 0) * 1000
}

function isLostAnswer(error: unknown): boolean {
  return isPawlError(error, 'cluster-unreachable') && error.facts.outcome === 'unknown'
}

function busy(name: string, holder: string, spec: LeaseSpec): PawlError {
  const since = spec.acquireTime ?? ''
  return new PawlError({
    code: 'run-busy',
    message: `${holder} has held ${name} since ${since}, and is alive.`,
    facts: { lease: name, holder, since },
  })
}

function lostError(name: string, why: string): PawlError {
  return new PawlError({
    code: 'fence-lost',
    message: `The lease ${name} is no longer held here: ${why}.`,
    facts: { lease: name },
  })
}

async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await delay(ms, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
    signal?.throwIfAborted()
    throw error
  })
}
