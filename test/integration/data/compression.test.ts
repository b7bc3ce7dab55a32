// Who compresses a dump: igzip beside pg_dump where there is room for plain files, pg_dump itself where there is not.
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { childProcesses } from '../../../src/adapters/process/processes.ts'
import { workDirs } from '../../../src/adapters/workdir/workdirs.ts'
import type { DatabaseTarget } from '../../../src/core/data/tasks.ts'
import type { DataDeps } from '../../../src/data/deps.ts'
import { parseManifest } from '../../../src/data/manifest.ts'
import { runDataTask } from '../../../src/data/run.ts'
import { memoryStore } from '../../../src/testing/memory-store.ts'
import { startPostgres, type TestServer } from '../../support/postgres.ts'
import { ROLES } from './hostile.ts'
import { makeWorld, withoutGzip, type World } from './world.ts'

/** Twelve megabytes of text that becomes a twentieth of that, and large objects of which one is worth a file of its own. */
const ROWS = `
  create table lines as select i, repeat('line ' || i % 7 || ' ', 12) as line from generate_series(1, 120000) i;
  alter table lines owner to "Tally App";
  select lo_from_bytea(0, convert_to(repeat('object ', n), 'UTF8')) from unnest(array[10, 100000]) n`

let server: TestServer
let world: World
let databases: DatabaseTarget[]

beforeAll(async () => {
  server = await startPostgres()
  await server.query('postgres', ROLES)
  await server.query('postgres', 'create database "Ledger db" owner "Tally App"')
  await server.query('Ledger db', ROWS)
  world = await makeWorld(server)
  databases = world.databases.filter(({ role }) => role === 'ledger')
})

afterAll(async () => {
  await world.dispose()
  await server.stop()
})

/** What the manifest says of a proven set, and the names of its rows. */
async function provenWith(more: Partial<DataDeps>) {
  const store = memoryStore()
  const deps = { ...world.deps, openStore: async () => store, ...more }
  await runDataTask(world.backupTask('ns/rel/set', { databases }), deps)
  const proof = await runDataTask<'prove'>(world.proveTask('ns/rel/set'), {
    ...world.deps,
    openStore: async () => store,
  })
  const manifest = parseManifest(store.objects.get('ns/rel/set/manifest.json') ?? Buffer.alloc(0), 'ns/rel/set')
  const stored = manifest.objects.filter(({ name }) => /\.(?:gz|tar)\.age$/.test(name))
  return {
    rung: proof.rung,
    compression: manifest.tool.compression['ledger'],
    names: stored.map(({ name }) => name.replace(/\d+/, 'N')).toSorted(),
    bytes: stored.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  }
}

test('igzip makes the same files as pg_dump, hardly bigger, and the proof reads them with zlib', async () => {
  const withIgzip = await provenWith({})
  const withZlib = await provenWith({ toolbox: withoutGzip(world.deps.toolbox) })
  expect(withIgzip).toMatchObject({ rung: 'proven', compression: 'gzip:2' })
  expect(withZlib).toMatchObject({ rung: 'proven', compression: 'gzip:1' })
  expect(withZlib.names).toEqual(['ledger/data/N.dat.gz.age', 'ledger/data/blobs_N.tar.age'])
  // An object is big or small by what pg_dump wrote of it.
  expect(withIgzip.names).toEqual([...withZlib.names, 'ledger/data/blob_N.dat.gz.age'].toSorted())
  expect(withIgzip.bytes).toBeLessThan(withZlib.bytes * 1.2)
})

test.runIf(process.getuid?.() === 0)(
  'where plain files find no room after all, pg_dump compresses them, and nothing is left of the first try',
  async () => {
    const processes = childProcesses()
    const root = await mkdtemp('/tmp/pawl-small-')
    const args = ['-t', 'tmpfs', '-o', 'size=6m,mode=0711', 'tmpfs', root]
    expect((await processes.run({ program: 'mount', args })).exitCode).toBe(0)
    try {
      const small = workDirs(root)
      const make: DataDeps['workDirs']['make'] = async () => ({
        ...(await small.make()),
        freeBytes: async () => Number.MAX_SAFE_INTEGER,
      })
      const set = await provenWith({ workDirs: { ...small, make } })
      expect(set).toMatchObject({ rung: 'proven', compression: 'gzip:1' })
      expect(await readdir(root)).toEqual([])
    } finally {
      await processes.run({ program: 'umount', args: [root] })
      await rm(root, { recursive: true, force: true })
    }
  },
)
