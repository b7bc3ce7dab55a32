import { expect, test } from 'vitest'
import { secret } from '../../core/secret.ts'
import { openClient } from './client.ts'

const account = { email: 'a@b.c', privateKey: secret('canary'), tokenUrl: 'https://oauth2.googleapis.com/token' }
const baseOf = (endpoint?: string): string =>
  openClient({ account, project: 'p', ...(endpoint === undefined ? {} : { endpoint }) }).storage.baseUrl

test.each([
  [undefined, 'https://storage.googleapis.com'],
  ['', 'https://storage.googleapis.com'],
  ['localhost:4443', 'http://localhost:4443'],
  ['127.0.0.1:4443', 'http://127.0.0.1:4443'],
  ['[::1]:4443/', 'http://[::1]:4443'],
  ['http://127.0.0.1:4443/storage/v1', 'http://127.0.0.1:4443'],
  ['https://storage.example.com', 'https://storage.example.com'],
])('STORAGE_EMULATOR_HOST=%s is %s', (endpoint, base) => {
  expect(baseOf(endpoint)).toBe(`${base}/storage/v1`)
})

test.each(['storage.example.com', '198.51.100.7:4443', 'localhost.example.com:80', 'me@localhost:4443', 'http://db'])(
  'STORAGE_EMULATOR_HOST=%s would hear the token in the clear',
  (endpoint) => {
    expect(() => baseOf(endpoint)).toThrow(expect.objectContaining({ code: 'input-invalid' }))
  },
)
