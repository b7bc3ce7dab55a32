// pawl backup export and import, and what pawl recover --from refuses.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ageCipher } from '../../../src/adapters/age/cipher.ts'
import { secret } from '../../../src/core/secret.ts'
import type { ReachedBy } from '../../../src/apps/cli/session.ts'
import type { StoreSpec } from '../../../src/core/store/spec.ts'
import { memoryStore } from '../../../src/testing/memory-store.ts'
import { openCarried } from '../../../src/data/housekeeping/release-files.ts'
import { API_VERSION } from '../../../src/core/resources.ts'
import { addSet, makeWorld, NAMESPACE, pawl, refuteElsewhere, storeEncryptedSet, type World } from './invoke.ts'

const FACTS = {
  version: 1,
  product: { appVersion: '2026.1.1', chartVersion: '1.0.0', chartDigest: '' },
  writers: [{ deployment: 'api', replicas: 2 }],
  targets: [
    { target: { role: 'ledger' }, serverMajor: 15, sizeBytes: 1, migrator: { kind: 'deployment', deployment: 'api' } },
  ],
  revision: 3,
  images: [],
  installation: { profile: 'tally', dataImage: 'image:{major}', recipients: [] },
}

let world: World
let directory: string
beforeEach(async () => {
  world = await makeWorld()
  directory = join(world.directory, 'out')
  await storeEncryptedSet(world, 'kept', {
    'set.json': JSON.stringify(FACTS),
    'values.json': '{"password":"canary-71"}',
  })
})
afterEach(() => rmSync(world.directory, { recursive: true }))

const reached = (): ReachedBy => ({ namespace: NAMESPACE, dataImage: 'image', signal: new AbortController().signal })

const kept = { set: `${NAMESPACE}/tally/kept`, report: () => undefined }

async function exportKept(): Promise<void> {
  const found = await world.doors.storedSets(world.cluster, { from: { type: 'directory', path: '/x' } }, reached())
  await found.exportTo({ to: { type: 'directory', path: directory }, ...kept })
}

const known = async (): Promise<string[]> =>
  (await world.cluster.list({ apiVersion: API_VERSION, kind: 'BackupSet', namespace: NAMESPACE })).map(
    (set) => set.metadata.name,
  )

test('export: a directory with everything in it, encrypted, and how to use it', async () => {
  await addSet(world, 'one', '2026-10-01T00:00:00.000Z')
  const said = await pawl(world, ['backup', 'export', 'tally', 'one', '--to', directory, '-o', 'json'])
  expect(said.exitCode).toBe(0)
  expect(JSON.parse(said.stdout)).toMatchObject({ set: 'one', made: 4, where: directory })
  expect(
    readdirSync(directory)
      .filter((name) => !name.startsWith('.'))
      .toSorted(),
  ).toEqual(['one.README.md', 'one.sha256', 'shop'])
  expect((await pawl(world, ['backup', 'export', 'tally', 'one'])).exitCode).toBe(64)
})

test('import: the set is in the store and known, with what recovery needs; again it makes nothing', async () => {
  await exportKept()
  world.store.objects.clear()
  const said = await pawl(world, ['backup', 'import', 'tally', directory, '-o', 'json'])
  expect(said).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('"rung":"proven"') as string })
  expect(said.stdout + said.stderr).not.toContain('canary')
  expect(await known()).toEqual(['kept'])
  const shown = await pawl(world, ['backup', 'show', 'tally', 'kept', '-o', 'json'])
  expect(JSON.parse(shown.stdout)).toMatchObject({
    set: { status: { product: FACTS.product, writers: FACTS.writers, releaseFiles: 'pawl-set-kept' } },
  })
  expect((await pawl(world, ['backup', 'verify', 'tally', 'kept', '--quiet'])).exitCode).toBe(0)
  expect(JSON.parse((await pawl(world, ['backup', 'import', 'tally', directory, '-o', 'json'])).stdout)).toMatchObject({
    made: 0,
  })
})

