// A proof must never be green on a bad archive: stored objects are damaged in every way we know, one at a time.
import { cp, mkdtemp, readdir, readFile, rename, rm, truncate, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ageCipher } from '../../../src/adapters/age/cipher.ts'
import { generateIdentity } from '../../../src/adapters/age/identity.ts'
import { fileStore } from '../../../src/adapters/store/file/store.ts'
import { isPawlError, reportOf, type PawlError } from '../../../src/core/errors.ts'
import { secret } from '../../../src/core/secret.ts'
import type { DataDeps } from '../../../src/data/deps.ts'
import { manifestBytes, parseManifest, sha256Of, type Manifest, type StoredPart } from '../../../src/data/manifest.ts'
import { packFiles, unpackFiles } from '../../../src/data/pack.ts'
import { runDataTask } from '../../../src/data/run.ts'
import { startPostgres, type TestServer } from '../../support/postgres.ts'
import { makeHostile } from './hostile.ts'
import { makeWorld, type World } from './world.ts'

const SET = 'ns/rel/good'
let server: TestServer
let world: World
let other: World

beforeAll(async () => {
  server = await startPostgres()
  await makeHostile(server)
  world = await makeWorld(server)
  other = await makeWorld(server)
  const some = { databases: world.databases.slice(1) }
  await server.query(
    'ai_db',
    `create table answers (id serial primary key, text text); insert into answers (text) select 'answer ' || i from generate_series(1, 9000) i`,
  )
  await server.query(
    'ai_db',
    `alter table answers owner to "Tally App"; select lo_from_bytea(0, decode(repeat('ab', 5000), 'hex'))`,
  )
  await runDataTask(world.backupTask(SET, some), world.deps)
  await runDataTask(world.backupTask('ns/rel/other', some), world.deps)
})

afterAll(async () => {
  await world.dispose()
  await other.dispose()
  await server.stop()
})

interface Copy {
  deps: DataDeps
  at: (name: string) => string
  manifest: () => Promise<Manifest>
}

/** Damages a copy of the good set and gives the error that the proof (and, when asked, the restore) ends with. */
async function proofOf(damage: (copy: Copy) => Promise<void>, kind: 'prove' | 'restore' = 'prove'): Promise<PawlError> {
  const root = await mkdtemp('/tmp/pawl-damage-')
  try {
    await cp(join(world.storePath, 'ns'), join(root, 'ns'), { recursive: true })
    const deps = { ...world.deps, openStore: async () => fileStore({ path: root }) }
    const at = (name: string): string => join(root, SET, name)
    await damage({
      deps,
      at,
      manifest: async () => parseManifest(await readFile(at('manifest.json')), SET),
    })
    const task = kind === 'prove' ? world.proveTask(SET) : world.restoreTask(SET, '__damaged', world.databases.slice(1))
    await runDataTask(task, deps)
  } catch (error) {
    if (isPawlError(error)) return error
    throw error
  } finally {
    await rm(root, { recursive: true, force: true })
  }
  throw new Error('a damaged set was proved')
}

/** The data files, biggest first. */
async function dataFiles(copy: Copy): Promise<StoredPart[]> {
  const { objects } = await copy.manifest()
  return objects
    .filter((part) => part.name.endsWith('.dat.gz.age'))
    .toSorted((left, right) => right.plainBytes - left.plainBytes)
}

async function flip(path: string, at: number): Promise<void> {
  const bytes = await readFile(path)
  const place = at < 0 ? bytes.length + at : at
  bytes[place] = (bytes[place] ?? 0) ^ 0x10
  await writeFile(path, bytes)
}

async function first(copy: Copy): Promise<StoredPart> {
  const [part] = await dataFiles(copy)
  if (part === undefined) throw new Error('no data file')
  return part
}

/** Replaces one object's content and makes the manifest agree with it: what a faulty writer, not a faulty disk, would leave. */
async function rewrite(copy: Copy, part: StoredPart, change: (plain: Buffer) => Uint8Array): Promise<void> {
  const cipher = ageCipher()
  const stored = await readFile(copy.at(part.name))
  const plain = await buffer(await cipher.decrypt(Readable.from([stored]), secret(world.identity)))
  const changed = change(plain)
  const sealed = await buffer(await cipher.encrypt(changed, [world.recipient]))
  await writeFile(copy.at(part.name), sealed)
  const manifest = await copy.manifest()
  const objects = manifest.objects.map((object) =>
    object.name === part.name
      ? {
          name: part.name,
          sizeBytes: sealed.length,
          sha256: sha256Of(sealed),
          plainBytes: changed.length,
          plainSha256: sha256Of(changed),
        }
      : object,
  )
  await writeFile(copy.at('manifest.json'), manifestBytes({ ...manifest, objects }))
}

