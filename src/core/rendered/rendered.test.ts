import { expect, test } from 'vitest'
import type { JsonRecord } from '../json.ts'
import type { ExpectedDatabase } from '../profile/databases.ts'
import { changesBetween } from './diff.ts'
import { podsOfManifest, strays } from './live.ts'
import { imagesOf, initContainersOf, objectsOf, referencesOf } from './objects.ts'
import { storageChanges } from './storage.ts'
import { holdsCredentials, otherWriters, startedWhileStaged, writingDeployments } from './writers.ts'

function deployment(name: string, pod: JsonRecord, kind = 'Deployment'): JsonRecord {
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name },
    spec: { selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec: pod } },
  }
}

const ledger: ExpectedDatabase = {
  target: {
    role: 'ledger',
    host: 'prod-postgresql',
    port: 5432,
    database: 'tally',
    login: { user: 'tally_admin', password: { secret: 'prod-postgresql', key: 'password' } },
    tls: 'disable',
    migrations: { table: 'public.migrations', column: 'name' },
  },
  migrator: { kind: 'init-container', deployment: 'prod-tally-ledger-api', container: 'ledger-migrations' },
  evidence: {
    configMap: 'prod-tally-ledger-api',
    deployment: 'prod-tally-ledger-api',
    container: 'ledger-api',
    host: 'H',
    port: 'P',
    database: 'D',
    user: 'U',
  },
}

const secretEnv = (secret: string): JsonRecord => ({
  env: [{ name: 'PW', valueFrom: { secretKeyRef: { name: secret, key: 'password' } } }],
})

const waysToHold: [string, JsonRecord][] = [
  ['env of a container', { containers: [{ name: 'a', ...secretEnv('prod-postgresql') }] }],
  ['env of an init container', { initContainers: [{ name: 'a', ...secretEnv('prod-postgresql') }], containers: [] }],
  ['envFrom', { containers: [{ name: 'a', envFrom: [{ secretRef: { name: 'prod-postgresql' } }] }] }],
  ['a volume', { containers: [], volumes: [{ name: 'v', secret: { secretName: 'prod-postgresql' } }] }],
  [
    'a projected volume',
    { containers: [], volumes: [{ name: 'v', projected: { sources: [{ secret: { name: 'prod-postgresql' } }] } }] },
  ],
  [
    "the database's ConfigMap with a Secret of its own",
    {
      containers: [
        { name: 'a', envFrom: [{ configMapRef: { name: 'prod-tally-ledger-api' } }, { secretRef: { name: 'own' } }] },
      ],
    },
  ],
]

test.each(waysToHold)('credentials are seen in %s', (_, pod) => {
  expect(holdsCredentials(deployment('w', pod), [ledger])).toBe(true)
})

test.each([
  ['another Secret alone', { containers: [{ name: 'a', ...secretEnv('other') }] }],
  [
    'the ConfigMap alone',
    { containers: [{ name: 'a', envFrom: [{ configMapRef: { name: 'prod-tally-ledger-api' } }] }] },
  ],
  ['nothing', { containers: [{ name: 'a' }] }],
])('%s is not a credential', (_, pod) => {
  expect(holdsCredentials(deployment('w', pod), [ledger])).toBe(false)
})

test('writers are Deployments; other kinds are told apart, the database server itself is none', () => {
  const pod = { containers: [{ name: 'a', ...secretEnv('prod-postgresql') }] }
  const cron = {
    kind: 'CronJob',
    metadata: { name: 'nightly' },
    spec: { jobTemplate: { spec: { template: { spec: pod } } } },
  }
  const objects = [
    deployment('b', pod),
    deployment('a', pod),
    deployment('www', { containers: [] }),
    deployment('prod-postgresql', pod, 'StatefulSet'),
    deployment('queue', pod, 'StatefulSet'),
    cron,
  ]
  expect(writingDeployments(objects, [ledger])).toEqual(['a', 'b'])
  expect(otherWriters(objects, [ledger])).toEqual(['CronJob/nightly', 'StatefulSet/queue'])
})

test('what a target brings that writes and is not kept stopped', () => {
  const pod = { containers: [{ name: 'a', ...secretEnv('prod-postgresql') }] }
  const wanting = (name: string, more: JsonRecord, kind = 'Deployment'): JsonRecord => {
    const object = deployment(name, pod, kind)
    return { ...object, spec: { ...(object['spec'] as JsonRecord), ...more } }
  }
  const staged = [
    wanting('stopped', { replicas: 0 }),
    wanting('awake', { replicas: 1 }),
    wanting('scaled-by-somebody', {}),
    wanting('new-and-scaled-by-somebody', {}),
    deployment('reader', { containers: [{ name: 'a' }] }),
    wanting('nightly', { suspend: true }, 'CronJob'),
    wanting('queue', {}, 'StatefulSet'),
    wanting('agent', {}, 'DaemonSet'),
  ]
  const before = [deployment('scaled-by-somebody', pod), deployment('queue', pod, 'StatefulSet')]
  expect(startedWhileStaged(staged, before, [ledger])).toEqual({
    deployments: ['Deployment/awake', 'Deployment/new-and-scaled-by-somebody'],
    others: ['DaemonSet/agent'],
  })
})

