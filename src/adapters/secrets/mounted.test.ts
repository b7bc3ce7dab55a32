import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mountedSecrets } from './mounted.ts'

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'pawl-secrets-'))
  await mkdir(join(root, 'secrets', 'db'), { recursive: true })
  await writeFile(join(root, 'secrets', 'db', 'password'), 'canary\n')
  await writeFile(join(root, 'outside'), 'not for you')
  await mkdir(join(root, 'release', '..2026_01_01'), { recursive: true })
  await writeFile(join(root, 'release', 'values.yaml'), 'a: 1')
})
afterAll(async () => await rm(root, { recursive: true }))

const secrets = () => mountedSecrets({ root: join(root, 'secrets'), releaseRoot: join(root, 'release') })

test('a key is a file, its value exactly what is in it, and it does not print', async () => {
  const value = await secrets().resolve({ secret: 'db', key: 'password' })
  expect(value.reveal()).toBe('canary\n')
  expect(JSON.stringify({ value })).not.toContain('canary')
})

test.each([
  ['missing', { secret: 'db', key: 'other' }],
  ['of no secret', { secret: 'other', key: 'password' }],
  ['that leads out', { secret: '..', key: 'outside' }],
  ['with a slash', { secret: 'db', key: '../../outside' }],
])('a key %s is input-invalid', async (_, ref) => {
  await expect(secrets().resolve(ref)).rejects.toMatchObject({ code: 'input-invalid' })
})

test('files of the release, without what Kubernetes keeps beside them', async () => {
  expect(await secrets().files('anything')).toEqual([{ name: 'values.yaml', bytes: Buffer.from('a: 1') }])
  await expect(mountedSecrets({ root, releaseRoot: join(root, 'nothing') }).files('x')).rejects.toMatchObject({
    code: 'input-invalid',
  })
})
