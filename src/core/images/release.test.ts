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

test('pull secrets of the release and of the accounts its pods run as, of no others', () => {
  expect(pullSecretsOf(manifest, pods)).toEqual(['of-account', 'vendor'])
})
