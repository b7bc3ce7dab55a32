// CARTO in its other shapes, with data work in Jobs: the chart's own PostgreSQL with AI off, and Secrets of the user's own for everything.
// Before that, installations that somebody else manages.
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { generateIdentity } from '../../src/adapters/age/identity.ts'
import { cartoPackage } from '../products/carto/build/customer-package.ts'
import {
  askInside,
  askServer,
  cartoCharts,
  cartoPawl,
  cartoPawlJson,
  existingDatabaseSecret,
  helmHistory,
  installCarto,
  lostRows,
  removeCarto,
  seedStatements,
  servingPods,
  usePackage,
  type Carto,
  type CartoOptions,
} from '../support/carto.ts'
import { objectsOf } from '../support/identical.ts'
import { startGcs, type GcsService } from '../support/fake-gcs.ts'
import { startGoogle, type Google } from '../support/google.ts'
import { helm, kubectl, openLab, type Lab } from '../support/lab.ts'
import { BUCKET, objectName, upload } from '../support/packages.ts'
import { SUPERUSER_PASSWORD } from '../support/postgres.ts'
import { startTlsPostgres, type TlsServer } from '../support/postgres-tls.ts'
import { waitReady, witness } from '../support/tally.ts'
import { zipOf } from '../support/zip.ts'

let lab: Lab

function at({ release, namespace }: CartoOptions): string[] {
  return [release, '-n', namespace]
}

beforeAll(async () => {
  lab = await openLab()
})

describe('the PostgreSQL of the chart, AI off', () => {
  const options: CartoOptions = {
    namespace: 'e2e-carto-inside',
    release: 'prod',
    version: '2025.11.11',
    package: '2025.9.3',
    values: {
      internalPostgresql: {
        // The chart's own default is 13, too old for Pawl and for CARTO.
        image: { tag: '15' },
        auth: { password: 'inside-canary', postgresPassword: 'inside-admin-canary' },
      },
    },
  }
  let carto: Carto

  beforeAll(async () => {
    carto = await installCarto(lab, options)
    await cartoPawlJson(lab, ['init', ...at(carto), '--charts', cartoCharts, '--data-image', lab.dataImage])
    await askInside(lab, carto)('workspace', seedStatements(2_000))
  })
  afterAll(async () => await removeCarto(lab, carto))

  test('managed by KOTS: recognised, refused with what to do instead, nothing changed', async () => {
    await kubectl(lab, ['apply', '-n', options.namespace, '-f', '-'], JSON.stringify(adminConsole))
    await expectRefused('KOTS', 'Admin Console')
    await kubectl(lab, ['delete', '-n', options.namespace, 'deployment', 'kotsadm'])
  })

  test('managed by Flux: refused until it is suspended', async () => {
    await kubectl(lab, ['apply', '-f', '-'], JSON.stringify(helmReleaseDefinition))
    await kubectl(lab, ['wait', '--for=condition=Established', `crd/${helmReleaseDefinition.metadata.name}`])
    const namespace = ['-n', options.namespace]
    const label = ['label', ...namespace, 'deployment', '-l', `app.kubernetes.io/instance=${options.release}`]
    try {
      await kubectl(lab, ['apply', '-f', '-'], JSON.stringify(helmRelease(false)))
      await kubectl(lab, [...label, `${FLUX}/name=prod`, `${FLUX}/namespace=${options.namespace}`])
      await expectRefused('Flux', `flux suspend helmrelease prod -n ${options.namespace}`)
      await kubectl(lab, ['apply', '-f', '-'], JSON.stringify(helmRelease(true)))
      expect((await managedElsewhere()).answer).toBe('warn')
    } finally {
      await kubectl(lab, [...label, `${FLUX}/name-`, `${FLUX}/namespace-`])
      await kubectl(lab, ['delete', 'crd', helmReleaseDefinition.metadata.name])
    }
  })

  async function managedElsewhere(): Promise<{ answer: string; evidence: string; remedy?: string }> {
    const result = await cartoPawl(lab, ['plan', ...at(options), '--to', '2026.4.24', ...carto.files, '-o', 'json'])
    const { gates } = JSON.parse(result.stdout) as {
      gates: { gate: string; answer: string; evidence: string; remedy?: string }[]
    }
    const found = gates.find(({ gate }) => gate === 'not-managed-elsewhere')
    if (found === undefined) throw new Error(result.stdout + result.stderr)
    return found
  }

  async function expectRefused(tool: string, instead: string): Promise<void> {
    await usePackage(carto, '2026.4.5')
    const before = await objectsOf(lab, options.namespace)
    const gate = await managedElsewhere()
    expect(gate.answer).toBe('refuse')
    expect(gate.evidence).toContain(tool)
    expect(gate.remedy).toContain(instead)
    const args = ['upgrade', ...at(options), '--to', '2026.4.24', ...carto.files, '--yes', '-o', 'json']
    const result = await cartoPawl(lab, args)
    expect(result.exitCode, result.stdout + result.stderr).toBe(20)
    const status = await cartoPawl(lab, ['status', ...at(options)])
    expect(status.stdout).toContain(tool)
    expect(await objectsOf(lab, options.namespace)).toEqual(before)
  }

  test('an upgrade across the change from Redis to Valkey', async () => {
    await usePackage(carto, '2026.4.5')
    const result = await cartoPawl(lab, ['upgrade', ...at(options), '--to', '2026.4.24', ...carto.files, '--yes'])
    expect(result.exitCode, result.stdout + result.stderr).toBe(0)
    await waitReady(lab, options.namespace)
    const pods = await servingPods(lab, carto)
    expect(pods).toMatchObject({ valkey: '2026.4.24', 'import-worker': '2026.4.24', primary: '15' })
    expect(Object.keys(pods)).not.toContain('redis')
    const ask = askInside(lab, carto)
    const { acknowledged, lost } = await lostRows(lab, carto, ask, { metadata: 'workspace' })
    expect(acknowledged).toBeGreaterThan(10)
    expect(lost).toEqual([])
    expect(await ask('workspace', 'SELECT count(*) FROM maps')).toBe('2000')
    expect(await ask('workspace', 'SELECT max(name) FROM migrations')).toBe('/20260413100000-map-index')
    expect((await witness(lab, options.namespace)).violations).toEqual([])
    expect((await helmHistory(lab, carto)).at(-1)).toBe('carto-1.253.2 deployed')
  })
})

