// The API server's own time and a random value, from one write that is never made.
import { PawlError } from '../../core/errors.ts'
import { textOf } from '../../core/json.ts'
import type { Cluster } from '../../ports/cluster.ts'

export interface Stamp {
  now: Date
  random: string
}

/** Ends of tickets and openings are judged by this clock, not by that of the machine Pawl runs on. */
export async function stampOf(cluster: Cluster, namespace: string, signal?: AbortSignal): Promise<Stamp> {
  const { metadata } = await cluster.create(
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'pawl-time', namespace } },
    { dryRun: true },
    signal,
  )
  const [now, random] = [new Date(metadata.creationTimestamp ?? ''), textOf(metadata.uid)]
  if (Number.isNaN(now.getTime()) || random === undefined)
    throw new PawlError({ code: 'unknown-state', message: 'the API server does not say what time it is' })
  return { now, random }
}
