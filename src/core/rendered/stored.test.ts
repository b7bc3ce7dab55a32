import { expect, test } from 'vitest'
import { database } from '../plan/facts.fixture.ts'
import type { JsonRecord } from '../json.ts'
import { withoutServerFields } from './normal.ts'
import { asHelmApplies, mergePatch, storedChanges, volatileBetween } from './stored.ts'
import type { StoredChange } from './stored.ts'

function object(kind: string, name: string, rest: JsonRecord = {}, metadata: JsonRecord = {}): JsonRecord {
  return { apiVersion: 'v1', kind, metadata: { name, ...metadata }, ...rest }
}

/** As it comes from the server: with everything a chart never says. */
function live(of: JsonRecord): JsonRecord {
  const metadata = of['metadata'] as JsonRecord
  return {
    ...of,
    metadata: {
      ...metadata,
      namespace: 'shop',
      uid: 'u',
      resourceVersion: '7',
      generation: 3,
      creationTimestamp: '2026-04-01T00:00:00Z',
      managedFields: [{ manager: 'helm' }],
      annotations: { ...(metadata['annotations'] as JsonRecord), 'deployment.kubernetes.io/revision': '4' },
    },
    status: { observedGeneration: 3 },
  }
}

function changes(over: Partial<StoredChange>): string[] {
  const all = storedChanges({
    targets: [],
    leaving: [],
    volatile: [],
    databases: [database('ledger')],
    numberGivenBack: new Set(),
    ...over,
  })
  return all.flatMap(({ object: title, change, details, topic }) => [
    `${change} ${title}${topic === undefined ? '' : ` (${topic})`}`,
    ...details.map((line) => `  ${line}`),
  ])
}

test('what the server itself writes is no change', () => {
  const service = object('Service', 'api', { spec: { clusterIP: '10.0.0.1', ports: [{ port: 80 }] } })
  const stored = live({ ...service, metadata: { name: 'api', labels: { 'helm.sh/chart': 'tally-2' } } })
  expect(changes({ targets: [{ live: live(service), stored }] })).toEqual([])
})

test('what somebody changed by hand, and the upgrade would change back, is shown', () => {
  const before = live(object('ConfigMap', 'x', { data: { LOG: 'debug' } }))
  const stored = live(object('ConfigMap', 'x', { data: { LOG: 'info' } }))
  expect(changes({ targets: [{ live: before, stored }] })).toEqual([
    'change ConfigMap/x',
    '  data.LOG: "debug" -> "info"',
  ])
})

test('storage comes first, then databases, then what goes; what Helm keeps does not go', () => {
  const changed = (kind: string, name: string): StoredChange['targets'][number] => ({
    live: live(object(kind, name, { data: { a: '1' } })),
    stored: live(object(kind, name, { data: { a: '2' } })),
  })
  const kept = object('ConfigMap', 'kept', {}, { annotations: { 'helm.sh/resource-policy': 'keep' } })
  const all = changes({
    targets: [
      changed('ConfigMap', 'other'),
      changed('ConfigMap', 'api'),
      changed('Secret', 'db'),
      changed('StatefulSet', 'pg'),
      { stored: object('Deployment', 'new') },
    ],
    leaving: [live(object('Deployment', 'old')), live(kept), live(object('PersistentVolumeClaim', 'files'))],
  })
  expect(all.filter((line) => !line.startsWith(' '))).toEqual([
    'remove PersistentVolumeClaim/files (storage)',
    'change StatefulSet/pg (storage)',
    'change ConfigMap/api (database)',
    'change Secret/db (database)',
    'remove Deployment/old',
    'change ConfigMap/other',
    'add Deployment/new',
  ])
})

test('a certificate that the chart signs anew is explained, a random value is named as one', () => {
  const tls = (value: string): JsonRecord => object('Secret', 'x-tls', { data: { 'tls.crt': value, 'tls.key': value } })
  const random = (value: string): JsonRecord => object('Secret', 'x', { data: { password: value, fixed: 'f' } })
  const volatile = volatileBetween([tls('canary-1'), random('canary-1')], [tls('canary-2'), random('canary-2')])
  expect(volatile.map(({ object: title, certificate }) => [title, certificate])).toEqual([
    ['Secret/x', false],
    ['Secret/x-tls', true],
  ])
  const all = changes({
    volatile,
    targets: [
      { live: live(tls('canary-0')), stored: tls('canary-1') },
      { live: live(random('canary-0')), stored: random('canary-1') },
    ],
  })
  expect(all).toEqual([
    'change Secret/x',
    '  data.password: changed (another value at every rendering)',
    'change Secret/x-tls',
    '  data.tls.crt: changed (a new self-signed certificate at every upgrade)',
    '  data.tls.key: changed (a new self-signed certificate at every upgrade)',
  ])
})

test('a number of replicas that Pawl gives back is no change', () => {
  const api = (replicas: number): JsonRecord => object('Deployment', 'api', { spec: { replicas } })
  const targets = [{ live: live(api(5)), stored: live(api(2)) }]
  expect(changes({ targets, numberGivenBack: new Set(['api']) })).toEqual([])
  expect(changes({ targets })).toEqual(['change Deployment/api', '  spec.replicas: 5 -> 2'])
})

test('the merge that Helm 3 makes takes away what only the old manifest said', () => {
  const old = { metadata: { labels: { a: '1', gone: 'x' } }, spec: { replicas: 2 }, data: { x: '1' } }
  const next = { metadata: { labels: { a: '2' } }, spec: {} }
  expect(mergePatch(old, next)).toEqual({
    metadata: { labels: { a: '2', gone: null } },
    spec: { replicas: null },
    data: null,
  })
})

test('what Helm itself puts on an object is no change of the chart', () => {
  const plain = object('ConfigMap', 'x', {}, { labels: { a: '1' } })
  const applied = asHelmApplies(plain, { name: 'tally', namespace: 'shop' })
  expect(applied).toMatchObject({
    metadata: { annotations: { 'meta.helm.sh/release-name': 'tally', 'meta.helm.sh/release-namespace': 'shop' } },
  })
  expect(changes({ targets: [{ live: live(plain), stored: live(applied) }] })).toEqual([])
  expect(withoutServerFields(live(plain))).toEqual(plain)
})
