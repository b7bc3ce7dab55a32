// The charts of the sample product, packaged and rendered by the real helm.
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import {
  chartFile,
  customerPackage,
  findHelm,
  packageCharts,
  readReleases,
  releaseOf,
  tallyDirectory,
} from '../../../examples/tally/build.ts'
import { run } from '../../../examples/tally/build/run.ts'

type KubernetesObject = {
  kind: string
  metadata: { name: string; annotations?: Record<string, string> }
  data?: Record<string, string>
  stringData?: Record<string, string>
  spec?: Record<string, unknown>
}

const helm = findHelm()
let directory: string
let charts: string

beforeAll(async () => {
  if (helm === null) throw new Error('no helm: run `npm run cluster -- up` once, it brings helm')
  directory = mkdtempSync(join(tmpdir(), 'tally-charts-test-'))
  charts = join(directory, 'charts')
  await packageCharts(charts, helm)
  for (const version of ['2026.1.1', '2026.7.5']) {
    const { files } = customerPackage(version)
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, `${version}-${name}`), text)
  }
})

afterAll(() => rmSync(directory, { recursive: true, force: true }))

test.each(readReleases().map(({ appVersion }) => appVersion))('the chart of %s renders', async (version) => {
  const release = releaseOf(version)
  const objects = await render(version, 'prod')
  const names = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`)
  for (const name of ['ledger-api', 'recorder', 'board', 'gateway'])
    expect(names).toContain(`Deployment/prod-tally-${name}`)
  expect(names).toContain('StatefulSet/prod-postgresql')
  expect(names.includes('Deployment/prod-tally-assist')).toBe(release.migrations.assist.length > 0)
  const config = find(objects, 'ConfigMap', 'prod-tally-ledger-api').data
  expect(config).toMatchObject({
    TALLY_VERSION: version,
    LEDGER_POSTGRES_HOST: 'prod-postgresql',
    LEDGER_POSTGRES_DB: 'tally',
  })
  const images = JSON.stringify(objects).match(/tally\/[a-z-]+:[0-9a-z.-]+/g) ?? []
  expect(new Set(images.map((image) => image.split(':')[1]))).toEqual(new Set([version, '15']))
  const chart = parse(await run(helm ?? '', ['show', 'chart', chartOf(version)])) as { annotations: unknown }
  expect(chart.annotations).toEqual({
    minVersion: release.minVersion,
    'tally.example/schema.ledger': release.schema.ledger,
    'tally.example/schema.assist': release.schema.assist,
  })
})

test('a release whose name contains tally is not doubled', async () => {
  const names = (await render('2026.1.12', 'tally')).map(({ metadata }) => metadata.name)
  expect(names).toContain('tally-ledger-api')
  expect(names.some((name) => name.startsWith('tally-tally'))).toBe(false)
})

test('an external database is named by its own values and Secret', async () => {
  const objects = await render('2026.3.9', 'prod', [
    'internalPostgresql.enabled=false',
    'externalPostgresql.host=db.example',
    'externalPostgresql.port=6432',
    'externalPostgresql.database=tally_ledger',
    'externalPostgresql.password=x',
  ])
  const kinds = objects.map(({ kind }) => kind)
  expect(kinds).not.toContain('StatefulSet')
  expect(find(objects, 'ConfigMap', 'prod-tally-ledger-api').data).toMatchObject({
    LEDGER_POSTGRES_HOST: 'db.example',
    LEDGER_POSTGRES_PORT: '6432',
    LEDGER_POSTGRES_DB: 'tally_ledger',
  })
  expect(Object.keys(find(objects, 'Secret', 'prod-externalpostgresql').stringData ?? {})).toEqual([
    'db-password',
    'db-admin-password',
  ])
  expect(JSON.stringify(find(objects, 'Deployment', 'prod-tally-board'))).toContain(
    '"secretKeyRef":{"name":"prod-externalpostgresql","key":"db-password"}',
  )
})

test('2026.8.10 renames the database of the assistant by default only', async () => {
  const nameIn = async (version: string, set: string[] = []) =>
    find(await render(version, 'prod', set), 'ConfigMap', 'prod-tally-assist').data?.['ASSIST_DATABASE_NAME']
  expect(await nameIn('2026.7.13')).toBe('assist')
  expect(await nameIn('2026.8.10')).toBe('companion')
  expect(await nameIn('2026.8.10', ['externalPostgresql.assistDatabaseName=assist'])).toBe('assist')
})

test('with the autoscaler on, nobody else sets the number of boards', async () => {
  const objects = await render('2026.1.12', 'prod', ['board.autoscaling.enabled=true'])
  expect(find(objects, 'Deployment', 'prod-tally-board').spec).not.toHaveProperty('replicas')
  expect(find(objects, 'Deployment', 'prod-tally-recorder').spec).toHaveProperty('replicas', 1)
  expect(objects.map(({ kind }) => kind)).toContain('HorizontalPodAutoscaler')
})

test('the version check passes and refuses as it says', async () => {
  const [hook] = (await render('2026.7.13', 'prod')).filter(
    ({ metadata }) => metadata.name === 'prod-pre-install-scripts',
  )
  const script = join(directory, 'check.sh')
  writeFileSync(script, hook?.data?.['check-versions.sh'] ?? '')
  const check = (minimal: string, given: string) =>
    run('env', [`MINIMAL_VERSION=${minimal}`, `PACKAGE_VERSION=${given}`, 'sh', script])
  await expect(check('2026.7.1', '2026.7.5')).resolves.toContain('new enough')
  await expect(check('2026.7.1', '2026.10.1')).resolves.toContain('new enough')
  await expect(check('2026.7.1', '')).resolves.toContain('new enough')
  await expect(check('2026.7.1', '2026.1.1')).rejects.toThrow('Release version is outdated')
})

test('values that make no sense are refused by the schema', async () => {
  await expect(render('2026.1.12', 'prod', ['recorder.replicaCount=many'])).rejects.toThrow('replicaCount')
  await expect(render('2026.1.12', 'prod', ['internalPostgresql.enabled=perhaps'])).rejects.toThrow('enabled')
})

test('packaging again gives the same bytes', async () => {
  const again = join(directory, 'again')
  await packageCharts(again, helm ?? '')
  const digests = (folder: string) =>
    readdirSync(folder).map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex'),
    ])
  expect(digests(again)).toEqual(digests(charts))
})

function chartOf(version: string): string {
  return join(charts, chartFile(releaseOf(version)))
}

async function render(version: string, helmRelease: string, set: readonly string[] = []): Promise<KubernetesObject[]> {
  const files = [
    join(directory, '2026.7.5-tally-values.yaml'),
    join(directory, '2026.7.5-tally-secrets.yaml'),
    join(tallyDirectory, 'packages', 'customizations.yaml'),
  ]
  const args = [
    'template',
    helmRelease,
    chartOf(version),
    ...files.flatMap((file) => ['-f', file]),
    ...set.flatMap((one) => ['--set', one]),
  ]
  const text = await run(helm ?? '', args)
  return parseAllDocuments(text)
    .map((document) => document.toJS() as KubernetesObject | null)
    .filter((object) => object !== null)
}

function find(objects: readonly KubernetesObject[], kind: string, name: string): KubernetesObject {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name)
  if (found === undefined) throw new Error(`no ${kind}/${name} was rendered`)
  return found
}
