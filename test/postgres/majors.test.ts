// Each supported major with its own programs: everything that has ever been lost goes through backup, proof, restore and swap.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DatabaseTarget } from '../../src/core/data/tasks.ts'
import { SOURCE_COUNTED } from '../../src/data/backup/dump-lines.ts'
import { PASSWORDS_NOT_READABLE } from '../../src/data/globals/compare.ts'
import { runDataTask } from '../../src/data/run.ts'
import { makeHostile } from '../integration/data/hostile.ts'
import { proveNarrow } from '../integration/data/narrow.ts'
import { makeWorld, openRestored, type World } from '../integration/data/world.ts'
import { MAJORS, MORE_MAJORS, obtainable, programsOf, provideLocales } from '../support/postgres-majors.ts'
import { startPostgres, type TestServer } from '../support/postgres.ts'

const EXTENSIONS = `
  create extension pgcrypto; create extension pg_trgm; create extension hstore; create extension citext;
  create table kept (id int primary key, secret bytea, mail citext unique, tags hstore, body text);
  insert into kept select i, digest(i::text, 'sha256'), 'User' || i || '@Example.com', hstore('k' || i, md5(i::text)), repeat(md5(i::text), 5) from generate_series(1, 500) i;
  create index on kept using gin (body gin_trgm_ops); create index on kept using gist (tags);
  do $$ begin
    if exists (select from pg_available_extensions where name = 'postgis') then
      create extension postgis;
      create table shapes as select i as id, st_setsrid(st_makepoint(i % 180, i % 90), 4326)::geography as at, st_buffer(st_makepoint(i, i), 2, 2) as area
        from generate_series(1, 300) i;
      create index on shapes using gist (area); alter table shapes add check (st_isvalid(area));
    end if; end $$;`

/** A language in which case, accents and order matter. */
const WORDS = `
  create table words (w text primary key, id int); insert into words select chr(65 + i % 58) || chr(192 + i % 60) || i, i from generate_series(1, 600) i;
  create index on words (lower(w)); create collation names (provider = icu, locale = 'de-u-co-phonebk', deterministic = false);
  create table people (name text collate names unique); insert into people values ('Äpfel'), ('Zebra'), ('apfel 2'), ('ß');
  create table by_word (w text) partition by range (w); create table by_word_a partition of by_word for values from (minvalue) to ('n');
  create table by_word_z partition of by_word for values from ('n') to (maxvalue); insert into by_word select w from words;`

/** It is in none of what follows. */
const FLOOR = { product: 'p', release: 'ns/rel', appVersion: '2026.1.1', floor: '2026.1.1', run: 'x', recoveryEpoch: 0 }

const more = await obtainable(MORE_MAJORS)

test('the majors that Debian has are here; of the others, those that can be had', async () => {
  for (const major of MAJORS) await programsOf(major)
  for (const [major, why] of more.missing) console.log(`PostgreSQL ${major} cannot be had on this machine: ${why}`)
  expect(new Set([...more.here, ...more.missing.keys()])).toEqual(new Set(MORE_MAJORS))
})

