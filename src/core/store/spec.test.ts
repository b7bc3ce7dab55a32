import { expect, test } from 'vitest'
import { parseStoreSpec, secretsOfStore, storeOfText, storeText, type StoreSpec } from './spec.ts'

test.each<[string, StoreSpec]>([
  ['volume:pawl-store', { type: 'volume', claim: 'pawl-store' }],
  ['dir:/srv/backups', { type: 'directory', path: '/srv/backups' }],
  ['s3://bucket/team/pawl', { type: 's3', bucket: 'bucket', prefix: 'team/pawl' }],
  ['gs://bucket', { type: 'gcs', bucket: 'bucket', prefix: '' }],
  ['azure://account/box/a/b', { type: 'azure', account: 'account', container: 'box', prefix: 'a/b' }],
])('%s is read and written alike', (text, spec) => {
  expect(storeOfText(text)).toEqual(spec)
  expect(storeText(spec)).toBe(text)
  expect(parseStoreSpec(spec)).toEqual(spec)
})

test('short forms', () => {
  expect(storeOfText('volume')).toEqual({ type: 'volume', claim: 'pawl-store' })
  expect(storeOfText('/srv/backups')).toEqual({ type: 'directory', path: '/srv/backups' })
  expect(storeOfText('s3://bucket/a/')).toEqual({ type: 's3', bucket: 'bucket', prefix: 'a' })
})

test.each(['', 'relative', 's3://', 'gs:///x', 'azure://account', 'https://x/y', 's3://b/../x', 's3://b?x', 'dir:x'])(
  '"%s" names no store',
  (text) => expect(storeOfText(text)).toBeUndefined(),
)

test('a store of a resource: what is missing is named, how it is reached is kept, the rest is ignored', () => {
  const reach = { endpoint: 'https://s3.local', credentials: 'key', ca: 'ca', proxy: 'http://p:1', quotaBytes: 5 }
  expect(parseStoreSpec({ type: 's3', bucket: 'b', ...reach, later: true })).toEqual({
    type: 's3',
    bucket: 'b',
    prefix: '',
    ...reach,
  })
  expect(parseStoreSpec({ type: 'azure', account: 'a' })).toContain('container')
  expect(parseStoreSpec({ type: 'gcs' })).toContain('bucket')
  expect(parseStoreSpec({ type: 'ftp' })).toContain('ftp')
  expect(parseStoreSpec('s3')).toContain('expected a store')
})

test('which Secrets a store needs', () => {
  expect(secretsOfStore({ type: 'gcs', bucket: 'b', prefix: '', credentials: 'key', ca: 'ca' })).toEqual(['key', 'ca'])
  expect(secretsOfStore({ type: 'volume', claim: 'c' })).toEqual([])
})
