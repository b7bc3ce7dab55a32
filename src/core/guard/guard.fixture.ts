// A guarded release and things that are written next to it, for the tests of the guard.
import type { JsonRecord } from '../json.ts'
import { TICKET_LABEL, type ReleaseGuard } from './guard.ts'

export const NOW = new Date('2026-11-25T12:00:00Z')
export const LATER = '2026-11-25T12:05:00Z'
export const EARLIER = '2026-11-25T11:59:00Z'

export function guardWith(over: Partial<ReleaseGuard> = {}): ReleaseGuard {
  return {
    name: 'toy',
    namespace: 'toys',
    release: 'toy',
    enforcement: 'Enforce',
    floors: [
      { repository: 'reg.example:5000/toy/api', version: [2026, 2, 9] },
      { repository: 'reg.example:5000/toy/db', version: [2026, 2, 9] },
    ],
    recoveryEpoch: 0,
    fence: 3,
    revision: 4,
    ...over,
  }
}

export const TICKET = { value: 't-1', run: 'toy-1', revision: 5, expires: LATER }

export function record(status: string, revision: number, labels: Record<string, string | undefined> = {}): JsonRecord {
  const all = { name: 'toy', owner: 'helm', status, version: String(revision), ...labels }
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'helm.sh/release.v1',
    metadata: {
      name: `sh.helm.release.v1.toy.v${revision}`,
      labels: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)),
    },
    data: { release: 'SDRzSUFB' },
  }
}

export const withTicket = (value = TICKET.value): Record<string, string> => ({ [TICKET_LABEL]: value })

export function api(tag: string): string {
  return `reg.example:5000/toy/api${tag}`
}

export function deployment(image: string, replicas = 1, name = 'toy-api'): JsonRecord {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: { replicas, template: { spec: { containers: [{ name: 'main', image }] } } },
  }
}

export function job(image: string, name = 'toy-job'): JsonRecord {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: { template: { spec: { containers: [{ name: 'main', image }] } } },
  }
}

export function cronJob(image: string, suspend = false): JsonRecord {
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'toy-nightly' },
    spec: { suspend, jobTemplate: { spec: { template: { spec: { initContainers: [{ name: 'a', image }] } } } } },
  }
}

export function pod(image: string, owner?: string): JsonRecord {
  const ownerReferences = owner === undefined ? {} : { ownerReferences: [{ kind: owner, name: 'x', controller: true }] }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'toy-pod', ...ownerReferences },
    spec: { containers: [{ name: 'main', image }] },
  }
}
