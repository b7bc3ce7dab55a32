// The profile of CARTO says what the stand-in's charts render, for four releases and the ways in which CARTO is installed.
import { execa } from 'execa'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { findHelm } from '../../../examples/tally/build/charts.ts'
import type { JsonRecord } from '../../../src/core/json.ts'
import { listOf, recordOf, valueAt } from '../../../src/core/json.ts'
import { evaluatorFor } from '../../../src/core/profile/cel.ts'
import type { CelScope } from '../../../src/core/profile/cel.ts'
import { databasesOf } from '../../../src/core/profile/databases.ts'
import type { ExpectedDatabase } from '../../../src/core/profile/databases.ts'
import { coalesceValues } from '../../../src/core/profile/values.ts'
import { findObject, initContainersOf, objectsOf } from '../../../src/core/rendered/objects.ts'
import { otherWriters, writingDeployments } from '../../../src/core/rendered/writers.ts'
import { carto } from '../../../src/profiles/carto/profile.ts'
import { mergeValues } from '../../../src/steps/preflight/values.ts'
import { cartoChartFile, packageCartoCharts } from '../../products/carto/build/charts.ts'
import { cartoPackage } from '../../products/carto/build/customer-package.ts'
import { cartoRelease, RELEASES } from '../../products/carto/build/releases.ts'

const helm = findHelm() ?? 'helm'
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pawl-carto-profile-'))
  await packageCartoCharts(folder, helm)
})
afterAll(async () => await rm(folder, { recursive: true }))

interface Rendered {
  objects: JsonRecord[]
  databases: ExpectedDatabase[]
  scope: CelScope
}

const charts = new Map<string, Pick<CelScope, 'chart' | 'values'>>()

/** What Helm says of a chart itself; asked once. */
async function chartOf(archive: string): Promise<Pick<CelScope, 'chart' | 'values'>> {
  const known = charts.get(archive)
  if (known !== undefined) return known
  const [about = {}, values = {}] = await Promise.all(
    ['chart', 'values'].map(async (what) => recordOf(parse((await execa(helm, ['show', what, archive])).stdout))),
  )
  const chart = {
    name: String(about['name']),
    version: String(about['version']),
    appVersion: String(about['appVersion']),
    annotations: recordOf(about['annotations']) as Record<string, string>,
  }
  charts.set(archive, { chart, values })
  return { chart, values }
}

async function render(version: string, over: JsonRecord, release = 'mycarto'): Promise<Rendered> {
  const archive = join(folder, cartoChartFile(cartoRelease(version)))
  const files = Object.values(cartoPackage('2026.4.5')).map((text) => recordOf(parse(text)))
  const config = [...files, over].reduce(mergeValues)
  const file = join(folder, `${version}-${release}.json`)
  await writeFile(file, JSON.stringify(config))
  const { stdout } = await execa(helm, ['template', release, archive, '-n', 'carto', '-f', file])
  const { chart, values } = await chartOf(archive)
  const scope = { release: { name: release, namespace: 'carto' }, values: coalesceValues(values, config), chart }
  const objects = objectsOf(parseAllDocuments(stdout).map((document): unknown => document.toJS()))
  return { objects, scope, databases: databasesOf(carto, scope) }
}

