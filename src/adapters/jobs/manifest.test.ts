import { expect, test } from 'vitest'
import type { DataTask, DatabaseTarget } from '../../core/data/tasks.ts'
import { jobFor } from './manifest.ts'

const DATABASE: DatabaseTarget = {
  role: 'ledger',
  host: 'db',
  port: 5432,
  database: 'ledger',
  login: { user: 'app', password: { secret: 'db-app', key: 'password' } },
  admin: { user: 'postgres', database: 'postgres', password: { secret: 'db-admin', key: 'pw' } },
  tls: 'disable',
  migrations: { table: 'public.migrations', column: 'name' },
}
const BACKUP: DataTask = {
  kind: 'backup',
  databases: [
    DATABASE,
    { ...DATABASE, role: 'second', login: { user: 'app', password: { secret: 'db-app', key: 'other' } } },
  ],
  recipients: ['age1x'],
  releaseFiles: 'run-files',
  about: {},
  jobs: 2,
  set: 'carto/carto/1',
  store: { type: 's3', bucket: 'b', prefix: '', credentials: 's3-keys' },
}

interface PodSpec {
  volumes: Record<string, unknown>[]
  containers: [
    {
      env: { name: string; value: string }[]
      volumeMounts: { name: string; mountPath: string; readOnly?: boolean }[]
      securityContext: object
    },
  ]
  [field: string]: unknown
}

function podOf(task: DataTask): PodSpec {
  const { job } = jobFor(task, 'b1', { namespace: 'carto', image: 'data:15' })
  return (job.spec as { template: { spec: PodSpec } }).template.spec
}

test('only the named keys of a Secret are mounted, read-only, where the task expects them', () => {
  const pod = podOf(BACKUP)
  const at = (path: string) => {
    const mount = pod.containers[0].volumeMounts.find(({ mountPath }) => mountPath === path)
    return { readOnly: mount?.readOnly, volume: pod.volumes.find(({ name }) => name === mount?.name) }
  }
  const projected = (secret: object) => ({ defaultMode: 0o440, sources: [{ secret }] })
  const keys = (...names: string[]) => names.map((key) => ({ key, path: key }))
  expect(at('/var/run/pawl/secrets/db-app')).toMatchObject({
    readOnly: true,
    volume: { projected: projected({ name: 'db-app', items: keys('password', 'other') }) },
  })
  expect(at('/var/run/pawl/secrets/db-admin')).toMatchObject({
    readOnly: true,
    volume: { projected: projected({ name: 'db-admin', items: keys('pw') }) },
  })
  expect(at('/var/run/pawl/secrets/s3-keys')).toMatchObject({
    readOnly: true,
    volume: { projected: projected({ name: 's3-keys' }) },
  })
  expect(at('/var/run/pawl/release')).toMatchObject({
    readOnly: true,
    volume: { secret: { secretName: 'run-files', defaultMode: 0o440 } },
  })
  expect(pod.containers[0].volumeMounts).toHaveLength(5)
})

test('the identity that opens a backup is mounted for proof and restore', () => {
  const prove: DataTask = {
    kind: 'prove',
    identity: { secret: 'pawl-identity', key: 'identity' },
    jobs: 1,
    set: 's',
    store: { type: 'volume', claim: 'backups' },
  }
  const mounts = podOf(prove).containers[0].volumeMounts.map(({ mountPath, readOnly }) => [
    mountPath,
    readOnly ?? false,
  ])
  expect(mounts).toEqual([
    ['/tmp', false],
    ['/var/run/pawl/secrets/pawl-identity', true],
    ['/var/lib/pawl/store', false],
  ])
})

test('a task that copies has both of its stores: two volumes at two places, or one and what the other is reached with', () => {
  const store = { type: 'volume', claim: 'backups' } as const
  const copy = { kind: 'copy-set', set: 's', page: false, store } as const
  const two = podOf({ ...copy, to: { type: 'volume', claim: 'archive' } })
  expect(two.volumes.slice(1)).toEqual([
    { name: 'store', persistentVolumeClaim: { claimName: 'backups' } },
    { name: 'to', persistentVolumeClaim: { claimName: 'archive' } },
  ])
  expect(two.containers[0].volumeMounts.slice(1)).toEqual([
    { name: 'store', mountPath: '/var/lib/pawl/store' },
    { name: 'to', mountPath: '/var/lib/pawl/to' },
  ])
  const bucket = { type: 's3', bucket: 'b', prefix: '', credentials: 'key', serviceAccount: 'backup' } as const
  for (const pod of [podOf({ ...copy, to: bucket }), podOf({ ...copy, store: bucket, to: store })]) {
    expect(pod['serviceAccountName']).toBe('backup')
    expect(pod.containers[0].volumeMounts.map(({ mountPath }) => mountPath)).toContain('/var/run/pawl/secrets/key')
  }
})