function halfTheRows(plain: Buffer): Buffer {
  const lines = gunzipSync(plain).toString().split('\n')
  const end = lines.indexOf('\\.')
  return gzipSync([...lines.slice(0, Math.floor(end / 2)), ...lines.slice(end)].join('\n'))
}

test('the undamaged copy proves', async () => {
  await expect(proofOf(async () => undefined)).rejects.toThrow('a damaged set was proved')
})

test.each([
  ['in the header', 100],
  ['in the recipient stanza', 60],
  ['in the middle', 2000],
  ['at the end', -1],
])('a flipped bit %s of a stored object is backup-damaged', async (_, at) => {
  const error = await proofOf(async (copy) => await flip(copy.at((await first(copy)).name), at))
  expect(error.code).toBe('backup-damaged')
  expect(error.facts['object']).toMatch(/\.dat\.gz\.age$/)
})

test('a flipped bit in the table of contents', async () => {
  expect((await proofOf(async (copy) => await flip(copy.at('ai/data/toc.dat.age'), 900))).code).toBe('backup-damaged')
})

test('a cut object', async () => {
  const error = await proofOf(async (copy) => {
    const part = await first(copy)
    await truncate(copy.at(part.name), part.sizeBytes - 20)
  })
  expect(error.code).toBe('backup-damaged')
})

test('a missing object is named', async () => {
  const error = await proofOf(async (copy) => await unlink(copy.at((await first(copy)).name)))
  expect(error).toMatchObject({ code: 'backup-damaged', message: expect.stringContaining('missing') })
})

test('two tables whose objects changed places', async () => {
  const error = await proofOf(async (copy) => {
    const [one, two] = await dataFiles(copy)
    if (one === undefined || two === undefined) throw new Error('two files are needed')
    await rename(copy.at(one.name), copy.at('held'))
    await rename(copy.at(two.name), copy.at(one.name))
    await rename(copy.at('held'), copy.at(two.name))
  })
  expect(error.code).toBe('backup-damaged')
})

test('two tables that changed places, and a manifest that agrees', async () => {
  const error = await proofOf(async (copy) => {
    const [one, two] = await dataFiles(copy)
    if (one === undefined || two === undefined) throw new Error('two files are needed')
    const cipher = ageCipher()
    const plainOf = async (part: StoredPart) =>
      await buffer(await cipher.decrypt(Readable.from([await readFile(copy.at(part.name))]), secret(world.identity)))
    const [left, right] = [await plainOf(one), await plainOf(two)]
    await rewrite(copy, one, () => right)
    await rewrite(copy, two, () => left)
  })
  // Both tables are (number, text): they restore without an error, only their content is wrong.
  expect(error.code).toBe('proof-mismatch')
  expect(error.facts['table']).toMatch(/prompts|answers/)
})

test('the manifest of another set', async () => {
  const error = await proofOf(async (copy) => await cp(copy.at('../other/manifest.json'), copy.at('manifest.json')))
  expect(error).toMatchObject({
    code: 'backup-damaged',
    message: expect.stringContaining('belongs to the set ns/rel/other'),
  })
})

test('no manifest: not a backup', async () => {
  expect((await proofOf(async (copy) => await unlink(copy.at('manifest.json')))).code).toBe('backup-not-found')
})

test('a manifest in which a word was changed', async () => {
  const error = await proofOf(async (copy) => {
    const text = await readFile(copy.at('manifest.json'), 'utf8')
    await writeFile(copy.at('manifest.json'), text.replace('tally', 'tolly'))
  })
  expect(error.code).toBe('backup-damaged')
})

test('a cut manifest, and one that is something else', async () => {
  expect((await proofOf(async (copy) => await truncate(copy.at('manifest.json'), 700))).code).toBe('backup-damaged')
  expect((await proofOf(async (copy) => await writeFile(copy.at('manifest.json'), '{"version":2}'))).code).toBe(
    'backup-damaged',
  )
})