const AI: JsonRecord = { appConfigValues: { aiFeaturesEnabled: true } }
const EXTERNAL: JsonRecord = {
  internalPostgresql: { enabled: false },
  externalPostgresql: {
    host: 'pg.example',
    port: '6432',
    user: 'carto_admin',
    database: 'carto_workspace',
    password: 'p',
    sslEnabled: true,
    sslCA: 'PEM',
  },
}
const EXISTING: JsonRecord = {
  ...AI,
  internalPostgresql: { enabled: false },
  externalPostgresql: {
    host: 'pg.example',
    database: 'carto_workspace',
    existingSecret: 'our-own-database',
    existingSecretPasswordKey: 'pg-password',
  },
  cartoSecrets: {
    encryptionSecretKey: { existingSecret: { name: 'our-own-secrets', key: 'encryptionSecretKey' } },
    litellmSaltKey: { existingSecret: { name: 'our-own-secrets', key: 'litellmSaltKey' } },
  },
}
const WAYS: [string, JsonRecord][] = [
  ['a server outside, with TLS', EXTERNAL],
  ['the server of the chart', {}],
  ['AI on', { ...EXTERNAL, ...AI }],
  ['AI off, of a router alone', { ...EXTERNAL, ...AI, cartoConfigValues: { onlyRunRouter: true } }],
  ['Secrets that exist', EXISTING],
]
const CASES = RELEASES.flatMap(({ appVersion }) => WAYS.map(([name, over]) => [appVersion, name, over] as const))

/** What of a database the rendered objects say, in the words of the profile. */
function asRendered({ objects }: Rendered, { target, evidence, migrator }: ExpectedDatabase): unknown {
  const data = recordOf(findObject(objects, 'ConfigMap', evidence?.configMap ?? '')?.['data'])
  const said = (key: string | undefined): unknown => data[key ?? '']
  const deployment = findObject(objects, 'Deployment', migrator.deployment) ?? {}
  return {
    host: said(evidence?.host),
    port: said(evidence?.port),
    database: said(evidence?.database),
    user: said(evidence?.user),
    tls: ['true', 'require'].includes(String(said(evidence?.tls))) ? 'require' : 'disable',
    container: containersOf(findObject(objects, 'Deployment', evidence?.deployment ?? '')).includes(
      evidence?.container ?? '',
    ),
    passwordHere: JSON.stringify(deployment).includes(
      JSON.stringify({ secretKeyRef: { name: target.login.password?.secret, key: target.login.password?.key } }),
    ),
    migrator: migrator.kind === 'deployment' || initContainersOf(deployment).includes(migrator.container),
  }
}

function containersOf(deployment: JsonRecord | undefined): unknown[] {
  return listOf(valueAt(deployment, 'spec.template.spec.containers')).map((container) => valueAt(container, 'name'))
}

/** Helm releases of which one is called after the product, one is not, and one makes names that are cut. */
const HELM_RELEASES: Readonly<Record<string, string>> = {
  '2025.9.11': 'mycarto',
  '2025.11.11': 'prod',
  '2026.4.24': 'carto',
  '2026.7.16': 'x'.repeat(44),
}

test.each(CASES)('CARTO %s with %s', async (version, _, over) => {
  const found = await render(version, over, HELM_RELEASES[version])
  const isRouterAlone = valueAt(over, 'cartoConfigValues.onlyRunRouter') === true
  const hasAi = found.objects.some((object) =>
    ['aiproxy', 'llmproxy'].includes(String(valueAt(object, ['metadata', 'labels', 'app.kubernetes.io/component']))),
  )
  expect(found.databases.map(({ target }) => target.role)).toEqual(hasAi ? ['metadata', 'aiproxy'] : ['metadata'])
  if (isRouterAlone) return
  for (const database of found.databases) {
    const { host, port, database: name, login, tls } = database.target
    expect(asRendered(found, database)).toEqual({
      host,
      port: String(port),
      database: name,
      user: login.user,
      tls,
      container: true,
      passwordHere: true,
      migrator: true,
    })
  }
  const configMap = evaluatorFor('carto', found.scope).text('runningVersion', carto.runningVersion?.configMap ?? '')
  expect(valueAt(findObject(found.objects, 'ConfigMap', configMap), 'data.CARTO_SELFHOSTED_VERSION')).toBe(version)
})

