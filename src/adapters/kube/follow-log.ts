// Reading and following container logs through the API server.
import { setTimeout as delay } from 'node:timers/promises'
import { PawlError, isPawlError } from '../../core/errors.ts'
import { Onlooker, type ContainerState } from './container-state.ts'
import { connectionFailure, describe, failureOf, type Attempt } from './failure.ts'
import { LogCursor } from './logs.ts'
import type { ApiResponse, Transport } from './transport.ts'

export interface ContainerRef {
  namespace: string
  name: string
  container: string
}

export interface LogSource {
  transport: Transport
  server: string
  state(container: ContainerRef, signal?: AbortSignal): Promise<ContainerState>
  requestTimeoutMs: number
  /** After this much silence the container is looked at, in case the stream died without a word. */
  silenceMs: number
  /** Wait between two attempts. */
  pauseMs: number
  /** How long the API server, or the node behind it, may be away before following gives up. */
  patienceMs: number
  /** A pod that is being deleted for this much longer than its grace is gone: its node no longer says so. */
  nodeGoneMs: number
}

export async function readLog(
  source: LogSource,
  container: ContainerRef,
  options: { tailLines?: number | undefined; previous?: boolean | undefined },
  signal?: AbortSignal,
): Promise<string> {
  const query = new URLSearchParams({ container: container.container })
  if (options.tailLines !== undefined) query.set('tailLines', String(options.tailLines))
  if (options.previous === true) query.set('previous', 'true')
  const attempt = attemptOf(source, container)
  const response = await source.transport
    .call({ method: 'GET', path: logPath(container, query), accept: '*/*', timeoutMs: source.requestTimeoutMs, signal })
    .catch((error: unknown) => {
      throw connectionFailure(error, attempt)
    })
  if (response.status === 200) return response.text
  // 400: the container has not started, or has no previous run; 404: there is no such pod.
  if (response.status === 400 || response.status === 404) return ''
  throw failureOf(response, attempt)
}

export async function followLog(
  source: LogSource,
  container: ContainerRef,
  onLine: (line: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  const cursor = new LogCursor(onLine)
  const onlooker = new Onlooker((given) => source.state(container, given), source.nodeGoneMs)
  // The state comes from the API server's memory: it answers for the API server, and not for the node that has the log.
  let lastAnswerAt = performance.now()
  const answered = (): void => void (lastAnswerAt = performance.now())
  const reading: Reading = { source, container, cursor, onlooker, answered, signal }
  let serverAway = false
  let firstRestarts: number | undefined
  for (;;) {
    signal?.throwIfAborted()
    let looked = false
    try {
      const { phase, restarts } = await onlooker.look(signal)
      looked = true
      // As long as the API server was away, the node could not be asked.
      if (serverAway) answered()
      serverAway = false
      if (phase !== 'waiting') firstRestarts ??= restarts
      const replaced = firstRestarts !== undefined && restarts > firstRestarts
      if (phase === 'gone') return cursor.end()
      if (phase !== 'waiting' || replaced) {
        const mode = replaced ? 'previous' : phase === 'running' ? 'follow' : 'whole'
        const whole = await readStream(reading, mode)
        // Only a read that began after the container had ended, and came to its end, has everything.
        if (whole && mode !== 'follow') return cursor.end()
        if (whole) continue
      } else {
        // There is no log to ask for yet.
        answered()
      }
    } catch (error) {
      signal?.throwIfAborted()
      if (!isPawlError(error, 'cluster-unreachable') || performance.now() - lastAnswerAt > source.patienceMs)
        throw error
      serverAway = !looked
    }
    await delay(source.pauseMs, undefined, signal === undefined ? {} : { signal }).catch(() => signal?.throwIfAborted())
  }
}

/** What the connections of one follower have in common. */
interface Reading {
  source: LogSource
  container: ContainerRef
  cursor: LogCursor
  onlooker: Onlooker
  /** To be called when the node has answered for its log. */
  answered: () => void
  signal: AbortSignal | undefined
}

/** Feeds one connection's lines to the cursor. True where the server ended the answer properly. */
async function readStream(reading: Reading, mode: 'follow' | 'whole' | 'previous'): Promise<boolean> {
  const { source, container, cursor, answered, signal } = reading
  const query = new URLSearchParams({
    container: container.container,
    timestamps: 'true',
    follow: String(mode === 'follow'),
  })
  if (mode === 'previous') query.set('previous', 'true')
  const since = cursor.since
  if (since !== undefined) query.set('sinceTime', since)
  const attempt = attemptOf(source, container)
  const stop = new AbortController()
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal])
  const watchdog = new Watchdog(reading, stop)
  cursor.begin()
  try {
    const request = {
      method: 'GET',
      path: logPath(container, query),
      accept: '*/*',
      timeoutMs: source.requestTimeoutMs,
      signal: either,
    } as const
    const response = await source.transport.open(request)
    const onAbort = (): void => void response.destroy()
    either.addEventListener('abort', onAbort, { once: true })
    watchdog.start()
    try {
      if (response.statusCode !== 200) {
        const text = await textOf(response)
        const answer = { status: response.statusCode ?? 0, headers: response.headers, text }
        if (answer.status !== 400 && answer.status !== 404) throw failureOf(answer, attempt)
        if (mode === 'previous') return true
        throw noLogYet(answer, attempt)
      }
      response.setEncoding('utf8')
      for await (const chunk of response) {
        watchdog.heard()
        cursor.feed(chunk as string)
      }
      return response.complete
    } finally {
      // Up to now the node has answered.
      if (response.statusCode === 200) answered()
      either.removeEventListener('abort', onAbort)
    }
  } catch (error) {
    signal?.throwIfAborted()
    if (stop.signal.aborted) return false
    if (error instanceof PawlError) throw error
    if (isCutOff(error)) return false
    throw connectionFailure(error, attempt)
  } finally {
    watchdog.stop()
  }
}

