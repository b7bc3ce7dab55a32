// Whatever happens to a stored set is found before a byte of production is touched, and nothing is found where nothing is wrong.
// `npm test` takes a few; `npm run test:faults` takes hundreds. The seed is printed: PAWL_FAULTS_SEED=... does the same again.
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isPawlError, type PawlError } from '../../src/core/errors.ts'
import type { DataDeps } from '../../src/data/deps.ts'
import { runDataTask } from '../../src/data/run.ts'
import { memoryStore } from '../../src/testing/memory-store.ts'
import { makeWorld, type World } from '../integration/data/world.ts'
import { ROLES } from '../integration/data/hostile.ts'
import { startPostgres, type TestServer } from '../support/postgres.ts'
import { mutate } from './mutations.ts'
import { randomFrom } from './random.ts'
import { copyOf, dataParts, forget, manifestOf, plainOf, rewrite, type StoredSet } from './set.ts'

const FAULTS = Number(process.env['PAWL_FAULTS'] ?? 30)
const CLEAN_SETS = Math.max(3, Math.floor(FAULTS / 6))
/** A proof starts a server each time, so the short run leaves those of the twelve to `test/integration/data/damage.test.ts`. */
const KINDS = process.env['PAWL_FAULTS'] === undefined ? (['restore'] as const) : (['restore', 'prove'] as const)
const SEED = Number(process.env['PAWL_FAULTS_SEED'] ?? Date.now() % 1_000_000)
/** Most damage is found without a server; a proof is tried on one of so many, a recovery on all others. */
const PROVE_ONE_OF = 20
/** So many sets are of a source whose rows were only counted. */
const COUNTED_ONE_OF = 3
const FOUND = new Set(['backup-damaged', 'proof-mismatch', 'backup-not-found'])
const LIVE = 'faults'

let server: TestServer
let world: World
let good: StoredSet
let older: StoredSet
/** Its source's rows were only counted. */
let counted: StoredSet
let before: unknown

const SCHEMA = `
  create table orders (id int primary key, note text not null); create table notes (id int primary key, note text not null);
  create table readings (place text, value int); create table empty_one (a int);
  create sequence numbers; select setval('numbers', 41);
  insert into orders select i, 'order ' || i from generate_series(1, 400) i; insert into notes select i, 'note ' || i from generate_series(1, 300) i;
  insert into readings select 'place ' || i % 7, i from generate_series(1, 500) i;
  select lo_from_bytea(0, decode(repeat('ab', 500), 'hex')), lo_from_bytea(0, 'second');`

/** Some of everything changes between two sets. */
function changes(at: number): string {
  return `
    insert into orders values (${1000 + at}, 'order at ${at}'); update notes set note = note || '.' where id = ${1 + (at % 300)};
    insert into readings select 'late ${at}', ${at}; delete from readings where value = ${at}; select nextval('numbers');
    select lo_from_bytea(0, 'more ${at}'); insert into empty_one select ${at} where ${at} % 3 = 0;`
}

const databases = () => world.databases.slice(1).map((database) => ({ ...database, database: LIVE }))

async function storedSet(name: string, more: { sourceLoad?: 'low' } = {}): Promise<StoredSet> {
  const store = memoryStore()
  const deps = { ...world.deps, openStore: async () => store }
  await runDataTask(world.backupTask(name, { databases: databases(), ...more }), deps)
  return { name, objects: store.objects, keys: world }
}

function depsFor(set: StoredSet): DataDeps {
  const store = memoryStore()
  for (const [name, bytes] of set.objects) store.objects.set(name, bytes)
  return { ...world.deps, openStore: async () => store }
}

/** Recovers or proves from what is stored; gives the error, or undefined where all was found well. */
async function use(set: StoredSet, kind: 'prove' | 'restore'): Promise<PawlError | undefined> {
  try {
    if (kind === 'prove') await runDataTask(world.proveTask(set.name), depsFor(set))
    else await runDataTask(world.restoreTask(set.name, '__try', databases()), depsFor(set))
    return undefined
  } catch (error) {
    if (isPawlError(error)) return error
    throw error
  } finally {
    await server.query('postgres', `drop database if exists "${LIVE}__try" with (force)`)
  }
}

/** The files of the release are not a database's: a proof reads them, restoring a database does not. */
function touchesRelease(set: StoredSet, was: StoredSet): boolean {
  return [...was.objects].some(([name, bytes]) => name.includes('/release/') && set.objects.get(name) !== bytes)
}

/** What production is: its databases, and everything in the one at stake. */
async function production(): Promise<unknown> {
  const look = await runDataTask({ kind: 'observe', databases: databases() }, world.deps)
  const seen = look.databases.map(({ writeCounter, schemaFingerprint }) => ({ writeCounter, schemaFingerprint }))
  return {
    seen,
    databases: await server.query('postgres', 'select oid, datname, datallowconn from pg_database order by oid'),
    rows: await server.query(
      LIVE,
      `select (select count(*) from orders) as orders, (select sum(hashtext(note)) from notes) as notes`,
    ),
  }
}

beforeAll(async () => {
  server = await startPostgres()
  await server.query('postgres', ROLES)
  await server.query('postgres', `create database ${LIVE} owner "Tally App"`)
  await server.query(LIVE, SCHEMA.replaceAll('create table', 'set role "Tally App"; create table'))
  await server.query(LIVE, `alter sequence numbers owner to "Tally App"`)
  world = await makeWorld(server)
  older = await storedSet('ns/rel/older')
  await server.query(LIVE, changes(1))
  good = await storedSet('ns/rel/good')
  counted = await storedSet('ns/rel/counted', { sourceLoad: 'low' })
  before = await production()
  console.log(`${FAULTS} mutations, ${CLEAN_SETS} clean sets, PAWL_FAULTS_SEED=${SEED}`)
})

