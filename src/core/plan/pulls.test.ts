import { expect, test } from 'vitest'
import type { JsonRecord } from '../json.ts'
import { isOnEveryNode, pullGroups, pullOf } from './pulls.ts'

function workload(spec: JsonRecord): JsonRecord {
  return { kind: 'Deployment', metadata: { name: 'd' }, spec: { template: { spec } } }
}

test('each image is asked for once, by pods that may pull it the same way', () => {
  const secret = { imagePullSecrets: [{ name: 'r' }] }
  const groups = pullGroups([
    workload({ ...secret, initContainers: [{ image: 'a/db:1' }], containers: [{ image: 'a/api:1' }] }),
    workload({ ...secret, containers: [{ image: 'a/api:1' }, { image: 'a/www:1' }] }),
    workload({ containers: [{ image: 'redis:7', imagePullPolicy: 'Always' }] }),
    { kind: 'Service', metadata: { name: 's' } },
  ])
  expect(groups.map(({ images }) => images.map(({ image }) => image))).toEqual([
    ['a/db:1', 'a/api:1', 'a/www:1'],
    ['redis:7'],
  ])
})

test.each([
  ['a/api:1', 'IfNotPresent'],
  ['a/api:latest', 'Always'],
  ['a/api', 'Always'],
  ['r.local:5000/a/api', 'Always'],
  ['r.local:5000/a/api:1', 'IfNotPresent'],
  ['a/api@sha256:aa', 'IfNotPresent'],
])('%s is pulled %s', (image, policy) => {
  expect(pullGroups([workload({ containers: [{ image }] })])[0]?.images[0]?.policy).toBe(policy)
})

test('an image is there where every node that takes pods has it', () => {
  const node = (images: string[], unschedulable = false): JsonRecord => ({
    spec: { unschedulable },
    status: { images: images.map((name) => ({ names: [name] })) },
  })
  expect(isOnEveryNode('a:1', [node(['a:1', 'b:1']), node(['a:1'])])).toBe(true)
  expect(isOnEveryNode('a:1', [node(['a:1']), node([])])).toBe(false)
  expect(isOnEveryNode('a:1', [node(['a:1']), node([], true)])).toBe(true)
  expect(isOnEveryNode('a:1', [])).toBe(false)
})

const waiting = (reason: string): JsonRecord => ({ state: { waiting: { reason, message: 'm' } } })

test.each<[string, JsonRecord, string]>([
  ['being created', waiting('ContainerCreating'), 'waiting'],
  ['nothing yet', {}, 'waiting'],
  ['not there', waiting('ErrImagePull'), 'failed'],
  ['still not there', waiting('ImagePullBackOff'), 'failed'],
  ['a name that is none', waiting('InvalidImageName'), 'failed'],
  ['no such program', { state: { terminated: { reason: 'StartError' } } }, 'pulled'],
  ['refused for its user', waiting('CreateContainerConfigError'), 'pulled'],
  ['not to be made', waiting('CreateContainerError'), 'pulled'],
  ['with an image, and no state', { imageID: 'sha256:aa' }, 'pulled'],
])('a container that is %s', (_, status, expected) => {
  expect(pullOf(status).is).toBe(expected)
})
