// What a plan asks the cluster, on a real one with releases that the real Helm 4 and 3 made: the diff, refusals, room and images.
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseHelmYaml } from '../../../src/adapters/artifacts/helm-yaml.ts'
import { helmProgram } from '../../../src/adapters/helm/helm.ts'
import { systemClock } from '../../../src/adapters/world/clock.ts'
import { systemIds } from '../../../src/adapters/world/ids.ts'
import type { JsonRecord } from '../../../src/core/json.ts'
import { pullGroups } from '../../../src/core/plan/pulls.ts'
import { objectsOf } from '../../../src/core/rendered/objects.ts'
import { isHandedBack } from '../../../src/core/rendered/refusal.ts'
import { storedChanges, volatileBetween } from '../../../src/core/rendered/stored.ts'
import type { Installation } from '../../../src/core/resources.ts'
import { readCapacity } from '../../../src/steps/preflight/capacity.ts'
import { askForImages } from '../../../src/steps/preflight/pulls.ts'
import { dryRunTarget } from '../../../src/steps/preflight/stored.ts'
import type { DryRunResult } from '../../../src/steps/preflight/stored.ts'
import { ensureCluster, ensureImages } from '../../cluster/index.ts'
import { realCluster } from '../../conformance/cluster/real.ts'
import { workspace, type Workspace } from '../helm/chart.ts'

type Real = Awaited<ReturnType<typeof realCluster>>

const POD = `
      containers: [{name: main, image: "pause:local", env: [{name: PW, value: "{{ .Values.password }}"}], ports: [{containerPort: 80}]}]`
const TEMPLATES = {
  'templates/deployment.yaml': `
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}-api, labels: {helm.sh/chart: "demo-{{ .Chart.Version }}"}}
spec:
  replicas: 0
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:${POD}
`,
  'templates/stateful.yaml': `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: {{ .Release.Name }}-pg}
spec:
  replicas: 0
  serviceName: pg
  selector: {matchLabels: {app: pg}}
  template:
    metadata: {labels: {app: pg}}
    spec:${POD}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: {{ .Values.disk | default "1Gi" }}}}}
`,
  'templates/service.yaml': `
apiVersion: v1
kind: Service
metadata: {name: {{ .Release.Name }}-api}
spec: {selector: {app: api}, ports: [{port: 80}]}
`,
  'templates/tls.yaml': `
{{- $ca := genCA "demo" 365 }}
apiVersion: v1
kind: Secret
metadata: {name: {{ .Release.Name }}-tls}
type: kubernetes.io/tls
data: {tls.crt: {{ $ca.Cert | b64enc }}, tls.key: {{ $ca.Key | b64enc }}}
`,
}