test('a manifest has empty documents and lists', () => {
  const pod = { initContainers: [{ name: 'm', image: 'db:1' }], containers: [{ name: 'a', image: 'api:1' }] }
  const [found] = objectsOf([null, '', { kind: 'List', items: [deployment('a', pod)] }])
  expect(imagesOf(found ?? {})).toEqual(['db:1', 'api:1'])
  expect(initContainersOf(found ?? {})).toEqual(['m'])
  expect([...referencesOf(found ?? {}).secrets]).toEqual([])
})

const claim = (size: string): JsonRecord => ({
  metadata: { name: 'data' },
  spec: { resources: { requests: { storage: size } } },
})

function stateful(size: string): JsonRecord {
  return { kind: 'StatefulSet', metadata: { name: 'pg' }, spec: { volumeClaimTemplates: [claim(size)] } }
}

test('storage may neither go nor change; what is new or elsewhere does not matter', () => {
  const own = { kind: 'PersistentVolumeClaim', metadata: { name: 'files' }, spec: { resources: {} } }
  expect(storageChanges([stateful('2Gi'), own], [stateful('2Gi'), own, deployment('a', {})])).toEqual([])
  expect(storageChanges([stateful('2Gi')], [stateful('4Gi')])).toEqual(['StatefulSet/pg would get other volumes'])
  expect(storageChanges([stateful('2Gi'), own], [])).toEqual([
    'PersistentVolumeClaim/files would be removed',
    'StatefulSet/pg would be removed',
  ])
})

test('changes are named by container, version labels and checksums are left out', () => {
  const api = (image: string, version: string): JsonRecord => ({
    ...deployment('api', {
      containers: [
        { name: 'side', image: 'side:1' },
        { name: 'api', image },
      ],
    }),
    metadata: { name: 'api', labels: { 'app.kubernetes.io/version': version, 'helm.sh/chart': `tally-${version}` } },
  })
  const gone = { kind: 'Service', metadata: { name: 'old' } }
  expect(
    changesBetween([api('api:1', '1'), gone], [api('api:2', '2'), { kind: 'ConfigMap', metadata: { name: 'new' } }]),
  ).toEqual([
    { object: 'ConfigMap/new', change: 'add', details: [] },
    {
      object: 'Deployment/api',
      change: 'change',
      details: ['spec.template.spec.containers[api].image: "api:1" -> "api:2"'],
    },
    { object: 'Service/old', change: 'remove', details: [] },
  ])
  expect(changesBetween([api('api:1', '1')], [api('api:1', '2')])).toEqual([])
})

test('no value that may be a secret is shown', () => {
  const canary = 'canary-8d1f'
  const objects = (value: string): JsonRecord[] => [
    { kind: 'Secret', metadata: { name: 's' }, data: { anything: value }, stringData: { x: value } },
    { kind: 'ConfigMap', metadata: { name: 'c' }, data: { DB_PASSWORD: value, LOG_LEVEL: 'info' } },
    deployment('d', {
      containers: [
        {
          name: 'a',
          args: [value],
          env: [
            { name: 'API_TOKEN', value },
            { name: 'PW', value },
          ],
          livenessProbe: { httpGet: { httpHeaders: [{ name: 'Authorization', value: `Bearer ${value}` }] } },
        },
      ],
    }),
  ]
  const changes = changesBetween(objects('before'), objects(canary))
  expect(changes.flatMap((change) => change.details)).toHaveLength(7)
  expect(JSON.stringify(changes)).not.toContain(canary)
  expect(JSON.stringify(changes)).not.toContain('before')
})

const manifest = [deployment('api', { containers: [{ name: 'api', image: 'registry/tally/api:2026.3.9' }] })]

function pod(image: string, over: JsonRecord = {}): JsonRecord {
  return {
    kind: 'Pod',
    metadata: { name: 'api-1', labels: { app: 'api' }, ...over },
    spec: {
      containers: [
        { name: 'api', image },
        { name: 'mesh', image: 'mesh:9' },
      ],
    },
    status: { phase: 'Running' },
  }
}

test('a pod that runs another image than the record says is a stray', () => {
  expect(strays(manifest, [pod('registry/tally/api:2026.3.9')])).toEqual([])
  expect(strays(manifest, [pod('mirror.local/x/api:2026.3.9')])).toEqual([])
  expect(strays(manifest, [pod('registry/tally/api:2026.2.9')])).toEqual([
    'pod api-1 runs registry/tally/api:2026.2.9 in api, Deployment/api says registry/tally/api:2026.3.9',
  ])
})

test('pods of others, ended pods and ending pods say nothing', () => {
  const old = 'registry/tally/api:2026.2.9'
  const others = [
    pod(old, { labels: { app: 'else' } }),
    pod(old, { deletionTimestamp: '2026-11-23T17:00:00Z' }),
    { ...pod(old), status: { phase: 'Failed' } },
  ]
  expect(strays(manifest, others)).toEqual([])
  expect(podsOfManifest(manifest, [...others, pod(old)])).toHaveLength(1)
})
