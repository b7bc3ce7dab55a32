import { expect, test } from 'vitest'
import type { JsonRecord } from '../json.ts'
import { demandOf, podRequests } from '../rendered/demand.ts'
import { capacityFor } from './capacity.ts'
import type { Capacity, Surroundings } from './capacity.ts'

const GI = 2 ** 30

function container(cpu: string, memory: string, more: JsonRecord = {}): JsonRecord {
  return { name: 'c', resources: { requests: { cpu, memory } }, ...more }
}

function deployment(name: string, replicas: number, pod: JsonRecord): JsonRecord {
  return { kind: 'Deployment', metadata: { name }, spec: { replicas, template: { spec: pod } } }
}

function node(
  name: string,
  over: { cpu?: string; memory?: string; spec?: JsonRecord; ready?: string } = {},
): JsonRecord {
  const { cpu = '4', memory = '8Gi', spec = {}, ready = 'True' } = over
  return {
    kind: 'Node',
    metadata: { name, labels: { disk: 'fast' } },
    spec,
    status: { allocatable: { cpu, memory, pods: '10' }, conditions: [{ type: 'Ready', status: ready }] },
  }
}

function pod(name: string, nodeName: string, cpu: string, memory: string, phase = 'Running'): JsonRecord {
  return {
    kind: 'Pod',
    metadata: { name },
    spec: { nodeName, containers: [container(cpu, memory)] },
    status: { phase },
  }
}

function capacity(objects: JsonRecord[], around: Partial<Surroundings> = {}): Capacity {
  const surroundings = { nodes: [node('n1')], pods: [], quotas: [], limitRanges: [], ...around }
  return capacityFor(demandOf(objects), surroundings, ({ metadata }) => (metadata as { name: string }).name === 'own')
}

test('a pod asks for all its containers at once, or for its largest init container where that is more', () => {
  const app = { containers: [container('100m', '1Gi'), container('100m', '1Gi')] }
  expect(podRequests(app)).toEqual({ cpu: 0.2, memory: 2 * GI })
  expect(podRequests({ ...app, initContainers: [container('1', '512Mi')] })).toEqual({ cpu: 1, memory: 2 * GI })
  const beside = container('100m', '1Gi', { restartPolicy: 'Always' })
  expect(podRequests({ ...app, initContainers: [beside, container('50m', '3Gi')] })).toEqual({
    cpu: 0.1 + 0.1 + 0.1,
    memory: 4 * GI,
  })
})

test('a limit is the request where none is given; a migration of 2 GiB counts', () => {
  const limited = { name: 'c', resources: { limits: { cpu: '1', memory: '2048Mi' } } }
  const [found] = demandOf([
    deployment('api', 2, { initContainers: [limited], containers: [container('10m', '64Mi')] }),
  ])
  expect(found).toMatchObject({ of: 'Deployment/api', count: 2, cpu: 1, memory: 2 * GI, unsized: [] })
})

const big = deployment('api', 2, { containers: [container('1', '3Gi')] })

test('what runs now of the release makes way, what others run does not', () => {
  expect(capacity([big], { pods: [pod('own', 'n1', '2', '4Gi')] }).homeless).toEqual([])
  expect(capacity([big], { pods: [pod('other', 'n1', '2', '4Gi')] }).homeless).toEqual([
    'Deployment/api: 1 of 2 (1.0 CPU, 3.0 GiB each)',
  ])
  expect(capacity([big], { pods: [pod('other', 'n1', '2', '4Gi', 'Succeeded')] }).homeless).toEqual([])
})

test.each<[string, Partial<Surroundings>, boolean]>([
  ['two nodes that each hold one', { nodes: [node('a', { memory: '4Gi' }), node('b', { memory: '4Gi' })] }, true],
  [
    'enough in all, and no node for one',
    { nodes: ['a', 'b', 'c', 'd'].map((name) => node(name, { memory: '2Gi' })) },
    false,
  ],
  ['a node that is cordoned', { nodes: [node('a', { spec: { unschedulable: true } })] }, false],
  ['a node that is not ready', { nodes: [node('a', { ready: 'Unknown' })] }, false],
  ['a tainted node', { nodes: [node('a', { spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }] } })] }, false],
  [
    'a taint that only asks',
    { nodes: [node('a', { spec: { taints: [{ key: 'x', effect: 'PreferNoSchedule' }] } })] },
    true,
  ],
  ['no node at all', { nodes: [] }, false],
])('%s', (_, around, fits) => {
  expect(capacity([big], around).homeless.length === 0).toBe(fits)
})

test('tolerations and node selectors count', () => {
  const spec = { taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] }
  const tolerant = (toleration: JsonRecord): JsonRecord =>
    deployment('api', 1, { containers: [container('1', '1Gi')], tolerations: [toleration] })
  const fits = (object: JsonRecord): boolean =>
    capacity([object], { nodes: [node('a', { spec })] }).homeless.length === 0
  expect(fits(tolerant({ key: 'gpu', operator: 'Exists' }))).toBe(true)
  expect(fits(tolerant({ key: 'gpu', value: 'yes' }))).toBe(true)
  expect(fits(tolerant({ key: 'gpu', value: 'no' }))).toBe(false)
  expect(fits(tolerant({ operator: 'Exists' }))).toBe(true)
  const choosy = (disk: string): JsonRecord => deployment('api', 1, { containers: [], nodeSelector: { disk } })
  expect(capacity([choosy('fast')]).homeless).toEqual([])
  expect(capacity([choosy('slow')]).homeless).toHaveLength(1)
})

function quota(hard: JsonRecord, used: JsonRecord): JsonRecord {
  return { kind: 'ResourceQuota', metadata: { name: 'q' }, spec: { hard }, status: { used } }
}

test.each<[string, JsonRecord[], JsonRecord[], number]>([
  ['room in the quota', [quota({ 'requests.cpu': '4' }, { 'requests.cpu': '1' })], [], 0],
  [
    'a quota that own pods fill',
    [quota({ 'requests.cpu': '2' }, { 'requests.cpu': '2' })],
    [pod('own', 'n1', '2', '1Gi')],
    0,
  ],
  ['a quota that others fill', [quota({ 'requests.cpu': '2' }, { 'requests.cpu': '2' })], [], 1],
  ['a quota of pods', [quota({ pods: '1' }, { pods: '0' })], [], 1],
  ['a quota of something else', [quota({ 'count/secrets': '1' }, {})], [], 0],
])('%s', (_, quotas, pods, wrong) => {
  expect(capacity([big], { quotas, pods }).forbidden).toHaveLength(wrong)
})

test('a quota lets in nobody who does not say what they need, unless the namespace has a default', () => {
  const silent = deployment('api', 1, { containers: [{ name: 'c' }] })
  const quotas = [quota({ 'requests.memory': '4Gi' }, {})]
  const limits = [{ type: 'Container', defaultRequest: { memory: '1Gi' } }]
  const limitRanges = [{ kind: 'LimitRange', metadata: { name: 'l' }, spec: { limits } }]
  expect(capacity([silent], { quotas }).forbidden).toHaveLength(1)
  expect(capacity([silent], { quotas, limitRanges }).forbidden).toEqual([])
})

test('a container above the limit of the namespace is named', () => {
  const limits = [{ type: 'Container', max: { memory: '2Gi' } }]
  const limitRanges = [{ kind: 'LimitRange', metadata: { name: 'l' }, spec: { limits } }]
  expect(capacity([big], { limitRanges }).forbidden).toEqual([
    'LimitRange/l allows a container 2.0 GiB of memory, c of Deployment/api asks for 3.0 GiB',
  ])
})