for (const major of [4, 3] as const) {
  describe(`a release of Helm ${major}`, () => {
    let real: Real
    let space: Workspace
    let chart: string
    let installed: JsonRecord[]
    beforeAll(async () => {
      real = await realCluster()
      const program = major === 4 ? real.helm : real.helm3
      space = await workspace(program)
      chart = await space.pack('1.0.0', TEMPLATES)
      const values = await space.values('first', { password: 'canary-2f81' })
      const where = ['-n', real.namespace, '--kubeconfig', real.kubeconfig]
      await execa(program, ['install', 'shop', chart, '-f', values, ...where])
      installed = await rendered({ password: 'canary-2f81' })
    })
    afterAll(async () => {
      await space?.cleanUp()
      await real?.cleanUp()
    })

    let count = 0
    const rendered = async (values: JsonRecord): Promise<JsonRecord[]> => {
      const helm = helmProgram({ program: major === 4 ? real.helm : real.helm3, kubeconfig: real.kubeconfig })
      const valuesPaths = [await space.values(`values-${++count}`, values)]
      const request = { release: 'shop', namespace: real.namespace, chartPath: chart, valuesPaths }
      return objectsOf(parseHelmYaml((await helm.render(request)).manifest))
    }
    const dryRun = async (after: JsonRecord[]): Promise<DryRunResult> =>
      await dryRunTarget(real.cluster, {
        release: { name: 'shop', namespace: real.namespace },
        applyMethod: major === 4 ? 'ssa' : 'csa',
        before: installed,
        after,
      })
    const diff = async (values: JsonRecord): Promise<string[]> => {
      const after = await rendered(values)
      const dry = await dryRun(after)
      expect(dry.refused.filter((refusal) => !isHandedBack(refusal))).toEqual([])
      const volatile = volatileBetween(after, await rendered(values))
      const changes = storedChanges({ ...dry, volatile, databases: [], numberGivenBack: new Set() })
      return changes.flatMap(({ object, change, details }) => [`${change} ${object}`, ...details])
    }
    const versions = async (): Promise<(string | undefined)[]> => {
      const kinds = ['Deployment', 'StatefulSet'].map((kind) => ({ apiVersion: 'apps/v1', kind }))
      const all = [...kinds, ...['Secret', 'ConfigMap', 'Service'].map((kind) => ({ apiVersion: 'v1', kind }))]
      const lists = await Promise.all(
        all.map(async (of) => await real.cluster.list({ ...of, namespace: real.namespace })),
      )
      return lists.flat().map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`)
    }
    const scaleByHand = async (replicas: number): Promise<void> => {
      await real.cluster.patch(
        { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop-api', namespace: real.namespace },
        { type: 'merge', body: { spec: { replicas } } },
        { manager: 'kubectl' },
      )
    }

    test('nothing changes but the certificate that the chart signs anew, and nothing is written', async () => {
      const before = await versions()
      expect(await diff({ password: 'canary-2f81' })).toEqual([
        'change Secret/shop-tls',
        'data.tls.crt: changed (a new self-signed certificate at every upgrade)',
        'data.tls.key: changed (a new self-signed certificate at every upgrade)',
      ])
      expect(await versions()).toEqual(before)
    })

    test('what changes is named, and no value that may be secret', async () => {
      const found = await diff({ password: 'canary-90aa', kept: 'other' })
      expect(found.filter((line) => line.startsWith('change '))).toEqual([
        'change StatefulSet/shop-pg',
        'change ConfigMap/shop-settings',
        'change Deployment/shop-api',
        'change Secret/shop-tls',
      ])
      expect(JSON.stringify(found)).not.toContain('canary')
    })

    test('a disk that cannot grow is refused by the server, and found without a write', async () => {
      const before = await versions()
      const { refused } = await dryRun(await rendered({ password: 'canary-2f81', disk: '2Gi' }))
      expect(refused).toMatchObject([{ object: 'StatefulSet/shop-pg', kind: 'immutable' }])
      expect(JSON.stringify(refused)).not.toContain('canary')
      expect(await versions()).toEqual(before)
    })

    test('a kind that is not there is named', async () => {
      const monitor = { apiVersion: 'monitoring.coreos.com/v1', kind: 'ServiceMonitor', metadata: { name: 'x' } }
      expect((await dryRun([monitor])).refused).toMatchObject([{ object: 'ServiceMonitor/x', kind: 'invalid' }])
    })

    test('who scaled by hand stands in the way of Helm 4 alone', async () => {
      await scaleByHand(1)
      const { refused } = await dryRun(await rendered({ password: 'canary-2f81' }))
      expect(refused.map((refusal) => [refusal.object, refusal.kind, isHandedBack(refusal)])).toEqual(
        major === 4 ? [['Deployment/shop-api', 'owned', true]] : [],
      )
      await scaleByHand(0)
    })

    test('what only the installed release has goes', async () => {
      const { leaving } = await dryRun(installed.filter(({ kind }) => kind !== 'Service'))
      expect(leaving).toMatchObject([{ kind: 'Service' }])
    })
  })
}

describe('the cluster itself', () => {
  let real: Real
  beforeAll(async () => {
    // The one that the tests of Jobs use.
    const jobs = join(import.meta.dirname, '../jobs')
    const spec = { name: 'pawl-test/shell:1', containerfile: join(jobs, 'image.Containerfile'), context: jobs }
    await ensureImages(await ensureCluster(), [{ ...spec, buildArgs: { BASE: 'localhost/pawl-base:15' } }])
    real = await realCluster()
  })
  afterAll(async () => await real?.cleanUp())

  const workload = (images: string[], requests: JsonRecord = {}): JsonRecord => ({
    kind: 'Deployment',
    metadata: { name: 'x' },
    spec: {
      replicas: 1,
      template: { spec: { containers: images.map((image) => ({ name: 'c', image, resources: { requests } })) } },
    },
  })

  test('an image that is there, one that is not and a name that is none are told apart; the pod is gone', async () => {
    const missing = `${real.registry}/there/is/none:1`
    const installation = { namespace: real.namespace, release: 'shop' } as Installation
    const there = `${real.registry}/pawl-test/shell:1`
    const groups = pullGroups([workload([there, missing, 'Not A Name'])])
    const facts = await askForImages(
      { cluster: real.cluster, clock: systemClock(), ids: systemIds(), installation },
      groups,
    )
    expect(facts.there + facts.pulled).toBe(1)
    expect(facts.failed.map(({ image }) => image).toSorted()).toEqual([missing, 'Not A Name'].toSorted())
    const pods = await real.cluster.list({ apiVersion: 'v1', kind: 'Pod', namespace: real.namespace })
    expect(pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined)).toEqual([])
  })

  test('the room of the nodes, a quota of the namespace', async () => {
    const question = { namespace: real.namespace, before: [], givenBack: [] }
    const small = await readCapacity(real.cluster, {
      ...question,
      after: [workload(['a'], { cpu: '1m', memory: '1Mi' })],
    })
    expect(small.nodes).toBeGreaterThan(0)
    expect([small.homeless, small.forbidden]).toEqual([[], []])
    const huge = await readCapacity(real.cluster, { ...question, after: [workload(['a'], { memory: '500Ti' })] })
    expect(huge.homeless).toHaveLength(1)
    await real.cluster.create({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'q', namespace: real.namespace },
      spec: { hard: { pods: '0' } },
    })
    const full = await readCapacity(real.cluster, { ...question, after: [workload(['a'])] })
    expect(full.forbidden).toHaveLength(1)
  })
})
