// A Cluster that fails on command: at the N-th call, or at every call that matches.
import { setTimeout as delay } from 'node:timers/promises'
import type { Cluster } from '../../ports/cluster.ts'
import { PawlError } from '../../core/errors.ts'

export type Method = Exclude<keyof Cluster, 'where'>

export type Fault =
  /** Refused before anything happened: `cluster-unreachable`, certainly not done. */
  | { how: 'fail-before' }
  /** Happened, and then this process is told otherwise, for example by a proxy: `internal`. */
  | { how: 'fail-after' }
  /** Happened, but the answer never came: `cluster-unreachable`, outcome unknown. */
  | { how: 'answer-lost' }
  /** Somebody else was faster: `cluster-conflict`, not done. */
  | { how: 'conflict' }
  /** Happens, after a while. */
  | { how: 'slow'; ms: number }
  /** This error instead of the call. */
  | { how: 'error'; error: Error }

export interface FaultPlan {
  /** The N-th call counted from 1, over all methods or over those that `when` matches. */
  at?: number
  when?: (method: Method, args: unknown[]) => boolean
  fault: Fault
}

export interface FaultyCluster extends Cluster {
  /** Every call so far, for choosing N and for asserting how often something was asked. */
  readonly calls: { method: Method; args: unknown[] }[]
  /** Plans that come into force from now on. */
  inject(...plans: FaultPlan[]): void
}

const METHODS: Method[] = [
  'get',
  'list',
  'create',
  'replace',
  'apply',
  'patch',
  'remove',
  'followLog',
  'readLog',
  'serverVersion',
]

export function faulty(cluster: Cluster, ...plans: FaultPlan[]): FaultyCluster {
  const calls: FaultyCluster['calls'] = []
  const active = plans.map((plan) => ({ plan, seen: 0 }))
  const wrapped: Record<string, unknown> = {
    where: cluster.where,
    calls,
    inject: (...more: FaultPlan[]) => active.push(...more.map((plan) => ({ plan, seen: 0 }))),
  }
  for (const method of METHODS) {
    wrapped[method] = async (...args: unknown[]): Promise<unknown> => {
      calls.push({ method, args })
      const struck = active.filter((item) => {
        if (item.plan.when !== undefined && !item.plan.when(method, args)) return false
        item.seen += 1
        return item.plan.at === undefined || item.plan.at === item.seen
      })
      const call = cluster[method].bind(cluster) as (...given: unknown[]) => Promise<unknown>
      return await perform(struck[0]?.plan.fault, method, () => call(...args))
    }
  }
  return wrapped as unknown as FaultyCluster
}

async function perform(fault: Fault | undefined, method: Method, call: () => Promise<unknown>): Promise<unknown> {
  switch (fault?.how) {
    case undefined:
      return await call()
    case 'fail-before':
      throw lost(method, 'not-done')
    case 'conflict':
      throw new PawlError({ code: 'cluster-conflict', message: `injected: somebody else changed it (${method})` })
    case 'error':
      throw fault.error
    case 'slow':
      await delay(fault.ms)
      return await call()
    case 'answer-lost':
      await call()
      throw lost(method, 'unknown')
    case 'fail-after':
      await call()
      throw new PawlError({ code: 'internal', message: `injected: failed after it was done (${method})` })
  }
}

function lost(method: Method, outcome: 'unknown' | 'not-done'): PawlError {
  return new PawlError({ code: 'cluster-unreachable', message: `injected: no answer (${method})`, facts: { outcome } })
}
