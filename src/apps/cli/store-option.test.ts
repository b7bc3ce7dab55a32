import { expect, test } from 'vitest'
import { bytesOfText } from './size-option.ts'
import { parseStoreOption } from './store-option.ts'

test('a store with everything that says how it is reached', () => {
  const options = {
    store: 's3://bucket/pawl',
    storeEndpoint: 'https://minio.example.com',
    storeRegion: 'eu-west-1',
    storeCredentials: 's3-key',
    storeCa: 'company-ca',
    storeProxy: 'http://proxy.example.com:3128',
    storeServiceAccount: 'backup',
    storeQuota: '500G',
  }
  expect(parseStoreOption(options)).toEqual({
    type: 's3',
    bucket: 'bucket',
    prefix: 'pawl',
    region: 'eu-west-1',
    endpoint: 'https://minio.example.com',
    credentials: 's3-key',
    ca: 'company-ca',
    proxy: 'http://proxy.example.com:3128',
    serviceAccount: 'backup',
    quotaBytes: 500e9,
  })
  expect(parseStoreOption({})).toBeUndefined()
})

test.each([
  [{ store: 'ftp://x' }],
  [{ store: 'volume', storeCa: 'ca' }],
  [{ store: 'gs://b', storeRegion: 'eu' }],
  [{ store: 's3://b', storeEndpoint: 'minio' }],
  [{ store: 's3://b', storeProxy: 'http://canary-user:canary-pass@proxy' }],
  [{ store: 's3://b', storeQuota: 'much' }],
])('%j is refused, and nothing secret is repeated', (options) => {
  expect(() => parseStoreOption(options)).toThrow(expect.objectContaining({ code: 'input-invalid' }))
  expect(() => parseStoreOption(options)).not.toThrow(/canary/)
})

test.each([
  ['1000', 1000],
  ['20Gi', 20 * 2 ** 30],
  ['1.5T', 1.5e12],
  ['10 GB', 1e10],
])('%s is a size', (text, bytes) => expect(bytesOfText(text)).toBe(bytes))

test.each(['', '0', '-5G', '5X', 'G'])('"%s" is no size', (text) => {
  expect(() => bytesOfText(text)).toThrow(expect.objectContaining({ code: 'input-invalid' }))
})
