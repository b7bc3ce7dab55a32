// Looks on, all the time: of one kind of task never may two be at work at once.
import { setTimeout as sleep } from 'node:timers/promises'
import { stateOf } from '../../src/adapters/jobs/pod.ts'
import type { Cluster } from '../../src/ports/cluster.ts'

const LOOK_MS = 150

export interface Watcher {
  /** What was seen that must never be; empty is well. */
  seen: () => string[]
  stop: () => Promise<void>
}

export function watchTasks(cluster: Cluster, namespace: string): Watcher {
  const seen = new Set<string>()
  let going = true
  const look = async (): Promise<void> => {
    while (going) {
      const pods = await cluster.list({ apiVersion: 'v1', kind: 'Pod', namespace, labelSelector: 'pawl.dev/op' })
      const atWork = Map.groupBy(
        pods.filter((pod) => stateOf(pod, []).at === 'running'),
        ({ metadata }) => metadata.labels?.['pawl.dev/task'] ?? '',
      )
      for (const [task, all] of atWork)
        if (all.length > 1)
          seen.add(
            `${task}: ${all
              .map(({ metadata }) => metadata.name)
              .toSorted()
              .join(' and ')}`,
          )
      await sleep(LOOK_MS)
    }
  }
  const looking = look()
  looking.catch(() => undefined)
  return {
    seen: () => [...seen],
    async stop() {
      going = false
      await looking
    },
  }
}
