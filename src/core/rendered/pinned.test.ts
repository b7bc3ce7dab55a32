import { expect, test } from 'vitest'
import type { JsonRecord } from '../json.ts'
import { pinnedImages } from './pinned.ts'

function deployment(name: string, ...images: string[]): JsonRecord {
  const containers = images.map((image, index) => ({ name: `c${index}`, image }))
  return { kind: 'Deployment', metadata: { name }, spec: { template: { spec: { containers } } } }
}

const R = 'gcr.io/carto'
const BEFORE = [deployment('api', `${R}/api:2026.4.24`), deployment('cache', 'bitnami/valkey:8.0.1')]

function pinned(after: JsonRecord[], config: JsonRecord = {}): unknown {
  return pinnedImages({ before: BEFORE, after, config, from: '2026.4.24', to: '2026.7.16', scheme: 'calver' })
}

test.each<[string, JsonRecord[], string[]]>([
  ['all of the target', [deployment('api', `${R}/api:2026.7.16`)], []],
  ['another registry', [deployment('api', 'mirror.local:5000/carto/api:2026.7.16')], []],
  ['a cache of its own version', [deployment('cache', 'bitnami/valkey:8.1.0')], []],
  ['the old tag', [deployment('api', `${R}/api:2026.4.24`)], [`Deployment/api: ${R}/api:2026.4.24`]],
  ['a patch tag', [deployment('api', `${R}/api:2026.7.16-fix3`)], [`Deployment/api: ${R}/api:2026.7.16-fix3`]],
  [
    'a tag that is no version',
    [deployment('api', `m.local/carto/api:hotfix`)],
    ['Deployment/api: m.local/carto/api:hotfix'],
  ],
  ['a digest alone', [deployment('api', `${R}/api@sha256:aa`)], [`Deployment/api: ${R}/api@sha256:aa`]],
  ['a part that is new and old at once', [deployment('db', `${R}/db:2025.9.11`)], [`Deployment/db: ${R}/db:2025.9.11`]],
])('%s', (_, after, images) => {
  expect(pinned(after)).toEqual({ images, values: [] })
})

test('values that name images are told, also where they make no difference today', () => {
  const config = {
    router: { image: { tag: '2026.4.24', registry: 'x' } },
    api: { image: { tag: '2026.7.16' } },
    cache: { metrics: { image: { digest: 'sha256:aa' } }, image: { tag: '' } },
  }
  expect(pinned([], config)).toEqual({ images: [], values: ['cache.metrics.image.digest', 'router.image.tag'] })
})
