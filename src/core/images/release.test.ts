import { expect, test } from 'vitest'
import type { JsonRecord } from '../json.ts'
import { imagesOfRelease, pullSecretsOf } from './release.ts'

const SHA = `sha256:${'a'.repeat(64)}`

const manifest: JsonRecord[] = [
  {
    kind: 'Deployment',
    spec: {
      template: {
        spec: {
          imagePullSecrets: [{ name: 'vendor' }],
          initContainers: [{ name: 'migrate', image: 'vendor/db:1' }],
          containers: [{ name: 'api', image: 'vendor/api:1' }],
        },
      },
    },
  },
  {
    kind: 'CronJob',
    spec: { jobTemplate: { spec: { template: { spec: { containers: [{ name: 'job', image: 'vendor/job:1' }] } } } } },
  },
]

const pods = [
  {
    kind: 'Pod',
    spec: {
      imagePullSecrets: [{ name: 'of-account' }, { name: 'vendor' }],
      initContainers: [{ name: 'migrate', image: 'vendor/db:1' }],
      containers: [{ name: 'api', image: 'vendor/api:1' }],
    },
    status: {
      // The runtime's own names for them.
      initContainerStatuses: [
        { name: 'migrate', image: 'docker.io/vendor/db:1', imageID: `docker.io/vendor/db@${SHA}` },
      ],
      containerStatuses: [{ name: 'api', image: 'docker.io/vendor/api:1', imageID: '' }],
    },
  },
  {
    kind: 'Pod',
    spec: { imagePullSecrets: [{ name: 'strange' }], containers: [{ name: 'x', image: 'other/x:1' }] },
    status: { containerStatuses: [{ name: 'x', image: 'other/x:1', imageID: `other/x@${SHA}` }] },
  },
]

test('every image of the manifest, with what ran of it where a pod did', () => {
  expect(imagesOfRelease(manifest, pods)).toEqual([
    { image: 'vendor/api:1' },
    { image: 'vendor/db:1', digest: `docker.io/vendor/db@${SHA}` },
    { image: 'vendor/job:1' },
  ])
})

test('what runs counts before what is over, then what is younger, and pods that run something else are named', () => {
  const pod = (digest: string, phase: string, day: number, over: object = {}): object => ({
    metadata: { creationTimestamp: `2026-04-0${day}T00:00:00Z`, ...over },
    spec: { containers: [{ name: 'api', image: 'vendor/api:1' }] },
    status: { phase, containerStatuses: [{ name: 'api', imageID: `vendor/api@sha256:${digest.repeat(64)}` }] },
  })
  const found = (...of: object[]) => imagesOfRelease(manifest, of)[0]
  const sha = (digest: string): string => `sha256:${digest.repeat(64)}`
  const [over, old, young] = [pod('a', 'Failed', 9), pod('b', 'Running', 1), pod('c', 'Running', 2)]
  const ending = pod('d', 'Running', 3, { deletionTimestamp: '2026-04-03T00:00:00Z' })
  for (const order of [
    [over, ending, old],
    [old, ending, over],
  ])
    expect(found(...order)).toEqual({ image: 'vendor/api:1', digest: `vendor/api@${sha('b')}` })
  const both = { image: 'vendor/api:1', digest: `vendor/api@${sha('c')}`, others: [sha('b')] }
  expect([found(old, young, over), found(young, old, old)]).toEqual([both, both])
  expect(found(over, pod('e', 'Succeeded', 1))?.digest).toBe(`vendor/api@${sha('a')}`)
})

test('pull secrets of the release and of the accounts its pods run as, of no others', () => {
  expect(pullSecretsOf(manifest, pods)).toEqual(['of-account', 'vendor'])
})
