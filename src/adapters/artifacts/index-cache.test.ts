// The remembered index against a real server on loopback: asked conditionally, refetched when damaged, and said when it is old.
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { chart, codeAndMessage } from './charts.fixture.ts'
import { indexCacheIn } from './index-cache.ts'
import { chartRepository, type Stale } from './repository.ts'

let directory: string
let server: Server
let address: string
let index: string
let answer: number | undefined
let validators: Record<string, string>
const asked: { url: string; conditions: Record<string, string | undefined> }[] = []
const times = ['2026-11-23T10:00:00.000Z', '2026-11-24T10:00:00.000Z', '2026-11-25T10:00:00.000Z']
let clock = 0

function indexOf(...versions: string[]): string {
  const entries = versions.map(
    (version) => `  - name: carto\n    version: ${version}\n    urls: [carto-${version}.tgz]\n`,
  )
  return `apiVersion: v1\nentries:\n  carto:\n${entries.join('')}`
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cache-'))
  asked.length = 0
  answer = undefined
  clock = 0
  index = indexOf('1.2.3')
  validators = { etag: '"one"', 'last-modified': 'Mon, 23 Nov 2026 09:00:00 GMT' }
  server = createServer((request, response) => {
    const { 'if-none-match': etag, 'if-modified-since': since } = request.headers
    asked.push({ url: request.url ?? '', conditions: { etag, since } })
    if (answer !== undefined) return void response.writeHead(answer).end()
    if (request.url?.endsWith('.tgz') === true) return void response.end(chart('1.2.3'))
    const unchanged = etag === undefined ? since === validators['last-modified'] : etag === validators['etag']
    if (unchanged && since !== undefined) return void response.writeHead(304, validators).end()
    response.writeHead(200, validators).end(index)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  server.close()
  server.closeAllConnections()
  await rm(directory, { recursive: true })
})

async function versions(onStale?: (stale: Stale) => void, at = address): Promise<string[]> {
  const cache = indexCacheIn(directory, () => new Date(times[clock] ?? ''))
  return (await chartRepository(at, { cache, onStale }).list('carto')).map(({ version }) => version)
}

test('the second time only asks whether it changed, and reads it again where it did', async () => {
  expect(await versions()).toEqual(['1.2.3'])
  expect(await versions()).toEqual(['1.2.3'])
  expect(asked.map(({ conditions }) => conditions)).toEqual([
    { etag: undefined, since: undefined },
    { etag: '"one"', since: 'Mon, 23 Nov 2026 09:00:00 GMT' },
  ])
  index = indexOf('1.2.3', '1.2.4')
  validators = { ...validators, etag: '"two"' }
  expect(await versions()).toEqual(['1.2.3', '1.2.4'])
})

test('a server without validators is read each time', async () => {
  validators = {}
  await versions()
  index = indexOf('1.3.0')
  expect(await versions()).toEqual(['1.3.0'])
  expect(asked[1]?.conditions).toEqual({ etag: undefined, since: undefined })
})

test('files are private, and hold neither the address nor its password', async () => {
  await versions(undefined, address.replace('http://', 'http://user:hidden@'))
  const [file = ''] = await readdir(directory)
  expect((await stat(join(directory, file))).mode & 0o777).toBe(0o600)
  expect(`${file}${await readFile(join(directory, file), 'utf8')}`).not.toMatch(/hidden|127\.0\.0\.1/)
})

test.each([
  ['cut off', (bytes: Buffer) => bytes.subarray(0, bytes.length - 5)],
  ['changed', (bytes: Buffer) => Buffer.from(bytes.toString('utf8').replace('1.2.3', '6.6.6'))],
  ['emptied', () => Buffer.alloc(0)],
  ['something else', () => Buffer.from('{"at":"2026-11-23"}\nentries: {}\n')],
])('what was remembered and is %s is not used', async (_, damage) => {
  await versions()
  const [file = ''] = await readdir(directory)
  await writeFile(join(directory, file), damage(await readFile(join(directory, file))))
  expect(await versions()).toEqual(['1.2.3'])
  expect(asked[1]?.conditions.etag).toBeUndefined()
})

test.each([
  [
    'nobody answers',
    () => {
      server.close()
      server.closeAllConnections()
    },
  ],
  [
    'the server is at odds with itself',
    () => {
      answer = 503
    },
  ],
])('where %s, the remembered index is taken by those who say so, with its age', async (_, breakIt) => {
  await versions()
  clock = 2
  breakIt()
  const stale: Stale[] = []
  expect(await versions((found) => stale.push(found))).toEqual(['1.2.3'])
  expect(stale).toMatchObject([{ where: `${address}/index.yaml`, at: times[0] }])
  // An upgrade is not planned from it.
  expect((await codeAndMessage(versions()))[0]).toBe('store-unreadable')
})

test('its age is counted from when the server last said that it is current', async () => {
  await versions()
  clock = 1
  await versions()
  clock = 2
  answer = 500
  const stale: Stale[] = []
  await versions((found) => stale.push(found))
  expect(stale.map(({ at }) => at)).toEqual([times[1]])
})

test('a refusal is not answered from memory', async () => {
  await versions()
  answer = 403
  expect((await codeAndMessage(versions(() => undefined)))[0]).toBe('store-unreadable')
})

test('a page that is no index is not remembered', async () => {
  index = '<html>Log in</html>'
  expect((await codeAndMessage(versions()))[0]).toBe('input-invalid')
  expect(await readdir(directory)).toEqual([])
})

test('a directory that cannot be written costs nothing but time', async () => {
  await writeFile(join(directory, 'a-file'), '')
  const cache = indexCacheIn(join(directory, 'a-file', 'cache'), () => new Date(0))
  expect(await chartRepository(address, { cache }).list('carto')).toHaveLength(1)
})