test('its end is remembered while a run may be gone on with, and not for ever', () => {
  const { job } = jobFor(BACKUP, 'b1', { namespace: 'carto', image: 'data:15' })
  expect(job.spec).toMatchObject({ ttlSecondsAfterFinished: 7 * 24 * 3600 })
})

test('the pod may do nothing but its work, and is tried once', () => {
  const { job } = jobFor(BACKUP, 'b1', { namespace: 'carto', image: 'data:15' })
  expect(job.spec).toMatchObject({ backoffLimit: 0 })
  const pod = podOf(BACKUP)
  expect(pod).toMatchObject({
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 1000,
      runAsGroup: 1000,
      fsGroup: 1000,
      seccompProfile: { type: 'RuntimeDefault' },
    },
  })
  expect(pod.containers[0].securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  })
})

test('a task that is too large for the environment travels in a ConfigMap', () => {
  const small = jobFor(BACKUP, 'b1', { namespace: 'carto', image: 'i' })
  expect(small.configMap).toBeUndefined()
  expect(podOf(BACKUP).containers[0].env.find(({ name }) => name === 'PAWL_TASK')?.value).toBe(JSON.stringify(BACKUP))
  const large: DataTask = { ...BACKUP, about: { note: 'x'.repeat(100_000) } }
  const made = jobFor(large, 'b1', { namespace: 'carto', image: 'i' })
  expect((made.configMap?.data as Record<string, string>)['task.json']).toBe(JSON.stringify(large))
  const pod = podOf(large)
  const env = Object.fromEntries(pod.containers[0].env.map(({ name, value }) => [name, value]))
  expect(env).toEqual({ TMPDIR: '/tmp', HOME: '/tmp', PAWL_TASK_FILE: '/var/run/pawl/task/task.json' })
  expect(pod.containers[0].volumeMounts).toContainEqual({
    name: 'task',
    mountPath: '/var/run/pawl/task',
    readOnly: true,
  })
})

test('Kubernetes is kept from expanding what looks like a variable in the task', () => {
  const odd: DataTask = { ...BACKUP, about: { note: 'costs $5 $(HOME) $$' } }
  const value = podOf(odd).containers[0].env.find(({ name }) => name === 'PAWL_TASK')?.value
  expect(value).toContain('costs $$5 $$(HOME) $$$$')
})

test('registries of images: their logins and their authority are mounted, nothing else of those Secrets', () => {
  const reach = { logins: [{ secret: 'vendor', key: '.dockerconfigjson' }], ca: 'company-ca' }
  const store = { type: 'volume', claim: 'c' } as const
  const identity = { secret: 'pawl-identity', key: 'identity' }
  const push: DataTask = {
    kind: 'push-images',
    registry: { host: 'r', path: '' },
    reach,
    store,
    identity,
    set: 'a/b/c',
  }
  const wanted = { of: [], platforms: 'all' as const, reach }
  for (const task of [push, { ...BACKUP, images: wanted }] as DataTask[]) {
    const { volumes, containers } = podOf(task)
    const name = containers[0].volumeMounts.find(({ mountPath }) => mountPath.endsWith('/secrets/vendor'))?.name
    expect(volumes.find((volume) => volume['name'] === name)).toMatchObject({
      projected: {
        sources: [{ secret: { name: 'vendor', items: [{ key: '.dockerconfigjson', path: '.dockerconfigjson' }] } }],
      },
    })
    expect(containers[0].volumeMounts.map(({ mountPath }) => mountPath)).toContain('/var/run/pawl/secrets/company-ca')
  }
})

test('a store across the network: its Secrets are mounted, its proxy and its ServiceAccount are used', () => {
  const store = { type: 'azure', account: 'a', container: 'c', prefix: '' } as const
  const plain = podOf({ kind: 'check-store', store })
  expect(plain['serviceAccountName']).toBe('default')
  expect(plain.containers[0].env.map(({ name }) => name)).not.toContain('HTTPS_PROXY')
  const reach = { ca: 'company-ca', credentials: 'azure-key', proxy: 'http://proxy:3128', serviceAccount: 'backup' }
  const task: DataTask = { kind: 'check-store', store: { ...store, ...reach } }
  const pod = podOf(task)
  const paths = pod.containers[0].volumeMounts.map(({ mountPath }) => mountPath)
  expect(paths).toEqual(['/tmp', '/var/run/pawl/secrets/azure-key', '/var/run/pawl/secrets/company-ca'])
  expect(pod.containers[0].env).toContainEqual({ name: 'HTTPS_PROXY', value: 'http://proxy:3128' })
  expect(pod['serviceAccountName']).toBe('backup')
  const { job } = jobFor(task, 'b1', { namespace: 'carto', image: 'data:15' })
  const { template } = job.spec as { template: { metadata: { labels: Record<string, string> } } }
  expect(template.metadata.labels['azure.workload.identity/use']).toBe('true')
})