/** A container that has started has a log: where the node does not find it, it may a moment later, or never again. */
function noLogYet({ status, text }: ApiResponse, attempt: Attempt): PawlError {
  return new PawlError({
    code: 'cluster-unreachable',
    message: `The cluster has no log for ${describe(attempt)} (HTTP ${status}): ${text.trim().slice(0, 500)}`,
  })
}

/** A connection that has died may stay silent for ever: after some silence, look whether the container still runs. */
class Watchdog {
  readonly #reading: Reading
  readonly #stop: AbortController
  #timer: NodeJS.Timeout | undefined
  #heardAt = 0

  constructor(reading: Reading, stop: AbortController) {
    this.#reading = reading
    this.#stop = stop
  }
  heard(): void {
    this.#heardAt = performance.now()
  }
  start(): void {
    this.heard()
    this.#timer = setInterval(() => void this.#look(), this.#reading.source.silenceMs)
  }
  stop(): void {
    clearInterval(this.#timer)
  }
  async #look(): Promise<void> {
    const { source, onlooker, signal } = this.#reading
    const asked = performance.now()
    if (asked - this.#heardAt < source.silenceMs) return
    const state = await onlooker.look(signal).catch(() => undefined)
    // A node that died was running when it was heard last: after long silence it is asked anew, and has to answer for itself.
    const tooLong = asked - this.#heardAt > source.patienceMs
    // The end of the stream may just be on its way: only silence that outlasts the question counts.
    if ((state?.phase !== 'running' || tooLong) && this.#heardAt < asked) this.#stop.abort()
  }
}

async function textOf(response: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

function isCutOff(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    (error.code === 'ECONNRESET' || error.code === 'ERR_STREAM_PREMATURE_CLOSE')
  )
}

function logPath({ namespace, name }: ContainerRef, query: URLSearchParams): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/log?${query}`
}

function attemptOf(source: LogSource, { namespace, name }: ContainerRef): Attempt {
  return { verb: 'get', resource: 'pods/log', name, namespace, server: source.server }
}
