// A backup in this process whose owner stops, or has lost the release, while the next owner begins the same one: two are never at it at once.
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { localDataPlane } from '../../../src/adapters/dataplane-local/local.ts'
import { childProcesses } from '../../../src/adapters/process/processes.ts'
import type { DataDeps } from '../../../src/data/deps.ts'
import { runDataTask } from '../../../src/data/run.ts'
import type { DataPlane } from '../../../src/ports/dataplane.ts'
import type { ObjectStore } from '../../../src/ports/store.ts'
import { faultyDatabases } from '../../../src/testing/faulty-databases.ts'
import { startPostgres, type TestServer } from '../../support/postgres.ts'
import { APP, makeHostile } from './hostile.ts'
import { makeWorld, type World } from './world.ts'

const STOPPED = new Error('stopped')
let server: TestServer
let world: World

beforeAll(async () => {
  server = await startPostgres()
  await makeHostile(server)
  // Enough to be stopped in.
  await server.query(
    'Ledger db',
    `insert into deliveries (note) select repeat('much ', 40) || i from generate_series(1, 300000) i`,
  )
  world = await makeWorld(server)
})

afterAll(async () => {
  await world.dispose()
  await server.stop()
})

/** What one process of Pawl has. */
function planeOf(deps: DataDeps): DataPlane {
  return localDataPlane((task, options) => runDataTask(task, deps, options))
}

/** The store, and what is written into it through here. */
async function watched(onPut: (name: string) => void): Promise<{ store: ObjectStore; writing: Set<string> }> {
  const store = await world.deps.openStore(world.proveTask('x').store)
  const writing = new Set<string>()
  const put: ObjectStore['put'] = async (name, ...args) => {
    writing.add(name)
    onPut(name)
    try {
      return await store.put(name, ...args)
    } finally {
      writing.delete(name)
    }
  }
  return { store: { ...store, put }, writing }
}

async function dumping(): Promise<boolean> {
  const { exitCode } = await childProcesses().run({ program: 'pgrep', args: ['-P', String(process.pid), 'pg_dump'] })
  return exitCode === 0
}

const storedOf = async (set: string): Promise<string[]> =>
  (await (await world.deps.openStore(world.proveTask(set).store)).list(`${set}/`)).map(({ name }) => name)

test('whoever is told that it was stopped is told so when nothing of it is at work; the next owner’s set is whole', async () => {
  const task = world.backupTask('ns/rel/stopped')
  const controller = new AbortController()
  const { store, writing } = await watched((name) => {
    if (name.includes('.dat.')) controller.abort(STOPPED)
  })
  const first = planeOf({ ...world.deps, openStore: async () => store })
  await expect(first.run(task, { id: 'backup-1', signal: controller.signal })).rejects.toBe(STOPPED)
  expect([...writing]).toEqual([])
  expect(await dumping()).toBe(false)
  expect(await world.leftovers()).toEqual([])
  const left = await storedOf(task.set)
  expect(left).not.toContain(`${task.set}/manifest.json`)
  const second = planeOf(world.deps)
  const backup = await second.run(task, { id: 'backup-1' })
  const proof = await second.run(world.proveTask(task.set), { id: 'prove-1' })
  expect(proof).toMatchObject({ rung: 'proven', manifestSha256: backup.manifestSha256 })
})

test('no manifest is written by who was told to stop, also where the store does not hear of it', async () => {
  const set = 'ns/rel/no-manifest'
  const controller = new AbortController()
  const { store } = await watched(() => undefined)
  const put: ObjectStore['put'] = async (name, body) => await store.put(name, body)
  const deaf = { ...store, put }
  let dumped = false
  const onProgress = ({ phase }: { phase: string }): void => {
    dumped ||= phase === 'store'
  }
  // Asked for the time that the manifest says it ended.
  const now = (): Date => {
    if (dumped) controller.abort(STOPPED)
    return new Date()
  }
  const deps = { ...world.deps, openStore: async () => deaf, clock: { ...world.deps.clock, now } }
  const databases = world.databases.slice(1)
  const run = planeOf(deps).run(world.backupTask(set, { databases }), {
    id: 'a',
    signal: controller.signal,
    onProgress,
  })
  await expect(run).rejects.toBe(STOPPED)
  expect(await storedOf(set)).toContain(`${set}/release/values.yaml.age`)
  expect(await storedOf(set)).not.toContain(`${set}/manifest.json`)
})

test.each([
  ['before the snapshot', /./],
  ['for the snapshot', /^lock table/],
])('a backup that waits for somebody’s lock %s is stopped at once', async (_, statement) => {
  const controller = new AbortController()
  const somebody = await server.connect('ai_db', 'somebody', APP)
  onTestFinished(async () => await somebody.end())
  const databases = faultyDatabases(world.deps.databases)
  databases.before = async (sql) => {
    if (!statement.test(sql)) return
    databases.before = () => undefined
    await somebody.query('begin; lock table prompts in access exclusive mode')
  }
  const deps = { ...world.deps, databases }
  const task = world.backupTask('ns/rel/waits', { databases: world.databases.slice(1) })
  const run = planeOf(deps).run(task, { id: 'a', signal: controller.signal })
  const ended = expect(run).rejects.toBe(STOPPED)
  const waiting = `select 1 from pg_stat_activity where application_name = 'pawl' and wait_event_type = 'Lock'`
  const stuck = async (): Promise<number> => (await server.query('postgres', waiting)).length
  await expect.poll(stuck, { timeout: 20_000 }).toBe(1)
  const stoppedAt = Date.now()
  controller.abort(STOPPED)
  await ended
  expect(Date.now() - stoppedAt).toBeLessThan(5_000)
})

test('nobody reads the dump any more whose lines were being read', async () => {
  const controller = new AbortController()
  const opened: Readable[] = []
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      yield gzipSync('1\n')
    }
  }
  const read = (): Readable => {
    const stream = Readable.from(endless(), { objectMode: false })
    opened.push(stream)
    setTimeout(() => controller.abort(STOPPED), 100)
    return stream
  }
  const deps: DataDeps = {
    ...world.deps,
    workDirs: { ...world.deps.workDirs, make: async () => ({ ...(await world.deps.workDirs.make()), read }) },
  }
  const task = world.backupTask('ns/rel/lines', { databases: world.databases.slice(1), sourceLoad: 'low' })
  await expect(planeOf(deps).run(task, { id: 'a', signal: controller.signal })).rejects.toBe(STOPPED)
  expect(opened.map(({ destroyed }) => destroyed)).toEqual([true])
  expect(await world.leftovers()).toEqual([])
})
