// What the API says of one container, and when its pod is given up: of a node that has died it says for ever what it was told last.
import type { KubeObject } from '../../ports/cluster.ts'

/** What the API says of a container; `gone` where its pod no longer is, or will never start it. */
export interface ContainerState {
  phase: 'waiting' | 'running' | 'ended' | 'gone'
  /** Grows each time the container is started again in the same pod. */
  restarts: number
  /** Only of a pod that is being deleted: how long it may take to end. */
  graceMs?: number
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
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = pod.metadata
  const rest = {
    restarts: found?.restartCount ?? 0,
    ...(deletionTimestamp === undefined ? {} : { graceMs: deletionGracePeriodSeconds * 1000 }),
  }
  if (found?.state?.terminated !== undefined) return { phase: 'ended', ...rest }
  if (found?.state?.running !== undefined) return { phase: 'running', ...rest }
  // A pod that failed before this container started (evicted, say) will never start it.
  const over = status.phase === 'Failed' || status.phase === 'Succeeded'
  return { phase: over ? 'gone' : 'waiting', ...rest }
}

/** Looks at one container again and again, and gives it up where its pod has been about to go for too long. */
export class Onlooker {
  readonly #ask: (signal?: AbortSignal) => Promise<ContainerState>
  readonly #nodeGoneMs: number
  #deletingSince: number | undefined

  constructor(ask: (signal?: AbortSignal) => Promise<ContainerState>, nodeGoneMs: number) {
    this.#ask = ask
    this.#nodeGoneMs = nodeGoneMs
  }

  async look(signal?: AbortSignal): Promise<ContainerState> {
    const state = await this.#ask(signal)
    if (state.graceMs === undefined) {
      this.#deletingSince = undefined
      return state
    }
    // Counted from the first sight of it: deletionTimestamp is by the API server's clock, which may differ from the one here.
    const now = performance.now()
    this.#deletingSince ??= now
    const overdue = now - this.#deletingSince > state.graceMs + this.#nodeGoneMs
    // An end that was reported stays true.
    return overdue && state.phase !== 'ended' ? { ...state, phase: 'gone' } : state
  }
}