afterAll(async () => {
  await world.dispose()
  await server.stop()
})

const rowsOf = (plain: Buffer): string[] => gunzipSync(plain).toString().split('\n')

/** The biggest table's file without compression, as a faulty writer left it. */
async function uncompressed(set: StoredSet, change: (plain: Buffer) => Buffer): Promise<void> {
  const [part] = dataParts(set)
  if (part === undefined) throw new Error('no data')
  const plain = gunzipSync(await plainOf(set, part.name))
  await rewrite(set, part.name, change(plain), part.name.replace('.gz.age', '.age'))
}

async function compressed(set: StoredSet, change: (plain: Buffer) => Buffer): Promise<void> {
  const [part] = dataParts(set)
  if (part === undefined) throw new Error('no data')
  await rewrite(set, part.name, change(Buffer.from(await plainOf(set, part.name))))
}

function flippedAt(bytes: Buffer, at: number): Buffer {
  const flipped = Buffer.from(bytes)
  flipped[at] = (flipped[at] ?? 0) ^ 1
  return flipped
}

/** Damage that real backups were found with. Everything fits the manifest, so only the content can tell. */
const CORRUPTIONS: [string, (set: StoredSet) => Promise<void>][] = [
  [
    'cut at the end of a line',
    async (set) =>
      await uncompressed(set, (plain) => plain.subarray(0, plain.indexOf('\n', Math.floor(plain.length / 2)) + 1)),
  ],
  [
    'cut within a line',
    async (set) =>
      await uncompressed(set, (plain) => plain.subarray(0, plain.indexOf('\n', Math.floor(plain.length / 2)) + 5)),
  ],
  [
    'a flipped bit in uncompressed rows',
    async (set) => await uncompressed(set, (plain) => flippedAt(plain, plain.indexOf('order 2') + 6)),
  ],
  ['a file of rows that is missing', async (set) => forget(set, dataParts(set)[0]?.name ?? '')],
  ['a file of rows that is empty', async (set) => await compressed(set, () => Buffer.alloc(0))],
  ['cut gzip', async (set) => await compressed(set, (plain) => plain.subarray(0, Math.floor(plain.length / 2)))],
  [
    'whole gzip of half the rows',
    async (set) => await compressed(set, (plain) => gzipSync(rowsOf(plain).slice(0, 200).join('\n'))),
  ],
  [
    'whole gzip of half the rows, properly ended',
    async (set) =>
      await compressed(set, (plain) =>
        gzipSync([...rowsOf(plain).slice(0, 200), String.raw`\.`, '', '', ''].join('\n')),
      ),
  ],
  [
    'a flipped bit in gzip',
    async (set) => await compressed(set, (plain) => flippedAt(plain, Math.floor(plain.length / 2))),
  ],
  [
    'a table of contents without its end',
    async (set) =>
      await rewrite(set, 'ai/data/toc.dat.age', (await plainOf(set, 'ai/data/toc.dat.age')).subarray(0, -200)),
  ],
  [
    'half a table of contents',
    async (set) => {
      const toc = await plainOf(set, 'ai/data/toc.dat.age')
      await rewrite(set, 'ai/data/toc.dat.age', toc.subarray(0, Math.floor(toc.length / 2)))
    },
  ],
  [
    'large objects that the list does not have',
    async (set) => {
      const list = manifestOf(set).objects.find((part) => part.name.includes('blobs'))?.name ?? ''
      await rewrite(set, list, (await plainOf(set, list)).subarray(0, 0))
    },
  ],
]

const SETS = () => [good, counted]

test.each(CORRUPTIONS)('%s is found', async (_, damage) => {
  for (const [kind, whole] of KINDS.flatMap((one) => SETS().map((each) => [one, each] as const))) {
    const set = copyOf(whole)
    await damage(set)
    const error = await use(set, kind)
    expect(error?.code, `${kind} of ${set.name}: ${error?.message ?? 'nothing was found'}`).toSatisfy((code: string) =>
      FOUND.has(code),
    )
  }
  expect(await production()).toEqual(before)
})

test(`${FAULTS} random mutations are all found, and production is as it was`, async () => {
  const random = randomFrom(SEED)
  const missed: string[] = []
  for (let number = 0; number < FAULTS; number++) {
    const whole = number % COUNTED_ONE_OF === 0 ? counted : good
    const set = copyOf(whole)
    const what = await mutate(set, random, { older })
    const error = await use(set, number % PROVE_ONE_OF === 0 || touchesRelease(set, whole) ? 'prove' : 'restore')
    if (!FOUND.has(error?.code ?? '')) missed.push(`${number}: ${what}: ${error?.code ?? 'not found'}`)
  }
  expect(missed, `PAWL_FAULTS_SEED=${SEED}`).toEqual([])
  expect(await production()).toEqual(before)
})

test(`${CLEAN_SETS} sets with nothing wrong raise no alarm`, async () => {
  const alarms: string[] = []
  for (let number = 0; number < CLEAN_SETS; number++) {
    await server.query(LIVE, changes(number + 2))
    const set = await storedSet(`ns/rel/clean-${number}`, number % COUNTED_ONE_OF === 1 ? { sourceLoad: 'low' } : {})
    const error = await use(set, number % PROVE_ONE_OF === 0 ? 'prove' : 'restore')
    if (error !== undefined) alarms.push(`${number}: ${error.code}: ${error.message}`)
  }
  expect(alarms).toEqual([])
  expect(await world.leftovers()).toEqual([])
})
