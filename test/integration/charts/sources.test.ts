// Every place charts can come from tells the same of the same charts: packed by the real Helm, pushed to a real registry.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chartsAt } from '../../../src/adapters/artifacts/charts-at.ts'
import type { RegistryLogin } from '../../../src/core/images/login.ts'
import { secret } from '../../../src/core/secret.ts'
import type { ChartEntry, Charts } from '../../../src/ports/charts.ts'
import { readReleases } from '../../../examples/tally/build.ts'
import { codeOf } from '../../conformance/cluster/suite.ts'
import { pawlIn, type Said } from '../../support/in-process.ts'
import { chartWorld, type ChartWorld } from './world.ts'

let world: ChartWorld
let home: string

beforeAll(async () => {
  world = await chartWorld()
  home = await mkdtemp(join(tmpdir(), 'pawl-home-'))
  await mkdir(join(home, '.docker'))
})
afterAll(async () => {
  await world?.stop()
  await rm(home, { recursive: true, force: true })
})

async function pawl(...argv: string[]): Promise<Said> {
  return await pawlIn(home, '2026-11-23', argv)
}

const login = async (): Promise<RegistryLogin> => ({ ...world.login, password: secret(world.login.password) })

async function sources(): Promise<Record<string, Charts>> {
  return {
    directory: await chartsAt(world.directory),
    repository: await chartsAt(world.repository),
    registry: await chartsAt(world.open),
    'registry with a login': await chartsAt(world.closed, { login }),
  }
}

/** The time of publication differs: a directory has it from its index, a registry from the push. */
function withoutTime({ created: _created, ...entry }: ChartEntry): Omit<ChartEntry, 'created'> {
  return entry
}

test('directory, repository and registry list the same charts with the same digests', async () => {
  const lists = await Promise.all(
    Object.values(await sources()).map(async (charts) =>
      (await charts.list('tally')).map(withoutTime).toSorted((a, b) => a.version.localeCompare(b.version)),
    ),
  )
  expect(lists[0]).toHaveLength(readReleases().length)
  expect(lists[0]?.every(({ digest, appVersion }) => digest !== undefined && appVersion !== '')).toBe(true)
  for (const list of lists) expect(list).toEqual(lists[0])
})

test('each gives the same bytes, and says which versions there are where one is not', async () => {
  const release = readReleases().at(-1)!
  const archives = await Promise.all(
    Object.values(await sources()).map(async (charts) => await charts.fetch('tally', release.chartVersion)),
  )
  expect(new Set(archives.map(({ digest }) => digest)).size).toBe(1)
  expect(archives.map(({ entry }) => entry.appVersion)).toEqual(archives.map(() => release.appVersion))
  for (const charts of Object.values(await sources()))
    expect(await codeOf(charts.fetch('tally', '9.9.9'))).toBe('target-unknown')
})

test('without its login the closed registry tells nothing', async () => {
  expect(await codeOf((await chartsAt(world.closed)).list('tally'))).toBe('store-unreadable')
})

test('pawl releases finds the login where Helm and Docker keep it', async () => {
  const host = new URL(world.closed.replace('oci:', 'http:')).host
  const auth = Buffer.from(`${world.login.user}:${world.login.password}`).toString('base64')
  await writeFile(join(home, '.docker', 'config.json'), JSON.stringify({ auths: { [host]: { auth } } }))
  const { exitCode, stdout } = await pawl('releases', 'list', 'tally', '--charts', world.closed, '--all', '-o', 'json')
  const { releases } = JSON.parse(stdout) as { releases: { chartVersion: string }[] }
  expect([exitCode, releases.length]).toEqual([0, readReleases().length])
})

test('two sources of the same charts are one list without a conflict', async () => {
  const { stdout } = await pawl(
    'releases',
    'list',
    'tally',
    '--charts',
    world.open,
    '--charts',
    world.directory,
    '--all',
    '-o',
    'json',
  )
  const listed = JSON.parse(stdout) as { releases: { sources: string[] }[]; conflicts: { field: string }[] }
  expect(listed.releases).toHaveLength(readReleases().length)
  expect(listed.releases.every(({ sources: names }) => names.length === 2)).toBe(true)
  expect(listed.conflicts.filter(({ field }) => field !== 'published')).toEqual([])
})

test('a snapshot holds all of it, for a machine without a network', async () => {
  const out = join(home, 'tally.json')
  expect((await pawl('releases', 'snapshot', 'tally', '--charts', world.open, '--out', out)).exitCode).toBe(0)
  expect((await readdir(home)).filter((name) => name.includes('.part'))).toEqual([])
  const online = await pawl('releases', 'list', 'tally', '--charts', world.open, '--all', '-o', 'json')
  const offline = await pawl('releases', 'list', 'tally', '--from-snapshot', out, '--all', '-o', 'json')
  const releases = (text: string): object[] =>
    (JSON.parse(text) as { releases: object[] }).releases.map((release) => ({ ...release, sources: [] }))
  expect(releases(offline.stdout)).toEqual(releases(online.stdout))
  await writeFile(out, (await readFile(out, 'utf8')).slice(0, -10))
  expect((await pawl('releases', 'list', 'tally', '--from-snapshot', out)).exitCode).toBe(65)
})

test('the repository is asked only whether it changed; when it is gone, what it said is shown with its age', async () => {
  const list = async (): Promise<Said> =>
    await pawl('releases', 'list', 'tally', '--charts', world.repository, '-o', 'json')
  world.asked.length = 0
  const first = await list()
  const second = await list()
  expect(world.asked).toEqual([200, 304])
  expect(second.stdout).toBe(first.stdout)
  await world.stopRepository()
  const third = await list()
  const { releases, notes } = JSON.parse(third.stdout) as { releases: object[]; notes: string[] }
  expect(releases).toEqual((JSON.parse(first.stdout) as { releases: object[] }).releases)
  expect(notes).toEqual([expect.stringContaining('does not answer')])
})
