// pawl releases and pawl lifecycle as they are typed, on CARTO's own history: no network, no cluster.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pawlIn } from '../../support/in-process.ts'

let home: string

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'pawl-home-'))
})
afterAll(async () => {
  await rm(home, { recursive: true })
})

async function pawl(line: string, today = '2026-11-11'): Promise<Awaited<ReturnType<typeof pawlIn>>> {
  return await pawlIn(home, today, line.split(' '))
}

async function json<T>(line: string, today?: string): Promise<T> {
  const { stdout } = await pawl(`${line} -o json`, today)
  return JSON.parse(stdout) as T
}

interface Listed {
  sources: { name: string; releases: number }[]
  releases: { appVersion: string; chartVersion?: string; kind: string; support?: { state: string; until: string } }[]
  conflicts: { field: string; chartVersion: string }[]
}

test('list shows what is finished, oldest first, and says what it leaves out', async () => {
  const { releases } = await json<Listed>('releases list')
  expect(releases.every(({ kind }) => kind === 'stable' || kind === 'patch')).toBe(true)
  expect(releases.at(-1)).toMatchObject({
    appVersion: '2026.7.16',
    chartVersion: '1.280.1',
    support: { state: 'supported', until: '2027-07-16' },
  })
  const all = await json<Listed>('releases list carto --all')
  expect(all.releases).toHaveLength(241)
  expect((await pawl('releases list carto')).stdout).toContain(`${241 - releases.length} releases more with --all`)
})

test('list since a day', async () => {
  const { releases } = await json<Listed>('releases list carto --since 2026-06-01')
  expect(releases.map(({ appVersion }) => appVersion)).toEqual(['2026.6.12', '2026.7.16'])
  expect((await pawl('releases list carto --since June')).exitCode).toBe(64)
})

test('the last day of support counts', async () => {
  const state = async (today: string): Promise<string | undefined> =>
    (await json<Listed>('releases show 2025.11.11', today)).releases[0]?.support?.state
  expect([await state('2026-11-11'), await state('2026-11-12'), await state('2026-07-01')]).toEqual([
    'ending',
    'ended',
    'unknown',
  ])
})

test.each([
  ['2022.05.23', ['1.23.1']],
  ['2022.5.23', ['1.23.2']],
  ['2026.07.16', ['1.280.1']],
  ['2025.11.11-patch1', [undefined]],
  ['2025.6.10', ['1.188.1', '1.188.2']],
  ['chart:1.232.1', ['1.232.1', '1.232.1']],
  ['chart:1.232.1-beta', ['1.232.1', '1.232.1']],
])('show %s', async (version, charts) => {
  const { releases } = await json<Listed>(`releases show ${version}`)
  expect(releases.map(({ chartVersion }) => chartVersion)).toEqual(charts)
})

test.each([
  ['releases show 2026.7.17', 20],
  ['releases show latest', 65],
  ['releases list nothing', 65],
  ['releases list tally', 64],
  ['releases list carto --charts /does/not/exist', 74],
  ['releases list carto --from-snapshot /does/not/exist', 65],
  ['lifecycle carto --export xml', 64],
  ['lifecycle carto --only 2026.7.17', 20],
  ['lifecycle carto --out /does/not/exist/file', 65],
])('%s is refused with exit code %i', async (line, expected) => {
  expect((await pawl(line)).exitCode).toBe(expected)
})

test('a snapshot that contradicts the history is said, and both claims are kept', async () => {
  const file = join(home, 'snapshot.json')
  await pawl(`releases snapshot carto --out ${file}`)
  const text = await readFile(file, 'utf8')
  await writeFile(file, text.replace('"minVersion": "2026.4.1"', '"minVersion": "2027.1.1"'))
  const { conflicts, sources } = await json<Listed>(`releases list carto --all --from-snapshot ${file}`)
  expect(sources.map(({ releases }) => releases)).toEqual([242, 241])
  expect(new Set(conflicts.map(({ field }) => field))).toEqual(new Set(['minVersion']))
  expect((await pawl(`releases list carto --from-snapshot ${file}`)).stdout).toContain('2027.1.1')
  const [conflict] = conflicts as [Listed['conflicts'][number]]
  const of = async (version: string): Promise<unknown[]> =>
    (await json<Listed>(`releases show ${version} --from-snapshot ${file}`)).conflicts
  expect(await of(`chart:${conflict.chartVersion}`)).toEqual([conflict])
  expect(await of('2025.11.11')).toEqual([])
})

test.each(['endoflife', 'openeox', 'ics', 'prometheus', 'json'])(
  '%s is the same each time, in a file as on the terminal',
  async (format) => {
    const file = join(home, `export.${format}`)
    const printed = await pawl(`lifecycle carto --export ${format}`)
    await pawl(`lifecycle carto --export ${format} --out ${file}`)
    expect(printed.exitCode).toBe(0)
    expect(await readFile(file, 'utf8')).toBe(printed.stdout)
    expect((await readdir(home)).filter((name) => name.endsWith('.part'))).toEqual([])
  },
)

test('OpenEoX of one release is one document, of all of them one each', async () => {
  const one = JSON.parse((await pawl('lifecycle carto --export openeox --only 2026.7.16')).stdout) as object
  const all = JSON.parse((await pawl('lifecycle carto --export openeox')).stdout) as Record<string, object>
  expect(one).toMatchObject({ end_of_life: '2027-07-16T23:59:59Z' })
  expect(all['2026.7.16']).toEqual(one)
})

test('a clock that is wrong stops what cannot say unknown, and nothing else', async () => {
  expect((await pawl('lifecycle carto --export endoflife', '2025-01-01')).exitCode).toBe(22)
  const { stdout, exitCode } = await pawl('lifecycle carto --export prometheus', '2025-01-01')
  expect([exitCode, stdout.includes('pawl_release_supported{')]).toEqual([0, false])
  expect((await pawl('lifecycle carto', '2025-01-01')).stdout).not.toMatch(/ supported$/m)
})