describe('Secrets that exist, for every password and key', () => {
  const PASSWORD = 'existing-canary'
  const DATABASES = { metadata: 'carto_workspace', aiproxy: 'aiproxy' }
  let server: TlsServer
  let carto: Carto
  let bucket: GcsService
  let google: Google

  beforeAll(async () => {
    bucket = await startGcs([BUCKET])
    google = await startGoogle(bucket.endpoint)
    const files = Object.entries(cartoPackage('2026.7.5', 'existing'))
    const zip = zipOf(files.map(([name, text]) => ({ name, bytes: Buffer.from(text) })))
    await upload(bucket.endpoint, objectName('k8s', '2026-7-5'), zip)
    server = await startTlsPostgres(lab.cluster.nodeAddress)
    await server.query('postgres', `CREATE ROLE workspace_admin LOGIN PASSWORD '${PASSWORD}'`)
    for (const database of Object.values(DATABASES))
      await server.query('postgres', `CREATE DATABASE ${database} OWNER workspace_admin`)
    carto = await installCarto(lab, {
      namespace: 'carto',
      release: 'carto',
      version: '2026.4.24',
      package: '2026.4.5',
      existingSecrets: {
        password: PASSWORD,
        adminPassword: SUPERUSER_PASSWORD,
        serviceAccount: google.account().json,
      },
      values: {
        appConfigValues: { aiFeaturesEnabled: true },
        internalPostgresql: { enabled: false },
        externalPostgresql: {
          host: lab.cluster.nodeAddress,
          port: server.port,
          database: DATABASES.metadata,
          existingSecret: existingDatabaseSecret.name,
          existingSecretPasswordKey: existingDatabaseSecret.key,
          adminUser: server.superuser,
          adminDatabase: 'postgres',
          existingSecretAdminPasswordKey: existingDatabaseSecret.adminKey,
          sslEnabled: true,
          sslCA: server.ca,
        },
      },
    })
    await server.query(DATABASES.metadata, seedStatements(2_000))
  })
  afterAll(async () => {
    await removeCarto(lab, carto)
    await server.stop()
    await google.stop()
    await bucket.stop()
  })

  /** A command of the guide page, with the names and places of this installation for those of the page. */
  function here(line: string, recipient: string): string[] {
    const files = Object.fromEntries(carto.files.map((file) => [basename(file), file]))
    return line.split(' ').map((word) => {
      if (word === 'https://helm.carto.com') return cartoCharts
      if (word === 'age1yourkey') return recipient
      if (word === '.') return carto.directory
      return files[word] ?? word
    })
  }

  test('every command of the guide page, in its order, with Jobs that log in over TLS with the Secret of the user', async () => {
    const page = await readFile(new URL('../../docs/guide/upgrade-carto.md', import.meta.url), 'utf8')
    const lines = [...page.matchAll(/^ {4}pawl (.*)$/gm)].map(([, line = '']) => line)
    const { recipient } = await generateIdentity()
    let said = ''
    for (const line of lines) {
      const args = [...here(line, recipient), ...(line.startsWith('init') ? ['--data-image', lab.dataImage] : [])]
      const [verb] = args
      if (verb === 'recover') await expectUpgraded()
      const asks = verb === 'upgrade' || verb === 'recover'
      const env = { STORAGE_EMULATOR_HOST: google.endpoint }
      const result = await cartoPawl(lab, asks ? [...args, '--yes'] : args, { env })
      expect(result.exitCode, `pawl ${line}\n${result.stdout}${result.stderr}`).toBe(0)
      said += result.stdout + result.stderr
    }
    expect(lines.map((line) => line.split(' ')[0])).toEqual(expect.arrayContaining(['plan', 'upgrade', 'recover']))
    await waitReady(lab, carto.namespace)
    expect(await servingPods(lab, carto)).toMatchObject({
      aiproxy: '2026.4.24',
      'workspace-api': '2026.4.24 2026.4.24',
    })
    const kept = await kubectl(lab, ['get', `${PAWLS},jobs,configmaps`, '-n', carto.namespace, '-o', 'yaml'])
    for (const text of [said, kept]) expect(text).not.toMatch(/existing-canary|canary-[0-9a-f]{16}/)
  })

  async function expectUpgraded(): Promise<void> {
    await waitReady(lab, carto.namespace)
    expect(await servingPods(lab, carto)).toMatchObject({
      aiproxy: '2026.7.16',
      'workspace-api': '2026.7.16 2026.7.16',
    })
    expect(await helm(lab, ['get', 'values', 'carto', '-n', 'carto'])).toContain('customerPackageVersion: 2026.7.5')
    const ask = askServer(server)
    const { acknowledged, lost } = await lostRows(lab, carto, ask, DATABASES)
    expect(acknowledged).toBeGreaterThan(10)
    expect(lost).toEqual([])
    expect(await ask(DATABASES.metadata, 'SELECT count(*) FROM maps WHERE title_words IS NOT NULL')).toBe('2000')
    expect((await witness(lab, carto.namespace)).violations).toEqual([])
  }
})

