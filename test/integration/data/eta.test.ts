// How long a backup will still take, as it is said to whoever watches: held against when it really ended, into a slow store.
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DataProgress } from '../../../src/core/data/tasks.ts'
import { expectedArchives, withExpected } from '../../../src/core/progress/expected.ts'
import { createTracks } from '../../../src/core/progress/tracks.ts'
import type { DataDeps } from '../../../src/data/deps.ts'
import { runDataTask } from '../../../src/data/run.ts'
import { pacer, throttled } from '../../../src/data/throttle.ts'
import type { Clock } from '../../../src/ports/world.ts'
import { startPostgres, type TestServer } from '../../support/postgres.ts'
import { ROLES } from './hostile.ts'
import { makeWorld, withoutGzip, type World } from './world.ts'

let server: TestServer
let world: World

/** Nothing makes random bytes smaller; as text they are twice as long, which gzip takes back. */
function noise(tables: number, rows: number): string {
  const bytes = `decode((select string_agg(md5(random()::text || i || j), '') from generate_series(1, 64) j), 'hex')`
  const make = (table: number): string =>
    `create table t${table} as select i, ${bytes} as noise from generate_series(1, ${rows}) i; alter table t${table} owner to "Tally App"; analyze t${table};`
  return Array.from({ length: tables }, (_, table) => make(table)).join('\n')
}

beforeAll(async () => {
  server = await startPostgres()
  await server.query('postgres', ROLES)
  for (const database of ['"Ledger db"', 'ai_db']) {
    await server.query('postgres', `create database ${database} owner "Tally App"`)
  }
  await server.query('Ledger db', noise(3, 2500))
  await server.query('ai_db', noise(2, 2500))
  world = await makeWorld(server)
})

afterAll(async () => {
  await world.dispose()
  await server.stop()
})

interface Word {
  atMs: number
  progress: DataProgress
}

/** Time passes only while the store takes its time: how fast this machine is does not matter. */
function storeClock(): Clock {
  let nowMs = 0
  return {
    now: () => new Date(nowMs),
    async sleep(ms) {
      const until = nowMs + ms
      await setImmediate()
      nowMs = Math.max(nowMs, until)
    },
  }
}

/** Every word, and when it had really ended. */
async function watched(set: string, bytesPerSecond = Number.MAX_SAFE_INTEGER) {
  const words: Word[] = []
  const clock = storeClock()
  const nowMs = (): number => clock.now().getTime()
  const pace = pacer(bytesPerSecond, clock, new AbortController().signal)
  const deps: DataDeps = {
    ...world.deps,
    // A program that compresses beside us would take time that this clock does not know.
    toolbox: withoutGzip(world.deps.toolbox),
    openStore: async (spec) => throttled(await world.deps.openStore(spec), pace),
  }
  const result = await runDataTask(world.backupTask(set), deps, {
    onProgress: (progress) => words.push({ atMs: nowMs(), progress }),
  })
  return { words, endedMs: nowMs(), result }
}

/** After the first third of the time: what was said too wrongly, and how often something was said at all. */
function judge({ words, endedMs }: Awaited<ReturnType<typeof watched>>, heard: readonly Word[] = words) {
  const tracks = createTracks()
  const wrong: string[] = []
  let [known, all] = [0, 0]
  for (const { atMs, progress } of heard) {
    tracks.add(progress, atMs)
    if (atMs < endedMs / 3) continue
    all += 1
    const said = tracks.timeLeft(atMs)?.seconds
    if (said === undefined) continue
    known += 1
    const really = (endedMs - atMs) / 1000
    if (Math.abs(said - really) > Math.max(0.3 * really, 4))
      wrong.push(`${said.toFixed(1)} s for ${really.toFixed(1)} s`)
  }
  return { wrong, known: known / all }
}

test('from the first third on, two databases into a slow store end when it was said that they would', async () => {
  const fast = await watched('ns/rel/fast')
  const rate = Math.round(fast.result.storedBytes / 30)
  const databases = fast.result.databases.map(({ role, sizeBytes }) => ({ role, sizeBytes }))
  const expected = expectedArchives(databases, fast.result.databases)
  const slow = await watched('ns/rel/slow', rate)
  const words = slow.words.map(({ atMs, progress }) => ({ atMs, progress: withExpected(progress, expected) }))
  const said = judge({ ...slow, words })
  expect(said.wrong).toEqual([])
  expect(said.known).toBeGreaterThan(0.8)
  // Whoever does not think of the second database, or of what is not yet in the store, is found out.
  const moved = words.filter(({ progress: { bytes = 0, rows = 0 } }) => bytes + rows > 0)
  expect(judge({ ...slow, words }, moved).wrong).not.toEqual([])
  // The first time of all nobody knows of the second database before its turn: then nothing is said, and nothing wrong.
  expect(judge(slow).wrong).toEqual([])
})

test('each phase of a proof says when it begins, and when it is over', async () => {
  const first = new Map<string, DataProgress>()
  const last = new Map<string, DataProgress>()
  await runDataTask(world.proveTask('ns/rel/fast'), world.deps, {
    onProgress: (progress) => {
      const name = `${progress.phase} ${progress.role ?? ''}`
      if (!first.has(name)) first.set(name, progress)
      last.set(name, progress)
    },
  })
  const measured = [...last.values()].filter(({ bytes, rows }) => bytes !== undefined || rows !== undefined)
  const phases = ['fetch', 'restore', 'compare'].flatMap((phase) => [`${phase} ledger`, `${phase} ai`])
  expect([...last.keys()]).toEqual(expect.arrayContaining(phases))
  expect(
    measured.filter(({ bytes, bytesTotal, rows, rowsTotal }) => bytes !== bytesTotal || rows !== rowsTotal),
  ).toEqual([])
  // The first rows of a big table take a while.
  expect([first.get('compare ledger')?.rows, first.get('compare ai')?.rows]).toEqual([0, 0])
})
