import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { chartsAt } from './charts-at.ts'
import { chart, codeAndMessage, entry, sha256 } from './charts.fixture.ts'

let folder: string
let server: Server | undefined
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'charts-'))
})
afterEach(async () => {
  server?.close()
  server?.closeAllConnections()
  server = undefined
  await rm(folder, { recursive: true })
})

async function serve(
  files: Record<string, string | Buffer>,
  password?: string,
): Promise<{ address: string; asked: string[] }> {
  const asked: string[] = []
  server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.authorization ?? ''}`.trim())
    const wanted = password === undefined ? undefined : `Basic ${Buffer.from(password).toString('base64')}`
    if (wanted !== undefined && request.headers.authorization !== wanted) return void response.writeHead(401).end()
    const file = files[request.url ?? '']
    if (file === undefined) response.writeHead(404).end()
    else response.end(file)
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

test('a directory gives every version of the chart that is asked for, and its own Chart.yaml counts', async () => {
  await writeFile(join(folder, 'carto-1.2.3.tgz'), chart('1.2.3', 'annotations: {min: "2025.1"}\n'))
  await writeFile(join(folder, 'carto-1.10.0.tgz'), chart('1.10.0'))
  await writeFile(join(folder, 'carto-extra-1.0.0.tgz'), chart('1.0.0', '', 'carto-extra'))
  await writeFile(join(folder, 'README.md'), 'no chart')
  const charts = await chartsAt(folder)
  const found = await charts.list('carto')
  expect(found.map(({ version }) => version).toSorted()).toEqual(['1.10.0', '1.2.3'])
  expect(found.find(({ version }) => version === '1.2.3')).toMatchObject({
    name: 'carto',
    appVersion: '2026.10',
    annotations: { min: '2025.1' },
  })
  const archive = await charts.fetch('carto', '1.2.3')
  expect(archive.digest).toBe(sha256(archive.bytes))
  expect(await codeAndMessage(charts.fetch('carto', '9.9.9'))).toEqual([
    'target-unknown',
    expect.stringContaining('no version 9.9.9'),
  ])
})

test('an index beside the archives gives the time of publication, and its digest must be theirs', async () => {
  const bytes = chart('1.2.3')
  await writeFile(join(folder, 'carto-1.2.3.tgz'), bytes)
  const index = (digest: string) =>
    `apiVersion: v1\nentries:\n  carto:\n  - name: carto\n    version: 1.2.3\n    created: "2026-02-03T04:05:06Z"\n    digest: ${digest}\n    urls:\n    - https://x.example/carto-1.2.3.tgz\n`
  await writeFile(join(folder, 'index.yaml'), index(sha256(bytes)))
  expect(await (await chartsAt(folder)).list('carto')).toMatchObject([
    { created: '2026-02-03T04:05:06.000Z', digest: sha256(bytes) },
  ])
  await writeFile(join(folder, 'index.yaml'), index('0'.repeat(64)))
  const [code, message] = await codeAndMessage((await chartsAt(folder)).fetch('carto', '1.2.3'))
  expect([code, message]).toEqual([
    'input-invalid',
    expect.stringContaining(`expected sha256 ${'0'.repeat(64)}, got ${sha256(bytes)}`),
  ])
})

test('two different archives of one version are refused', async () => {
  await writeFile(join(folder, 'carto-1.2.3.tgz'), chart('1.2.3'))
  await writeFile(join(folder, 'carto-1.2.3-copy.tgz'), chart('1.2.3', 'description: other\n'))
  expect(await codeAndMessage((await chartsAt(folder)).list('carto'))).toEqual([
    'input-invalid',
    expect.stringContaining('two different archives'),
  ])
})

test('one archive is a source too', async () => {
  const path = join(folder, 'any-name.tgz')
  await writeFile(path, chart('1.2.3'))
  const charts = await chartsAt(path)
  expect((await charts.fetch('carto', '1.2.3')).entry.version).toBe('1.2.3')
  expect(await charts.list('other')).toEqual([])
  expect((await charts.read(path)).entry.name).toBe('carto')
  expect((await codeAndMessage(charts.fetch('carto', '1.2.4')))[0]).toBe('target-unknown')
})

test('long names and comments of tar archives are understood', async () => {
  const long = entry('././@LongLink', `carto/templates/${'x'.repeat(120)}.yaml\0`, 'L')
  const pax = entry('PaxHeaders/x', '30 path=carto/templates/y.yaml\n', 'x')
  const before = [
    long,
    entry('carto/templates/cut', 'a'),
    pax,
    entry('short', 'b'),
    entry('pax_global_header', '52 comment=0123456789012345678901234567890123456789\n', 'g'),
  ]
  const path = join(folder, 'a.tgz')
  await writeFile(path, chart('1.2.3', '', 'carto', before))
  expect((await (await chartsAt(path)).list('carto'))[0]?.version).toBe('1.2.3')
})