test('import: damage, and a set that the key does not open, change nothing', async () => {
  await exportKept()
  world.store.objects.clear()
  const file = join(directory, NAMESPACE, 'tally', 'kept', 'release', 'values.json.age')
  const good = readFileSync(file)
  writeFileSync(file, Buffer.concat([good.subarray(0, -1), Buffer.from([(good.at(-1) ?? 0) ^ 1])]))
  expect((await pawl(world, ['backup', 'import', 'tally', directory])).exitCode).toBe(40)
  writeFileSync(file, good)
  const other = await world.doors.generateIdentity()
  await world.cluster.remove({ apiVersion: 'v1', kind: 'Secret', namespace: NAMESPACE, name: 'pawl-identity' })
  const data = { identity: Buffer.from(other.identity).toString('base64') }
  world.cluster.seed({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'pawl-identity', namespace: NAMESPACE },
    data,
  })
  expect((await pawl(world, ['backup', 'import', 'tally', directory])).exitCode).toBe(40)
  expect(await known()).toEqual([])
  expect(world.store.objects.size).toBe(0)
})

test('recover --from: without a key, with a wrong one, or where the release is there', async () => {
  await exportKept()
  const key = join(world.directory, 'key.txt')
  expect((await pawl(world, ['keys', 'export', 'tally', '--out', key])).exitCode).toBe(0)
  const command = ['recover', 'tally', '--from', directory]
  expect((await pawl(world, command)).exitCode).toBe(64)
  const wrong = join(world.directory, 'wrong.txt')
  writeFileSync(wrong, (await world.doors.generateIdentity()).identity)
  expect((await pawl(world, [...command, '--identity', wrong, '--yes'])).exitCode).toBe(40)
  const dry = await pawl(world, [...command, '--identity', key, '--dry-run'])
  expect(dry).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('kept') as string })
  expect(dry.stdout).not.toContain('canary')
  expect(await known()).toEqual([])
  const labels = { owner: 'helm', name: 'tally' }
  world.cluster.seed({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'record', namespace: NAMESPACE, labels } })
  expect((await pawl(world, [...command, '--identity', key, '--yes'])).exitCode).toBe(65)
  expect(existsSync(key)).toBe(true)
})

test('recover --from: a set whose newest proof failed is passed over, and said; named, it is taken', async () => {
  const older = { finishedAt: '2026-11-19T10:01:00.000Z' }
  await storeEncryptedSet(world, 'older', { 'set.json': JSON.stringify(FACTS) }, older)
  const key = join(world.directory, 'key.txt')
  expect((await pawl(world, ['keys', 'export', 'tally', '--out', key])).exitCode).toBe(0)
  await refuteElsewhere(world, 'kept')
  const command = ['recover', 'tally', '--from', '/x', '--identity', key, '--dry-run']
  const said = await pawl(world, command)
  expect(said.stdout).toMatch(/set +older/)
  expect(said.stdout).toMatch(/kept is newer.*public\.deliveries/)
  const lost = JSON.parse((await pawl(world, [...command, '-o', 'json'])).stdout) as object
  expect(lost).toMatchObject({ set: 'older', refuted: [{ name: 'kept', by: 'elsewhere' }] })
  const named = await pawl(world, [...command, '--set', 'kept'])
  expect(named).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/proof +failed/) as string })
  await refuteElsewhere(world, 'older')
  expect(await pawl(world, command)).toMatchObject({ exitCode: 65 })
})

test('import: what failed elsewhere comes as what it is', async () => {
  await refuteElsewhere(world, 'kept')
  await exportKept()
  world.store.objects.clear()
  expect((await pawl(world, ['backup', 'import', 'tally', directory])).exitCode).toBe(65)
  const named = await pawl(world, ['backup', 'import', 'tally', directory, '--set', 'kept', '-o', 'json'])
  expect(JSON.parse(named.stdout)).toMatchObject({ set: 'kept', rung: 'archived' })
  expect((await pawl(world, ['backup', 'list', 'tally'])).stdout).toMatch(/kept .* archived .* failed /)
})