describe('what changes between the releases', () => {
  const names = async (version: string, over: JsonRecord = AI): Promise<string[]> =>
    (await render(version, over)).objects.map(
      (object) => `${String(object['kind'])}/${String(valueAt(object, 'metadata.name'))}`,
    )

  test('llmproxy becomes aiproxy, Redis becomes Valkey', async () => {
    const [first, second, third] = [await names('2025.9.11'), await names('2025.11.11'), await names('2026.4.24')]
    expect(first).toEqual(expect.arrayContaining(['Deployment/mycarto-llmproxy', 'Secret/mycarto-redis']))
    expect(second).toEqual(expect.arrayContaining(['Deployment/mycarto-aiproxy', 'Secret/mycarto-redis']))
    expect(third).toEqual(expect.arrayContaining(['Deployment/mycarto-aiproxy', 'Secret/mycarto-valkey']))
    expect(second.filter((name) => name.includes('llmproxy'))).toEqual([])
  })

  test('the database of the AI proxy changes by default, and stays where the values name it; 2025.9.11 ignores the later key', async () => {
    const kept = { ...AI, externalPostgresql: { aiProxyDatabaseName: 'llmproxy' } }
    const database = async (version: string, over: JsonRecord): Promise<string | undefined> =>
      (await render(version, over)).databases.find(({ target }) => target.role === 'aiproxy')?.target.database
    expect(await database('2025.9.11', AI)).toBe('llmproxy')
    expect(await database('2025.9.11', kept)).toBe('llmproxy')
    expect(await database('2025.11.11', AI)).toBe('aiproxy')
    expect(await database('2025.11.11', kept)).toBe('llmproxy')
  })

  test('the certificate that signs itself is another one each time', async () => {
    const certificate = async (): Promise<unknown> =>
      findObject((await render('2026.7.16', {})).objects, 'Secret', 'mycarto-tls')?.['data']
    expect(await certificate()).not.toEqual(await certificate())
  })

  test('charts before 1.278.2 name a number of replicas beside an autoscaler', async () => {
    const over = { mapsApi: { autoscaling: { enabled: true } } }
    const replicas = async (version: string): Promise<unknown> =>
      valueAt(findObject((await render(version, over)).objects, 'Deployment', 'mycarto-maps-api'), 'spec.replicas')
    expect(await replicas('2026.4.24')).toBe(2)
    expect(await replicas('2026.7.16')).toBeUndefined()
  })

  test.each([
    ['a log level that is none', { appConfigValues: { logLevel: 'verbose' } }],
    ['no cache at all', { internalRedis: { enabled: false }, externalRedis: { host: '' } }],
    ['no database at all', { internalPostgresql: { enabled: false }, externalPostgresql: { host: '' } }],
  ])('%s is refused when the chart is rendered', async (_, over) => {
    await expect(render('2026.7.16', over)).rejects.toThrow('VALUES VALIDATION')
  })
})

test('the writers are those that hold credentials of a database; the server of the chart is none', async () => {
  const { objects, databases } = await render('2025.9.11', AI)
  expect(writingDeployments(objects, databases)).toEqual(
    [
      'ai-api',
      'import-api',
      'import-worker',
      'lds-api',
      'llmproxy',
      'maps-api',
      'sql-worker',
      'workspace-api',
      'workspace-subscriber',
    ].map((name) => `mycarto-${name}`),
  )
  expect(otherWriters(objects, databases)).toEqual([])
})

test.each(RELEASES.map(({ appVersion }) => appVersion))(
  'the profile makes %s run no pod that uses a database',
  async (version) => {
    const all = { ...AI, importWorker: { autoscaling: { enabled: true } } }
    const quiesced = carto.quiescedValues.reduce<JsonRecord>((values, { path, value }) => {
      const nested = path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value)
      return mergeValues(values, recordOf(nested))
    }, {})
    const { objects, databases } = await render(version, mergeValues(all, quiesced))
    const running = writingDeployments(objects, databases).filter(
      (name) => valueAt(findObject(objects, 'Deployment', name), 'spec.replicas') !== 0,
    )
    expect(running).toEqual([])
  },
)
