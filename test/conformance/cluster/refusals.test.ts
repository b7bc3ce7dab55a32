// What the real server refuses, and in whose words: permissions, admission policies, wrong credentials, an untrusted certificate.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { connect } from '../../../src/adapters/kube/connect.ts'
import type { Cluster } from '../../../src/ports/cluster.ts'
import { realCluster } from './real.ts'

interface Kubeconfig {
  clusters: { cluster: Record<string, unknown> }[]
  users: { user: Record<string, unknown> }[]
}

let real: Awaited<ReturnType<typeof realCluster>>
let folder: string
const policy = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicy' }
const binding = { ...policy, kind: 'ValidatingAdmissionPolicyBinding' }

beforeAll(async () => {
  real = await realCluster()
  folder = await mkdtemp(join(tmpdir(), 'pawl-refusals-'))
})
afterAll(async () => {
  if (real === undefined) return
  await real.cluster.remove({ ...binding, name: real.namespace })
  await real.cluster.remove({ ...policy, name: real.namespace })
  await real.cleanUp()
  await rm(folder, { recursive: true })
})

/** A connection with one thing changed in the kubeconfig. */
async function changed(change: (config: Kubeconfig) => void): Promise<Cluster> {
  const config = parse(await readFile(real.kubeconfig, 'utf8')) as Kubeconfig
  change(config)
  const path = join(folder, `config-${Math.random()}`)
  await writeFile(path, stringify(config), { mode: 0o600 })
  return connect({ kubeconfig: path, namespace: real.namespace })
}

const settings = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } })

test('a missing permission names verb, resource and namespace', async () => {
  const cluster = await changed(({ users }) =>
    users.forEach(({ user }) => (user.as = `system:serviceaccount:${real.namespace}:default`)),
  )
  const works = [
    () => cluster.list({ apiVersion: 'v1', kind: 'Secret', namespace: real.namespace }),
    () => cluster.create(settings('x')),
  ]
  for (const work of works) {
    await expect(work()).rejects.toMatchObject({
      code: 'cluster-refused',
      message: expect.stringMatching(/Not allowed to (list secrets|create configmaps)/),
      facts: { namespace: real.namespace },
    })
  }
})

test('unknown credentials are refused, not retried for ever', async () => {
  const cluster = await changed(
    (config) => (config.users = config.users.map((entry) => ({ ...entry, user: { token: 'nobody' } }))),
  )
  await expect(cluster.get({ apiVersion: 'v1', kind: 'ConfigMap', name: 'x' })).rejects.toMatchObject({
    code: 'cluster-refused',
    message: expect.stringContaining('does not accept these credentials'),
  })
})

test("a server whose certificate is not the cluster's is not talked to", async () => {
  const cluster = await changed(({ clusters }) =>
    clusters.forEach((entry) => delete entry.cluster['certificate-authority-data']),
  )
  const before = performance.now()
  await expect(cluster.get({ apiVersion: 'v1', kind: 'ConfigMap', name: 'x' })).rejects.toMatchObject({
    code: 'cluster-unreachable',
    message: expect.stringMatching(/certificate/),
  })
  expect(performance.now() - before).toBeLessThan(1_500)
})

test("an admission policy's message arrives whole, and nothing was written", async () => {
  const because = `nothing was changed. Use: pawl recover carto. ${'Because of a long story. '.repeat(20)}`
  await real.cluster.create({
    ...policy,
    metadata: { name: real.namespace },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: {
        resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
      },
      validations: [{ expression: `object.metadata.name != 'forbidden'`, reason: 'Forbidden', message: because }],
    },
  })
  await real.cluster.create({
    ...binding,
    metadata: { name: real.namespace },
    spec: {
      policyName: real.namespace,
      validationActions: ['Deny'],
      matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': real.namespace } } },
    },
  })
  // The policy comes into force a moment after it was made.
  let refused: unknown
  for (let tries = 0; refused === undefined && tries < 100; tries += 1) {
    refused = await real.cluster.create(settings('forbidden'), { dryRun: true }).then(
      () => undefined,
      (error: unknown) => error,
    )
    if (refused === undefined) await new Promise((resolve) => setTimeout(resolve, 100))
  }
  expect(refused).toMatchObject({ code: 'cluster-refused', message: expect.stringContaining(because.trim()) })
  expect(String(refused)).not.toContain('Not allowed to')
  expect(await real.cluster.get({ apiVersion: 'v1', kind: 'ConfigMap', name: 'forbidden' })).toBeUndefined()
  await real.cluster.create(settings('allowed'))
})