test('recover --from a volume: Jobs look into it, and only the key opens what they carry', async () => {
  const key = join(world.directory, 'key.txt')
  expect((await pawl(world, ['keys', 'export', 'tally', '--out', key])).exitCode).toBe(0)
  const wrong = join(world.directory, 'wrong.txt')
  writeFileSync(wrong, (await world.doors.generateIdentity()).identity)
  const command = ['recover', 'tally', '--from', 'volume:kept-store', '--dry-run', '--identity']
  expect((await pawl(world, [...command, wrong])).exitCode).toBe(40)
  const dry = await pawl(world, [...command, key])
  expect(dry).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('kept') as string })
  const carried = await (
    await world.doors.dataPlane(world.cluster, {} as never)
  ).run<'release-files'>(
    { kind: 'release-files', store: { type: 'volume', claim: 'x' }, set: `${NAMESPACE}/tally/kept` },
    { id: 'carry' },
  )
  expect(carried.parts.map(({ name }) => name)).toEqual(['release/set.json.age', 'release/values.json.age'])
  for (const { base64 } of carried.parts)
    expect(Buffer.from(base64, 'base64').toString('latin1')).not.toContain('canary')
  // One byte of what was carried is another: it is not taken for what was stored.
  const [part] = carried.parts
  const bytes = Buffer.from(part?.base64 ?? '', 'base64')
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
  const { identity } = await world.doors.readIdentity(secret(readFileSync(key, 'utf8')))
  const opener = { cipher: ageCipher(), set: `${NAMESPACE}/tally/kept`, where: 'x' }
  const changed = { ...carried, parts: [{ ...part!, base64: bytes.toString('base64') }] }
  await expect(openCarried(changed, opener, identity, new AbortController().signal)).rejects.toMatchObject({
    code: 'backup-damaged',
  })
})

test('export to a volume and import from it: Jobs have both stores, and the set is whole on either side', async () => {
  const archive = memoryStore({ now: () => new Date('2026-11-01T00:00:00.000Z') })
  world.volumes.set('archive', archive)
  await moveStore({ type: 'volume', claim: 'own' })
  await addSet(world, 'one', '2026-10-01T00:00:00.000Z', { type: 'volume', claim: 'own' })
  const said = await pawl(world, ['backup', 'export', 'tally', 'one', '--to', 'volume:archive', '-o', 'json'])
  expect(said.exitCode, said.stderr).toBe(0)
  expect(JSON.parse(said.stdout)).toEqual({ set: 'one', where: 'volume:archive', made: 4, checksums: 'one.sha256' })
  expect([...archive.objects.keys()]).toContain('one.README.md')
  const sets = await world.doors.storedSets(world.cluster, { from: { type: 'volume', claim: 'own' } }, reached())
  await sets.copyTo({ to: { type: 'volume', claim: 'archive' }, ...kept })
  world.store.objects.clear()
  const imported = await pawl(world, ['backup', 'import', 'tally', 'volume:archive', '--set', 'kept', '-o', 'json'])
  expect(imported.exitCode, imported.stderr).toBe(0)
  expect(JSON.parse(imported.stdout)).toMatchObject({ set: 'kept', rung: 'proven' })
  expect((await pawl(world, ['backup', 'verify', 'tally', 'kept', '--quiet'])).exitCode).toBe(0)
})

test('a volume and a directory of this machine: nothing reaches both, in either direction', async () => {
  await moveStore({ type: 'volume', claim: 'own' })
  await addSet(world, 'one', '2026-10-01T00:00:00.000Z', { type: 'volume', claim: 'own' })
  const away = await pawl(world, ['backup', 'export', 'tally', 'one', '--to', directory])
  expect(away).toMatchObject({ exitCode: 65, stderr: expect.stringContaining('volume:own') as string })
  expect(existsSync(directory)).toBe(false)
  expect((await pawl(world, ['backup', 'import', 'tally', directory])).exitCode).toBe(65)
  expect((await pawl(world, ['backup', 'import', 'tally', 'ftp://x'])).exitCode).toBe(65)
  expect((await pawl(world, ['backup', 'export', 'tally', 'one', '--to', 'volume:own'])).exitCode).toBe(65)
})

async function moveStore(store: StoreSpec): Promise<void> {
  const ref = { apiVersion: API_VERSION, kind: 'Installation', namespace: NAMESPACE, name: 'tally' }
  await world.cluster.patch(ref, { type: 'merge', body: { spec: { store: { path: null, ...store } } } })
}