const PAWLS = 'runs.pawl.dev,backupsets.pawl.dev,installations.pawl.dev'
const FLUX = 'helm.toolkit.fluxcd.io'

/** The Admin Console as KOTS leaves it (replicatedhq/kots, pkg/kotsadm/objects), without a pod. */
const adminConsole = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'kotsadm', labels: { 'kots.io/kotsadm': 'true', 'kots.io/backup': 'velero' } },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: 'kotsadm' } },
    template: {
      metadata: { labels: { app: 'kotsadm', 'kots.io/kotsadm': 'true', 'kots.io/backup': 'velero' } },
      spec: { containers: [{ name: 'kotsadm', image: 'kotsadm/kotsadm:v1.129.1' }] },
    },
  },
}

/** As much of Flux's own definition as a HelmRelease needs to be kept. */
const helmReleaseDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `helmreleases.${FLUX}` },
  spec: {
    group: FLUX,
    scope: 'Namespaced',
    names: { kind: 'HelmRelease', listKind: 'HelmReleaseList', plural: 'helmreleases', singular: 'helmrelease' },
    versions: [
      {
        name: 'v2',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
}

function helmRelease(suspend: boolean): object {
  return {
    apiVersion: `${FLUX}/v2`,
    kind: 'HelmRelease',
    metadata: { name: 'prod', namespace: 'e2e-carto-inside' },
    spec: { releaseName: 'prod', interval: '15m', suspend, chart: { spec: { chart: 'carto', version: '1.228.1' } } },
  }
}