test('what is no chart is said to be none', async () => {
  const whole = chart('1.2.3')
  const cases: [string, Buffer, string][] = [
    ['text.tgz', Buffer.from('hello'), 'is not a chart archive'],
    ['cut.tgz', whole.subarray(0, whole.length - 40), 'is not a chart archive'],
    ['empty.tgz', gzipSync(Buffer.alloc(1024)), 'it has no Chart.yaml'],
    [
      'nameless.tgz',
      gzipSync(Buffer.concat([entry('a/Chart.yaml', 'version: 1.0.0\n')])),
      'names no chart and version',
    ],
    ['broken.tgz', gzipSync(Buffer.concat([entry('a/Chart.yaml', 'name: [\n')])), 'is not a chart archive'],
  ]
  for (const [name, bytes, words] of cases) {
    const path = join(folder, name)
    await writeFile(path, bytes)
    expect(await codeAndMessage((await chartsAt(path)).list('carto'))).toEqual([
      'input-invalid',
      expect.stringContaining(words),
    ])
  }
  await mkdir(join(folder, 'unpacked'))
  await writeFile(join(folder, 'unpacked', 'Chart.yaml'), 'name: a\n')
  expect(await codeAndMessage(chartsAt(join(folder, 'unpacked')))).toEqual([
    'input-invalid',
    expect.stringContaining('unpacked chart'),
  ])
  expect(await codeAndMessage(chartsAt(join(folder, 'missing')))).toEqual([
    'store-unreadable',
    expect.stringContaining('no such file'),
  ])
  expect((await codeAndMessage(chartsAt('oci://user:pw@r.example/charts')))[0]).toBe('input-invalid')
})

test('a repository gives its index, relative and absolute addresses, and checks the digest', async () => {
  const [good, other] = [chart('1.2.3'), chart('1.3.0')]
  const files: Record<string, string | Buffer> = { '/charts/carto-1.2.3.tgz': good, '/else/carto-1.3.0.tgz': other }
  const { address } = await serve(files)
  files['/charts/index.yaml'] = `apiVersion: v1
entries:
  aaa:
  - name: aaa
    version: 0.0.1
    annotations:
      carto: not the chart
    urls: [aaa.tgz]
  carto:
  - name: carto
    version: 1.3.0
    appVersion: "2026.1.10"
    digest: ${sha256(other)}
    urls:
    - ${address}/else/carto-1.3.0.tgz
  - name: carto
    version: 1.2.3
    appVersion: 2026.10
    created: 2026-02-03T04:05:06.123456789+01:00
    digest: sha256:${sha256(good).toUpperCase()}
    urls:
    - carto-1.2.3.tgz
  zzz: []
generated: "2026-02-03T04:05:06Z"
`
  const charts = await chartsAt(`${address}/charts`)
  expect(charts.where).toBe(`${address}/charts/`)
  expect(await charts.list('carto')).toEqual([
    { name: 'carto', version: '1.3.0', appVersion: '2026.1.10', annotations: {}, digest: sha256(other) },
    {
      name: 'carto',
      version: '1.2.3',
      appVersion: '2026.10',
      annotations: {},
      digest: sha256(good),
      created: '2026-02-03T03:05:06.123Z',
    },
  ])
  expect(await charts.list('none')).toEqual([])
  expect((await charts.fetch('carto', '1.3.0')).digest).toBe(sha256(other))
  expect((await charts.fetch('carto', '1.2.3')).digest).toBe(sha256(good))
  files['/charts/carto-1.2.3.tgz'] = chart('1.2.3', 'description: changed\n')
  expect((await codeAndMessage(charts.fetch('carto', '1.2.3')))[0]).toBe('input-invalid')
  expect((await codeAndMessage(charts.fetch('carto', '7.0.0')))[0]).toBe('target-unknown')
})

test('an index written in another style, or as JSON, is read as well', async () => {
  const entries = { carto: [{ name: 'carto', version: '1.2.3', urls: ['x.tgz'] }] }
  const files: Record<string, string> = {
    '/a/index.yaml': JSON.stringify({ apiVersion: 'v1', entries }),
    '/b/index.yaml': `entries: ${JSON.stringify(entries)}\n`,
  }
  const { address } = await serve(files)
  for (const path of ['a', 'b'])
    expect(await (await chartsAt(`${address}/${path}/`)).list('carto')).toMatchObject([{ version: '1.2.3' }])
})

test('credentials in the address are used, for this host only, and never shown', async () => {
  const elsewhere = await serve({ '/carto-1.2.3.tgz': chart('1.2.3') })
  const first = server
  const index = `entries:\n  carto:\n  - name: carto\n    version: 1.2.3\n    urls: [${elsewhere.address}/carto-1.2.3.tgz]\n`
  const { address } = await serve({ '/index.yaml': index }, 'user:p@ss')
  const charts = await chartsAt(address.replace('http://', 'http://user:p%40ss@'))
  expect((await charts.fetch('carto', '1.2.3')).entry.version).toBe('1.2.3')
  expect(elsewhere.asked).toEqual(['/carto-1.2.3.tgz'])
  expect(charts.where).not.toContain('p%40ss')
  const wrong = await chartsAt(address.replace('http://', 'http://user:wrong@'))
  const [code, message] = await codeAndMessage(wrong.list('carto'))
  expect([code, message]).toEqual(['store-unreadable', expect.stringContaining('HTTP 401')])
  expect(message).not.toContain('wrong')
  first?.close()
})

test('a repository that does not answer, or with something else, is said to be that', async () => {
  const { address } = await serve({ '/index.yaml': '<html>Log in</html>' })
  expect(await codeAndMessage((await chartsAt(address)).list('carto'))).toEqual([
    'input-invalid',
    expect.stringContaining("not a chart repository's index"),
  ])
  expect(await codeAndMessage((await chartsAt(`${address}/nothing`)).list('carto'))).toEqual([
    'store-unreadable',
    expect.stringContaining('HTTP 404'),
  ])
  server?.close()
  server?.closeAllConnections()
  expect(await codeAndMessage((await chartsAt(address)).list('carto'))).toEqual([
    'store-unreadable',
    expect.stringContaining('connection refused'),
  ])
})
