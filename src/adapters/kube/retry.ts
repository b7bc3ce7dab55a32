// Which requests may be sent again, and when. Never one that changes something unless it certainly did not happen or may happen twice.
import { setTimeout as delay } from 'node:timers/promises'
import { ConnectionError, type ApiResponse } from './transport.ts'

export interface RetryPolicy {
  /** No new attempt starts later than this after the first one. */
  totalMs: number
  /** The same, as long as this server has never answered: a wrong address should be said at once. */
  firstContactMs: number
  /** Wait before the second attempt; doubles each time, up to 4 s. */
  firstWaitMs: number
}

export const DEFAULT_RETRY: RetryPolicy = { totalMs: 20_000, firstContactMs: 2_000, firstWaitMs: 200 }
const LONGEST_WAIT_MS = 4_000

export type Repeatable = 'yes' | 'no'

export class Retrier {
  #answered = false
  readonly #policy: RetryPolicy

  constructor(policy: RetryPolicy) {
    this.#policy = policy
  }

  async run(
    attempt: () => Promise<ApiResponse>,
    repeatable: Repeatable,
    signal?: AbortSignal,
  ): Promise<ApiResponse & { attempts: number }> {
    const startedAt = performance.now()
    for (let attempts = 1; ; attempts += 1) {
      const outcome = await attempt().catch((error: unknown) => error)
      const waitMs = this.#waitBefore(outcome, repeatable, attempts)
      const limitMs = this.#answered ? this.#policy.totalMs : this.#policy.firstContactMs
      if (waitMs === undefined || performance.now() - startedAt + waitMs > limitMs) {
        if (isResponse(outcome)) return { ...outcome, attempts }
        throw outcome
      }
      await pause(waitMs, signal)
    }
  }

  /** Milliseconds until the next attempt, or undefined where this outcome stands. */
  #waitBefore(outcome: unknown, repeatable: Repeatable, attempts: number): number | undefined {
    const backoffMs = Math.min(this.#policy.firstWaitMs * 2 ** (attempts - 1), LONGEST_WAIT_MS)
    if (isResponse(outcome)) {
      this.#answered = true
      // 429 says that nothing was done, so that even a create may be sent again.
      if (outcome.status === 429) return Math.max(backoffMs, retryAfterMs(outcome) ?? 0)
      const failed = outcome.status >= 500 && outcome.status !== 501
      return failed && repeatable === 'yes' ? Math.max(backoffMs, retryAfterMs(outcome) ?? 0) : undefined
    }
    if (!(outcome instanceof ConnectionError) || isCertificateError(outcome)) return undefined
    return !outcome.sent || repeatable === 'yes' ? backoffMs : undefined
  }
}

function isResponse(outcome: unknown): outcome is ApiResponse {
  return typeof outcome === 'object' && outcome !== null && 'status' in outcome && 'text' in outcome
}

function isCertificateError(error: ConnectionError): boolean {
  return (
    error.code.includes('CERT') ||
    error.code.startsWith('ERR_TLS') ||
    error.code.includes('VERIFY') ||
    error.code === 'ENOTFOUND'
  )
}

function retryAfterMs(response: ApiResponse): number | undefined {
  const seconds = Number(response.headers['retry-after'])
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined
}

async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await delay(ms, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
    signal?.throwIfAborted()
    throw error
  })
}
