import { expect, test } from 'vitest'
import { FakeCluster } from '../../testing/cluster/fake-cluster.ts'
import { clusterSecrets } from './cluster.ts'

const CANARY = 'canary-7f3a'

function secrets(): ReturnType<typeof clusterSecrets> {
  const cluster = new FakeCluster({ namespace: 'shop' })
  const data = { password: Buffer.from(CANARY).toString('base64'), a: Buffer.from('first').toString('base64') }
  cluster.seed({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'db', namespace: 'shop' }, data })
  return clusterSecrets(cluster, 'shop')
}

test('a key is resolved to a value that does not print itself', async () => {
  const value = await secrets().resolve({ secret: 'db', key: 'password' })
  expect(value.reveal()).toBe(CANARY)
  expect(`${value} ${JSON.stringify({ value })}`).not.toContain(CANARY)
})

test('all keys in name order', async () => {
  expect((await secrets().files('db')).map(({ name, bytes }) => [name, Buffer.from(bytes).toString()])).toEqual([
    ['a', 'first'],
    ['password', CANARY],
  ])
})

test('what is not there is named, without what is', async () => {
  await expect(secrets().resolve({ secret: 'db', key: 'other' })).rejects.toMatchObject({
    code: 'input-invalid',
    message: expect.not.stringContaining(CANARY) as string,
  })
  await expect(secrets().resolve({ secret: 'nothing', key: 'x' })).rejects.toThrow('no secret "nothing"')
})
