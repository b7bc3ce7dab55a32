// CARTO with the chart's own PostgreSQL and AI off, with data work in Jobs: across the change from Redis to Valkey. Before that, somebody else
// manages it.
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  askInside,
  cartoCharts,
  cartoPawl,
  cartoPawlJson,
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
import { kubectl, openLab, type Lab } from '../support/lab.ts'
import { waitReady, witness } from '../support/tally.ts'

let lab: Lab
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
const where = [options.release, '-n', options.namespace]
let carto: Carto

beforeAll(async () => {
  lab = await openLab()
  carto = await installCarto(lab, options)
  await cartoPawlJson(lab, ['init', ...where, '--charts', cartoCharts, '--data-image', lab.dataImage])
  await askInside(lab, carto)('workspace', seedStatements(2_000))
})
afterAll(async () => await removeCarto(lab, carto))

test('managed by KOTS: recognised, refused with what to do instead, nothing changed', async () => {
  const namespace = ['-n', options.namespace]
  await kubectl(lab, ['apply', ...namespace, '-f', '-'], JSON.stringify(adminConsole))
  try {
    // Its ReplicaSet is made by a controller, which is no doing of ours.
    await kubectl(lab, ['rollout', 'status', ...namespace, 'deployment/kotsadm', '--timeout=60s'])
    await expectRefused('KOTS', 'Admin Console')
  } finally {
    await kubectl(lab, ['delete', ...namespace, 'deployment', 'kotsadm'])
  }
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
  const result = await cartoPawl(lab, ['plan', ...where, '--to', '2026.4.24', ...carto.files, '-o', 'json'])
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
  const args = ['upgrade', ...where, '--to', '2026.4.24', ...carto.files, '--yes', '-o', 'json']
  const result = await cartoPawl(lab, args)
  expect(result.exitCode, result.stdout + result.stderr).toBe(20)
  const status = await cartoPawl(lab, ['status', ...where])
  expect(status.stdout).toContain(tool)
  expect(await objectsOf(lab, options.namespace)).toEqual(before)
}

test('an upgrade across the change from Redis to Valkey', async () => {
  await usePackage(carto, '2026.4.5')
  const result = await cartoPawl(lab, ['upgrade', ...where, '--to', '2026.4.24', ...carto.files, '--yes'])
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
