// The profile of Tally says what its real chart renders, for every way of naming and placing the databases.
import { execa } from 'execa'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { findHelm, packageCharts } from '../../../examples/tally/build/charts.ts'
import type { JsonRecord } from '../../../src/core/json.ts'
import { recordOf, valueAt } from '../../../src/core/json.ts'
import { evaluatorFor } from '../../../src/core/profile/cel.ts'
import type { CelScope } from '../../../src/core/profile/cel.ts'
import { databasesOf } from '../../../src/core/profile/databases.ts'
import type { ExpectedDatabase } from '../../../src/core/profile/databases.ts'
import { coalesceValues } from '../../../src/core/profile/values.ts'
import { changesBetween } from '../../../src/core/rendered/diff.ts'
import { findObject, initContainersOf, objectsOf, referencesOf } from '../../../src/core/rendered/objects.ts'
import { storageChanges } from '../../../src/core/rendered/storage.ts'
import { otherWriters, writingDeployments } from '../../../src/core/rendered/writers.ts'
import { tally } from '../../../src/profiles/tally/profile.ts'
import { mergeValues } from '../../../src/steps/preflight/values.ts'

const helm = findHelm() ?? 'helm'
let folder = ''
const charts = new Map<string, { chart: CelScope['chart']; values: JsonRecord }>()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pawl-profile-'))
  await packageCharts(folder, helm)
})
afterAll(async () => {
  await rm(folder, { recursive: true })
})

function archive(version: string): string {
  return join(folder, `tally-${version}.tgz`)
}

async function show(what: 'chart' | 'values', version: string): Promise<JsonRecord> {
  const { stdout } = await execa(helm, ['show', what, archive(version)])
  return recordOf(parse(stdout))
}

async function chartOf(version: string): Promise<{ chart: CelScope['chart']; values: JsonRecord }> {
  const known = charts.get(version)
  if (known !== undefined) return known
  const [about, values] = await Promise.all([show('chart', version), show('values', version)])
  const chart = {
    name: 'tally',
    version,
    appVersion: String(about['appVersion']),
    annotations: about['annotations'] as Record<string, string>,
  }
  charts.set(version, { chart, values })
  return { chart, values }
}

const BASE: JsonRecord = {
  tallySecrets: { encryptionKey: { value: 'not-a-real-key' } },
  tallyConfigValues: { customerPackageVersion: '2026.7.2', selfHostedTenantId: 'onp-7f3a' },
}

interface Case {
  objects: JsonRecord[]
  databases: ExpectedDatabase[]
  scope: CelScope
}

async function render(version: string, release: string, over: JsonRecord): Promise<Case> {
  const config = mergeValues(BASE, over)
  const file = join(folder, `values-${release.length}.json`)
  await writeFile(file, JSON.stringify(config))
  const { stdout } = await execa(helm, ['template', release, archive(version), '-n', 'ledger', '-f', file])
  const { chart, values } = await chartOf(version)
  const scope = { release: { name: release, namespace: 'ledger' }, values: coalesceValues(values, config), chart }
  const objects = objectsOf(parseAllDocuments(stdout).map((document): unknown => document.toJS()))
  return { objects, scope, databases: databasesOf(tally, scope) }
}

const AI = { appConfigValues: { aiFeaturesEnabled: true } }
const ways: [string, JsonRecord][] = [
  ['defaults', {}],
  ['the assistant', AI],
  [
    "the user's own server",
    {
      internalPostgresql: { enabled: false },
      externalPostgresql: {
        host: 'db',
        port: '6432',
        user: 'u',
        database: 'd',
        password: 'p',
        adminUser: 'root',
        adminPassword: 'x',
      },
    },
  ],
  [
    "the user's own server and Secret, TLS",
    {
      ...AI,
      internalPostgresql: { enabled: false },
      externalPostgresql: {
        host: 'db',
        existingSecret: 'mine',
        existingSecretPasswordKey: 'pw',
        sslEnabled: true,
        assistDatabaseName: 'helper',
      },
    },
  ],
  [
    'an own Secret for the server of the chart',
    { internalPostgresql: { auth: { existingSecret: 'own', database: 'x', username: 'y' } } },
  ],
  ['another full name', { fullnameOverride: 'books' }],
  ['another name', { nameOverride: 'books' }],
]
const versions = ['1.20.1', '1.52.2', '1.57.1-beta', '1.83.1']
const releases = ['prod', 'my-tally', 'x'.repeat(53)]
const cases = versions.flatMap((version) => ways.map(([name, over]) => [version, name, over] as const))

