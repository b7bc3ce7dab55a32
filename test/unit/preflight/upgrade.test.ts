import { expect, test } from 'vitest'
import { PawlError } from '../../../src/core/errors.ts'
import { buildPlan, refusalOf } from '../../../src/core/plan/build.ts'
import type { Plan } from '../../../src/core/plan/plan.ts'
import { backupSetObject } from '../../../src/core/resources.ts'
import type { KubeObject } from '../../../src/ports/cluster.ts'
import { mergeValues, userValues } from '../../../src/steps/preflight/values.ts'
import { gatherFacts } from '../../../src/steps/preflight/upgrade.ts'
import type { ValuesFile } from '../../../src/steps/preflight/deps.ts'
import { CHARTS, CONFIG, markFlux, NAMESPACE, record, seedData, seedPod, workload, world } from './world.ts'
import type { World } from './world.ts'

const FILES: ValuesFile[] = [
  {
    name: 'tally-values.yaml',
    content: 'tallyConfigValues: {customerPackageVersion: 2026.3.1, selfHostedTenantId: onp-7f3a}\n',
  },
  { name: 'tally-secrets.yaml', content: 'tallySecrets: {encryptionKey: {value: canary-key-51c8}}\n' },
]

async function plan(here: World, to = '2026.3.9', valuesFiles = FILES): Promise<Plan> {
  const { facts } = await gatherFacts(here.deps, { to, valuesFiles })
  return buildPlan(facts, [], here.deps.sha256)
}

async function codeOf(here: World, to?: string, files?: ValuesFile[]): Promise<string | undefined> {
  const found = await plan(here, to, files)
  const refusal = refusalOf(found)
  return refusal === undefined ? undefined : `${String(refusal.facts['gate'])} ${refusal.code}`
}

test('an installation with nothing wrong is planned', async () => {
  const here = world()
  const found = await plan(here)
  expect(found.gates.filter(({ answer }) => answer !== 'pass').map(({ gate, evidence }) => [gate, evidence])).toEqual(
    [],
  )
  expect(found).toMatchObject({
    release: 'prod',
    namespace: NAMESPACE,
    from: { appVersion: '2026.2.9', chartVersion: '1.46.1' },
    to: { appVersion: '2026.3.9', chartVersion: '1.52.2' },
    revision: 3,
    databases: [
      {
        target: { role: 'ledger', host: 'prod-postgresql', database: 'tally' },
        lastMigration: '20260205100000-insurance',
        expectedMigration: '20260304100000-priority-rank',
        migrator: { kind: 'init-container', deployment: 'prod-tally-ledger-api', container: 'ledger-migrations' },
      },
    ],
    writers: [
      { deployment: 'prod-tally-ledger-api', replicas: 2 },
      { deployment: 'prod-tally-recorder', replicas: 2 },
    ],
  })
  expect(found.changes.map(({ object }) => object)).toEqual([
    'Deployment/prod-tally-ledger-api',
    'Deployment/prod-tally-recorder',
  ])
  expect(here.tasks.toSorted()).toEqual(['check-store', 'discard', 'discard', 'observe'])
})

test('the run keeps both charts and the values files in order', async () => {
  const here = world()
  const { files } = await gatherFacts(here.deps, { to: '2026.3.9', valuesFiles: FILES })
  const texts = Object.fromEntries(
    Object.entries(files).map(([name, body]) => [name, Buffer.from(body).toString('utf8')]),
  )
  expect(texts).toEqual({
    'chart.tgz': '1.52.2',
    'from-chart.tgz': '1.46.1',
    'values-0.yaml': FILES[0]?.content,
    'values-1.yaml': FILES[1]?.content,
  })
})

test('the plan holds no secret of the values', async () => {
  const here = world()
  const { facts } = await gatherFacts(here.deps, { to: '2026.3.9', valuesFiles: FILES })
  const { profile: _, ...told } = facts
  expect(JSON.stringify(told)).not.toContain('canary-key-51c8')
  expect(JSON.stringify(await plan(here))).not.toContain('canary-key-51c8')
})

test('without files the installed values are used, named and hashed', async () => {
  const here = world()
  const found = await plan(here, '2026.3.9', [])
  expect(refusalOf(found)).toBeUndefined()
  expect(found.values.files.map(({ name }) => name)).toEqual(['values of the installed release'])
})

test.each([
  ['2025.6.9', 'target-newer target-older'],
  ['2026.2.9', 'target-newer target-same'],
  ['latest', 'target-known version-unparsable'],
  ['', 'target-known version-unparsable'],
  ['>=2026.3.9', 'target-known version-unparsable'],
  ['2026.3.10', 'target-known target-unknown'],
  ['chart:1.57.1-beta', 'target-not-candidate gate-refused'],
])('a refused target (%j) is refused by reading alone: nothing is rendered, no task is run', async (to, expected) => {
  const here = world()
  expect(await codeOf(here, to)).toBe(expected)
  expect(here.tasks).toEqual([])
  expect(here.helmCalls).toEqual([])
})