test('a manifest that names objects outside of the set', async () => {
  const error = await proofOf(async (copy) => {
    const manifest = await copy.manifest()
    const objects = manifest.objects.map((part) => ({ ...part, name: `../other/${part.name}` }))
    await writeFile(copy.at('manifest.json'), manifestBytes({ ...manifest, objects }))
  })
  expect(error.code).toBe('backup-damaged')
})

test('half the rows of a table in a perfectly valid archive: found by content, with the table and both counts', async () => {
  const error = await proofOf(async (copy) => await rewrite(copy, await first(copy), halfTheRows))
  expect(error).toMatchObject({
    code: 'proof-mismatch',
    facts: { role: 'ai', table: 'public.answers', expectedRows: '9000', gotRows: '4500' },
  })
})

test('one changed value in a perfectly valid archive: found by content, with equal counts', async () => {
  const error = await proofOf(async (copy) => {
    await rewrite(copy, await first(copy), (plain) =>
      gzipSync(gunzipSync(plain).toString().replace('answer 77\n', 'answer 78\n')),
    )
  })
  expect(error).toMatchObject({
    code: 'proof-mismatch',
    facts: { table: 'public.answers', expectedRows: '9000', gotRows: '9000' },
  })
})

test('a cut row in the middle of an archive file', async () => {
  const error = await proofOf(async (copy) => {
    await rewrite(copy, await first(copy), (plain) =>
      gzipSync(
        gunzipSync(plain)
          .toString()
          .replace(/\tanswer 500\n/, '\n'),
      ),
    )
  })
  expect(error.code).toBe('proof-mismatch')
  expect(JSON.stringify(reportOf(error))).not.toMatch(/answer \d/)
})

test('a changed large object', async () => {
  const error = await proofOf(async (copy) => {
    const pack = (await copy.manifest()).objects.find((part) => part.name.includes('blobs_1.tar'))
    if (pack === undefined) throw new Error('no large object in the dump')
    await rewrite(copy, pack, (plain) => {
      const [first, ...others] = unpackFiles(plain)
      if (first === undefined) throw new Error('no large object in the pack')
      const bytes = gunzipSync(first.bytes)
      bytes[100] = 0
      return packFiles([{ ...first, bytes: gzipSync(bytes) }, ...others])
    })
  })
  expect(error).toMatchObject({ code: 'proof-mismatch', facts: { table: 'pg_largeobject' } })
})

test('digests that were made to agree with nothing', async () => {
  const error = await proofOf(async (copy) => {
    const part = (await copy.manifest()).objects.find((object) => object.name === 'ai/digests.json.age')
    if (part === undefined) throw new Error('no digests')
    await rewrite(copy, part, (plain) => Buffer.from(plain.toString().replace('"rows": "9000"', '"rows": "4500"')))
  })
  expect(error.code).toBe('backup-damaged')
})

test('encrypted to somebody else: key-wrong, also for a restore; and a wrong key does not hide damage', async () => {
  const { identity } = await generateIdentity()
  const right = world.secrets.get('pawl-identity/identity') ?? ''
  world.secrets.set('pawl-identity/identity', identity)
  try {
    const error = await proofOf(async () => undefined)
    expect(error.code).toBe('key-wrong')
    expect(JSON.stringify(reportOf(error))).not.toContain('AGE-SECRET')
    expect((await proofOf(async () => undefined, 'restore')).code).toBe('key-wrong')
    const damaged = await proofOf(async (copy) => await flip(copy.at('ai/digests.json.age'), 400))
    expect(damaged.code).toBe('backup-damaged')
  } finally {
    world.secrets.set('pawl-identity/identity', right)
  }
})

test('a restore refuses what a proof refuses, and leaves no database behind', async () => {
  const halved = await proofOf(async (copy) => await rewrite(copy, await first(copy), halfTheRows), 'restore')
  expect(halved).toMatchObject({ code: 'proof-mismatch', facts: { table: 'public.answers' } })
  expect((await proofOf(async (copy) => await flip(copy.at((await first(copy)).name), 2000), 'restore')).code).toBe(
    'backup-damaged',
  )
  expect(await server.query('postgres', `select datname from pg_database where datname like '%damaged'`)).toEqual([])
})

test('no proof was written for any of them, and nothing is left of the scratch servers', async () => {
  expect((await readdir(join(world.storePath, SET))).filter((name) => name.startsWith('proof'))).toEqual([])
  expect(await world.leftovers()).toEqual([])
})