/** What of a database the rendered objects say, in the profile's own terms. */
function asRendered({ objects }: Case, { target, evidence, migrator }: ExpectedDatabase): unknown {
  const data = recordOf(findObject(objects, 'ConfigMap', evidence?.configMap ?? '')?.['data'])
  const deployment = findObject(objects, 'Deployment', migrator.deployment) ?? {}
  const tls = data['LEDGER_POSTGRES_SSL_ENABLED'] ?? data['ASSIST_DATABASE_SSL_ENABLED']
  const [host, port, database, user] = [evidence?.host, evidence?.port, evidence?.database, evidence?.user].map(
    (key) => data[key ?? ''],
  )
  return {
    host,
    port,
    database,
    user,
    tls: tls === 'true' ? 'require' : 'disable',
    passwordHere: JSON.stringify(deployment).includes(
      JSON.stringify({ secretKeyRef: { name: target.login.password?.secret, key: target.login.password?.key } }),
    ),
    secretHere: referencesOf(deployment).secrets.has(target.login.password?.secret ?? ''),
    migrator: migrator.kind === 'deployment' || initContainersOf(deployment).includes(migrator.container),
  }
}

test.each(cases)('chart %s with %s', async (version, _, over) => {
  for (const release of releases) {
    const found = await render(version, release, over)
    for (const database of found.databases) {
      const { host, port, database: name, login, tls } = database.target
      const expected = {
        host,
        port: String(port),
        database: name,
        user: login.user,
        tls,
        passwordHere: true,
        secretHere: true,
        migrator: true,
      }
      expect(asRendered(found, database)).toEqual(expected)
      expectKeys(found.objects, [login.password, database.target.admin?.password])
    }
    const assist = found.objects.some((object) => String(valueAt(object, 'metadata.name')).endsWith('-assist'))
    expect(found.databases.map(({ target }) => target.role)).toEqual(assist ? ['ledger', 'assist'] : ['ledger'])
    const configMap = evaluatorFor('tally', found.scope).text('runningVersion', tally.runningVersion?.configMap ?? '')
    const running = valueAt(findObject(found.objects, 'ConfigMap', configMap), ['data', 'TALLY_VERSION'])
    expect(running).toBe(found.scope.chart.appVersion)
  }
})

function expectKeys(objects: JsonRecord[], refs: ({ secret: string; key: string } | undefined)[]): void {
  for (const ref of refs) {
    const secret = ref === undefined ? undefined : findObject(objects, 'Secret', ref.secret)
    if (ref === undefined || secret === undefined) continue
    expect(Object.keys({ ...recordOf(secret['data']), ...recordOf(secret['stringData']) })).toContain(ref.key)
  }
}

test('the writers are those that hold credentials; the database server is none', async () => {
  const { objects, databases } = await render('1.52.2', 'prod', AI)
  expect(writingDeployments(objects, databases)).toEqual([
    'prod-tally-assist',
    'prod-tally-board',
    'prod-tally-ledger-api',
    'prod-tally-recorder',
  ])
  expect(otherWriters(objects, databases)).toEqual([])
})

test('rendering twice differs in Secrets only; the next release leaves the storage alone', async () => {
  const [first, again, next] = [
    await render('1.46.1', 'prod', {}),
    await render('1.46.1', 'prod', {}),
    await render('1.52.2', 'prod', {}),
  ]
  expect(changesBetween(first.objects, again.objects).filter(({ object }) => !object.startsWith('Secret/'))).toEqual([])
  expect(storageChanges(first.objects, next.objects)).toEqual([])
  expect(changesBetween(first.objects, next.objects).map(({ object }) => object)).toContain(
    'Deployment/prod-tally-ledger-api',
  )
})

test('the profile makes the chart run no pod of the product', async () => {
  const all = { ...AI, board: { autoscaling: { enabled: true } } }
  const { objects } = await render('1.52.2', 'prod', all)
  const quiesced: JsonRecord = {}
  for (const { path, value } of tally.quiescedValues) {
    const nested = path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value)
    Object.assign(quiesced, mergeValues(quiesced, recordOf(nested)))
  }
  const still = await render('1.52.2', 'prod', mergeValues(all, quiesced))
  const running = (found: JsonRecord[]): unknown[] =>
    found
      .filter(({ kind }) => kind === 'Deployment' || kind === 'HorizontalPodAutoscaler')
      .filter((object) => valueAt(object, 'spec.replicas') !== 0)
  expect(running(objects).length).toBeGreaterThan(3)
  expect(running(still.objects)).toEqual([])
})
