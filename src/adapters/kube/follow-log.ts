// Reading and following container logs through the API server.
import { setTimeout as delay } from 'node:timers/promises'
import type { KubeObject } from '../../ports/cluster.ts'
import { PawlError, isPawlError } from '../../core/errors.ts'
import { connectionFailure, failureOf, type Attempt } from './failure.ts'
import { LogCursor } from './logs.ts'
import type { Transport } from './transport.ts'

export interface ContainerRef {
  namespace: string
  name: string
  container: string
}

/** What the API says of a container; `gone` where its pod no longer is, or will never start it. */
export interface ContainerState {
  phase: 'waiting' | 'running' | 'ended' | 'gone'
  /** Grows each time the container is started again in the same pod. */
  restarts: number
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
  /** How long the API server may be away before following gives up. */
  patienceMs: number
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
  let lastAnswerAt = performance.now()
  let firstRestarts: number | undefined
  for (;;) {
    signal?.throwIfAborted()
    try {
      const { phase, restarts } = await source.state(container, signal)
      lastAnswerAt = performance.now()
      if (phase !== 'waiting') firstRestarts ??= restarts
      const replaced = firstRestarts !== undefined && restarts > firstRestarts
      if (phase === 'gone') return cursor.end()
      if (phase !== 'waiting' || replaced) {
        const mode = replaced ? 'previous' : phase === 'running' ? 'follow' : 'whole'
        const whole = await readStream(source, container, cursor, mode, signal)
        // Only a read that began after the container had ended, and came to its end, has everything.
        if (whole && mode !== 'follow') return cursor.end()
        if (whole) continue
      }
    } catch (error) {
      signal?.throwIfAborted()
      if (!isPawlError(error, 'cluster-unreachable') || performance.now() - lastAnswerAt > source.patienceMs)
        throw error
    }
    await delay(source.pauseMs, undefined, signal === undefined ? {} : { signal }).catch(() => signal?.throwIfAborted())
  }
}

/** Feeds one connection's lines to the cursor. True where the server ended the answer properly. */
async function readStream(
  source: LogSource,
  container: ContainerRef,
  cursor: LogCursor,
  mode: 'follow' | 'whole' | 'previous',
  signal?: AbortSignal,
): Promise<boolean> {
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
  const watchdog = new Watchdog(source, container, stop, signal)
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
    try {
      if (response.statusCode !== 200) {
        const text = await textOf(response)
        if (response.statusCode === 400 || response.statusCode === 404) return mode === 'previous'
        throw failureOf({ status: response.statusCode ?? 0, headers: response.headers, text }, attempt)
      }
      response.setEncoding('utf8')
      watchdog.start()
      for await (const chunk of response) {
        watchdog.heard()
        cursor.feed(chunk as string)
      }
      return response.complete
    } finally {
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

/** A connection that has died may stay silent for ever: after some silence, look whether the container still runs. */
class Watchdog {
  readonly #source: LogSource
  readonly #container: ContainerRef
  readonly #stop: AbortController
  readonly #signal: AbortSignal | undefined
  #timer: NodeJS.Timeout | undefined
  #heardAt = 0

  constructor(source: LogSource, container: ContainerRef, stop: AbortController, signal: AbortSignal | undefined) {
    this.#source = source
    this.#container = container
    this.#stop = stop
    this.#signal = signal
  }
  heard(): void {
    this.#heardAt = performance.now()
  }
  start(): void {
    this.heard()
    this.#timer = setInterval(() => void this.#look(), this.#source.silenceMs)
  }
  stop(): void {
    clearInterval(this.#timer)
  }
  async #look(): Promise<void> {
    if (performance.now() - this.#heardAt < this.#source.silenceMs) return
    const asked = performance.now()
    const state = await this.#source.state(this.#container, this.#signal).catch(() => undefined)
    // The end of the stream may just be on its way: only silence that outlasts the question counts.
    if (state?.phase !== 'running' && this.#heardAt < asked) this.#stop.abort()
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

interface ContainerStatus {
  name: string
  restartCount?: number
  state?: { waiting?: object; running?: object; terminated?: object }
}

export function containerState(pod: KubeObject, container: string): ContainerState {
  const status = (pod.status ?? {}) as {
    phase?: string
    containerStatuses?: ContainerStatus[]
    initContainerStatuses?: ContainerStatus[]
  }
  const all = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]
  const found = all.find(({ name }) => name === container)
  const restarts = found?.restartCount ?? 0
  if (found?.state?.terminated !== undefined) return { phase: 'ended', restarts }
  if (found?.state?.running !== undefined) return { phase: 'running', restarts }
  // A pod that failed before this container started (evicted, say) will never start it.
  const over = status.phase === 'Failed' || status.phase === 'Succeeded'
  return { phase: over ? 'gone' : 'waiting', restarts }
}
