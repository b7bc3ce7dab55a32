import { expect, test } from 'vitest'
import { imageText, readImageId, readImageName } from './name.ts'

const DIGEST = `sha256:${'a'.repeat(64)}`

test.each([
  ['postgres', { host: 'docker.io', path: 'library/postgres' }, 'docker.io/library/postgres:latest'],
  ['bitnami/redis:7', { host: 'docker.io', path: 'bitnami/redis', tag: '7' }, 'docker.io/bitnami/redis:7'],
  ['ghcr.io/a/b:1@' + DIGEST, { host: 'ghcr.io', path: 'a/b', tag: '1', digest: DIGEST }, `ghcr.io/a/b:1@${DIGEST}`],
  ['localhost/x', { host: 'localhost', path: 'x' }, 'localhost/x:latest'],
  [
    '127.0.0.1:5000/tally/board:2026.1.12',
    { host: '127.0.0.1:5000', path: 'tally/board', tag: '2026.1.12' },
    undefined,
  ],
])('%s', (text, name, full) => {
  expect(readImageName(text)).toEqual(name)
  expect(imageText(readImageName(text)!)).toBe(full ?? text)
})

test.each(['', 'A/B', 'x:', 'x@sha512:ab', `x@${DIGEST}@${DIGEST}`, 'ghcr.io/../x', 'x y'])(
  '"%s" is no image',
  (text) => expect(readImageName(text)).toBeUndefined(),
)

test.each([
  [`docker-pullable://ghcr.io/a/b@${DIGEST}`, { digest: DIGEST, repository: { host: 'ghcr.io', path: 'a/b' } }],
  [`docker.io/library/x@${DIGEST}`, { digest: DIGEST, repository: { host: 'docker.io', path: 'library/x' } }],
  [DIGEST, { config: DIGEST }],
  [`docker://${DIGEST}`, { config: DIGEST }],
  ['', {}],
])('imageID "%s"', (text, ran) => expect(readImageId(text)).toEqual(ran))