test('a refused command leaves every object as it was', async () => {
  const here = world()
  const kinds = ['Deployment', 'StatefulSet'].map((kind) => ({ apiVersion: 'apps/v1', kind, namespace: NAMESPACE }))
  const all = async (): Promise<unknown[]> =>
    await Promise.all(kinds.map(async (query) => await here.cluster.list(query)))
  const before = await all()
  expect(await codeOf(here, '2025.6.9')).toBe('target-newer target-older')
  expect(await all()).toEqual(before)
})

test('an installation that Flux owns is refused by reading alone; a suspended one is planned', async () => {
  const here = world()
  markFlux(here, false)
  expect(await codeOf(here)).toBe('not-managed-elsewhere gate-refused')
  expect(here.tasks).toEqual([])
  const suspended = world()
  markFlux(suspended, true)
  expect(await codeOf(suspended)).toBe(undefined)
})

test('who may not see HelmReleases is stopped by the marks of Flux, and not without them', async () => {
  const unseen = (here: World): World => {
    const { list, get } = here.cluster
    const refused = new PawlError({ code: 'cluster-refused', message: 'Not allowed to list helmreleases' })
    here.cluster.list = async (query, signal) =>
      query.kind === 'HelmRelease' ? await Promise.reject(refused) : await list.call(here.cluster, query, signal)
    here.cluster.get = async (ref, signal) =>
      ref.kind === 'HelmRelease' ? await Promise.reject(refused) : await get.call(here.cluster, ref, signal)
    return here
  }
  const marked = world()
  markFlux(marked, true)
  expect(await codeOf(unseen(marked))).toBe('not-managed-elsewhere unknown-state')
  expect(await codeOf(unseen(world()))).toBe(undefined)
})

const spoiled: [what: string, spoil: (here: World) => void, expected: string][] = [
  [
    'a renamed database',
    (here) => (here.defaults['1.52.2'] = { internalPostgresql: { auth: { database: 'books' } } }),
    'database-names-unchanged gate-refused',
  ],
  [
    'a ConfigMap that says something else',
    (here) =>
      seedData(here.cluster, 'ConfigMap', 'prod-tally-ledger-api', {
        TALLY_VERSION: '2026.2.9',
        LEDGER_POSTGRES_HOST: 'db.example',
        LEDGER_POSTGRES_PORT: '5432',
        LEDGER_POSTGRES_DB: 'tally',
        LEDGER_POSTGRES_USER: 'tally_admin',
      }),
    'databases-agree unknown-state',
  ],
  [
    'no ConfigMap',
    (here) => seedData(here.cluster, 'ConfigMap', 'prod-tally-ledger-api', {}),
    'installed-known unknown-state',
  ],
  [
    'a pod of an older image',
    (here) => seedPod(here.cluster, 'prod-tally-recorder', 'tally/recorder:2026.1.12'),
    'installed-known unknown-state',
  ],
  [
    'no password',
    (here) => seedData(here.cluster, 'Secret', 'prod-postgresql', { 'postgres-password': 'eA==' }),
    'databases-known unknown-state',
  ],
  ['no identity', (here) => seedData(here.cluster, 'Secret', 'pawl-identity', {}), 'keys-present not-initialised'],
  [
    'a pending record',
    (here) => here.history.unshift(record({ revision: 4, status: 'pending-upgrade' })),
    'no-pending-operation release-pending',
  ],
  [
    'a schema ahead',
    (here) => here.observations[0]?.migrations?.push('20260302100000-split-recipient'),
    'schema-clean unknown-state',
  ],
  ['a claim that goes', (here) => here.manifests['1.52.2']?.splice(2, 1), 'storage-unchanged gate-refused'],
  ['no migrator', (here) => here.manifests['1.52.2']?.splice(0, 1), 'migrator-found unknown-state'],
  [
    'a writer of the target that nothing stops',
    (here) => here.manifests['1.52.2']?.push(workload('prod-tally-stranger', 'x:1')),
    'target-stays-stopped gate-refused',
  ],
  [
    'another archive of the installed chart',
    (here) => here.manifests['1.46.1']?.push(workload('else', 'x:1')),
    'chart-of-installed-matches gate-unaccepted',
  ],
  [
    'an installed chart that is gone',
    (here) => (here.history[0] = record({ chart: { ...record().chart, version: '1.46.9' } })),
    'chart-of-installed-available gate-refused',
  ],
]

test.each(spoiled)('%s stops the upgrade', async (_, spoil, expected) => {
  const here = world()
  spoil(here)
  expect(await codeOf(here)).toBe(expected)
})

test('another tenant or key is refused, a key given by an empty new default is not', async () => {
  const other: ValuesFile[] = [{ name: 'other.yaml', content: 'tallyConfigValues: {selfHostedTenantId: onp-other}' }]
  expect(await codeOf(world(), '2026.3.9', [...FILES, ...other])).toBe('immutable-values-unchanged gate-refused')
  const here = world()
  here.defaults['1.52.2'] = { tallySecrets: { encryptionKey: { newOption: '' } } }
  expect(await codeOf(here)).toBeUndefined()
})