describe.each([...MAJORS, ...more.here].toSorted((one, other) => one - other))('PostgreSQL %i', (major) => {
  let server: TestServer
  let world: World

  beforeAll(async () => {
    await provideLocales()
    const bin = await programsOf(major)
    server = await startPostgres({}, bin)
    await makeHostile(server)
    world = await makeWorld(server, bin)
  })

  afterAll(async () => {
    await world.dispose()
    await server.stop()
  })

  /** Gives what the proof did not cover beyond what it never covers. */
  async function everyWay(set: string, databases: DatabaseTarget[]): Promise<string[]> {
    const floors = await runDataTask({ kind: 'floor', databases, write: { how: 'set', floor: FLOOR } }, world.deps)
    expect(floors.databases.map(({ floor }) => floor?.floor)).toEqual(databases.map(() => FLOOR.floor))
    const backup = await runDataTask(world.backupTask(set, { databases }), world.deps)
    expect(backup.databases.map(({ serverMajor }) => serverMajor)).toEqual(databases.map(() => major))
    const proof = await runDataTask(world.proveTask(set), world.deps)
    expect(proof.rung).toBe('proven')
    const restored = await runDataTask(world.restoreTask(set, '__new', databases), world.deps)
    const digests = Object.fromEntries(backup.databases.map(({ role, digest }) => [role, digest]))
    expect(Object.fromEntries(restored.databases.map(({ role, digest }) => [role, digest]))).toEqual(digests)
    const before = await runDataTask({ kind: 'observe', databases }, world.deps)
    await runDataTask({ kind: 'swap', databases, newSuffix: '__new', oldSuffix: '__old', expect: digests }, world.deps)
    const after = await runDataTask({ kind: 'observe', databases }, world.deps)
    const fingerprints = (look: typeof before) => look.databases.map((database) => database.schemaFingerprint)
    expect(fingerprints(after)).toEqual(fingerprints(before))
    // The database that came back backs up to the same content.
    const again = await runDataTask(world.backupTask(`${set}-again`, { databases }), world.deps)
    expect(again.databases.map(({ digest }) => digest)).toEqual(backup.databases.map(({ digest }) => digest))
    const notCovered = proof.databases.flatMap((database) => database.notCovered)
    return notCovered.filter((what) => what !== PASSWORDS_NOT_READABLE)
  }

  function targetOf(database: string): DatabaseTarget {
    const [base] = world.databases
    if (base === undefined) throw new Error('no database')
    const { admin } = base
    if (admin === undefined) throw new Error('no administrator')
    return { ...base, role: 'one', database }
  }

  test('a source that is only counted', async () => {
    const set = 'ns/rel/counted'
    await runDataTask(world.backupTask(set, { sourceLoad: 'low' }), world.deps)
    const proof = await runDataTask(world.proveTask(set), world.deps)
    expect(proof.rung).toBe('restored+')
    expect(proof.databases.flatMap((database) => database.notCovered)).toEqual(
      proof.databases.flatMap(() => [PASSWORDS_NOT_READABLE, SOURCE_COUNTED]),
    )
  })

  test('everything that has ever been lost', async () => {
    expect(await everyWay('ns/rel/hostile', world.databases)).toEqual([])
  })

  test('a copy that is changed between its comparison and the exchange', async () => {
    const [set, databases] = ['ns/rel/altered', world.databases.slice(1)]
    const { databases: saved } = await runDataTask(world.backupTask(set, { databases }), world.deps)
    const digests = Object.fromEntries(saved.map(({ role, digest }) => [role, digest]))
    const names = { newSuffix: '__altered', oldSuffix: '__kept' }
    const swap = async (): Promise<unknown> =>
      await runDataTask({ kind: 'swap', databases, ...names, expect: digests }, world.deps)
    await runDataTask(world.restoreTask(set, '__altered', databases), world.deps)
    await openRestored(server, 'ai_db__altered')
    await server.query('ai_db__altered', 'delete from prompts where id = 7')
    await server.query('postgres', 'alter database ai_db__altered with allow_connections false')
    await expect(swap()).rejects.toMatchObject({ code: 'proof-mismatch' })
    await runDataTask(world.restoreTask(set, '__altered', databases), world.deps)
    await swap()
  })

  test('extensions, PostGIS among them', async () => {
    await server.query('postgres', 'create database extended')
    await server.query('extended', EXTENSIONS)
    const [{ version } = {}] = await server.query(
      'extended',
      `select string_agg(extname, ' ' order by extname) as version from pg_extension`,
    )
    console.log(`PostgreSQL ${major}: ${String(version)}`)
    // The machine's own may be without.
    if (major !== 15) expect(version).toContain('postgis')
    expect(
      (await everyWay('ns/rel/extended', [targetOf('extended')])).filter((line) => !line.includes('spatial_ref_sys')),
    ).toEqual([])
  })

  test('many short rows first, and large objects without files', async () => {
    const { files, objects, rung } = await proveNarrow(server, world)
    expect(files[0]?.sizeBytes).toBeGreaterThan(files[1]?.sizeBytes ?? Number.NaN)
    expect(objects).toBe(0)
    expect(rung).toBe('proven')
  })

  const providers: { name: string; locale: string }[] = [
    { name: 'C', locale: `lc_collate 'C' lc_ctype 'C'` },
    { name: 'a libc locale', locale: `lc_collate 'en_US.UTF-8' lc_ctype 'en_US.UTF-8'` },
  ]
  if (major >= 15)
    providers.push({
      name: 'ICU',
      locale: `locale_provider icu icu_locale 'sv-SE' lc_collate 'C.UTF-8' lc_ctype 'C.UTF-8'`,
    })
  if (major >= 17)
    providers.push({ name: 'the builtin provider', locale: `locale_provider builtin builtin_locale 'C.UTF-8'` })

  test.each(providers)('a database sorted by $name', async ({ name, locale }) => {
    const database = `sorted by ${name}`
    await server.query('postgres', `create database "${database}" template template0 encoding 'UTF8' ${locale}`)
    await server.query(database, WORDS)
    expect(await everyWay(`ns/rel/${name.replaceAll(' ', '-')}`, [targetOf(database)])).toEqual([])
  })

  test("another major's programs are refused, with both versions", async () => {
    const found = major === 17 ? 15 : 17
    const other = await makeWorld(server, await programsOf(found))
    const deps = { ...world.deps, toolbox: other.deps.toolbox }
    await expect(runDataTask(world.backupTask('ns/rel/refused'), deps)).rejects.toMatchObject({
      code: 'client-major-mismatch',
      facts: { serverMajor: major, found: expect.arrayContaining([expect.stringMatching(`^${found}\\.`)]) },
    })
    await other.dispose()
  })
})