test('an old package is refused before Helm would start its hook', async () => {
  const old = [{ name: 'old.yaml', content: 'tallyConfigValues: {customerPackageVersion: 2025.10.1}' }]
  expect(await codeOf(world(), '2026.3.9', [...FILES, ...old])).toBe('package-new-enough package-too-old')
})

test('a failed attempt that changed nothing is said and passes', async () => {
  const here = world()
  here.history.unshift(record({ revision: 4, status: 'failed', chart: { ...CHARTS.target, values: {} } }))
  const found = await plan(here)
  expect(found.gates.find(({ gate }) => gate === 'installed-known')?.answer).toBe('warn')
  expect([found.from.appVersion, found.revision, refusalOf(found)]).toEqual(['2026.2.9', 4, undefined])
})

test('a Deployment that somebody scaled by hand is named with its owner', async () => {
  const here = world()
  const scaled = workload('prod-tally-recorder', 'tally/recorder:2026.2.9')
  scaled.metadata.managedFields = [
    { manager: 'kubectl', operation: 'Update', subresource: 'scale', fieldsV1: { 'f:spec': { 'f:replicas': {} } } },
  ]
  here.cluster.seed(scaled)
  const found = await plan(here)
  expect(found.writers[1]).toEqual({ deployment: 'prod-tally-recorder', replicas: 2, scaledBy: 'kubectl' })
  expect(found.gates.find(({ gate }) => gate === 'replicas-owner')?.answer).toBe('warn')
  expect(refusalOf(found)).toBeUndefined()
})

test('databases that cannot be reached are a refusal, and what was begun is discarded', async () => {
  const here = world()
  const { run } = here.deps.dataPlane
  here.deps.dataPlane.run = async (task, options) => {
    if (task.kind === 'observe')
      throw new PawlError({ code: 'database-unreachable', message: 'prod-postgresql:5432 refused' })
    return await run(task, options)
  }
  expect(await codeOf(here)).toBe('databases-reachable database-unreachable')
  expect(here.tasks.filter((task) => task === 'discard')).toHaveLength(2)
})

test('a cluster that does not answer is no fact: it ends the command', async () => {
  const here = world()
  here.deps.helm.version = () => Promise.reject(new PawlError({ code: 'cluster-unreachable', message: 'down' }))
  await expect(plan(here)).rejects.toMatchObject({ code: 'cluster-unreachable' })
})

test('a release of another product, or none, ends the command', async () => {
  const here = world()
  here.history[0] = record({ chart: { ...CHARTS.installed, name: 'wordpress', values: {} } })
  await expect(plan(here)).rejects.toMatchObject({ code: 'product-unknown' })
  here.history.length = 0
  await expect(plan(here)).rejects.toMatchObject({ code: 'release-not-found' })
})

test('the order of files counts, a null removes, and a file that is no mapping is refused without its text', () => {
  const { parseYaml } = world().deps
  const file = (content: string): ValuesFile => ({ name: 'f.yaml', content })
  expect(
    userValues({ parseYaml }, [file('a: {b: 1, c: 2}'), file('a: {b: 3}'), file(''), file('a: {c: null}')]),
  ).toEqual({ a: { b: 3, c: null } })
  expect(mergeValues(CONFIG, {})).toEqual(CONFIG)
  for (const content of ['- list', 'canary-51c8', '{a: 1']) {
    expect(() => userValues({ parseYaml }, [file(content)])).toThrow(
      expect.objectContaining({ code: 'input-invalid', message: expect.not.stringContaining('canary') }),
    )
  }
})

test('an upgrade that leaves the copies of its proof asks for room, and waits while those of an earlier one stand', async () => {
  const here = world()
  const staged = async (roomBytes?: number): Promise<(string | undefined)[]> => {
    const staging = roomBytes === undefined ? {} : { roomBytes }
    const { facts } = await gatherFacts(here.deps, { to: '2026.3.9', valuesFiles: FILES, staging })
    const refusal = refusalOf(buildPlan(facts, [], here.deps.sha256))
    return [refusal?.code, ...(refusal === undefined ? [] : (refusal.facts['unaccepted'] as string[]))]
  }
  expect(await staged()).toEqual(['gate-unaccepted', 'staging-room'])
  expect(await staged(1e9)).toEqual([undefined])
  const copies = [{ role: 'ledger', database: 'tally__pawl_set_a', sizeBytes: 5 }]
  const status = {
    manifestSha256: 'm',
    rung: 'proven' as const,
    databases: [],
    product: { appVersion: '1', chartVersion: '1', chartDigest: '' },
    takenAt: '2026-03-01T00:00:00.000Z',
    proofs: [],
    writers: [],
    targets: [],
    staged: { suffix: '__pawl_set_a', at: '2026-03-01T00:00:00.000Z', copies },
  }
  const { store } = here.deps.installation
  const set = { name: 'a', namespace: NAMESPACE, release: 'prod', set: 'ledger/prod/a', store, status }
  here.cluster.seed(backupSetObject(set) as KubeObject)
  expect(await staged(1e9)).toEqual(['gate-unaccepted', 'no-staged-copies'])
})
