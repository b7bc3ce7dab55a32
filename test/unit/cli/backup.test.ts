// pawl backup show, verify and prune, and pawl keys export, as their users type them.
import { readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { PrunePlan } from '../../../src/core/backup/prune-plan.ts'
import { addSet, makeWorld, pawl, refuteElsewhere, type World } from './invoke.ts'

let world: World
beforeEach(async () => {
  world = await makeWorld()
  await addSet(world, 'one', '2026-10-01T00:00:00.000Z')
  await addSet(world, 'two', '2026-10-02T00:00:00.000Z')
})
afterEach(() => rmSync(world.directory, { recursive: true }))

const json = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>

test('show: the newest where none is named, with what the proof does not cover', async () => {
  const said = await pawl(world, ['backup', 'show', 'tally'])
  expect(said.exitCode).toBe(0)
  expect(said.stdout).toContain('two')
  expect(said.stdout).toContain('passwords of roles')
  const shown = json((await pawl(world, ['backup', 'show', 'tally', 'one', '-o', 'json'])).stdout)
  expect(shown).toMatchObject({ set: { name: 'one' }, stored: { problems: [], releaseFiles: ['chart.tgz'] } })
})

test('show: what the cluster knows is shown where the store has the set no longer', async () => {
  for (const name of world.store.objects.keys()) if (name.includes('/two/')) world.store.objects.delete(name)
  const said = await pawl(world, ['backup', 'show', 'tally', 'two'])
  expect(said.exitCode).toBe(40)
  expect(said.stdout).toContain('2026.1.1')
  expect(said.stdout).toContain('✖ the store')
})

test('verify: good is 0, damage is 40 and named', async () => {
  expect((await pawl(world, ['backup', 'verify', 'tally', '--quiet'])).exitCode).toBe(0)
  const name = 'shop/tally/two/release/chart.tgz.age'
  world.store.objects.set(
    name,
    Buffer.from((world.store.objects.get(name)?.toString() ?? '').replace('chart', 'chord')),
  )
  const said = await pawl(world, ['backup', 'verify', 'tally', '-o', 'json'])
  expect(said.exitCode).toBe(40)
  expect(json(said.stdout)['problems']).toEqual([expect.stringContaining('release/chart.tgz.age')])
  expect((await pawl(world, ['backup', 'verify', 'tally', 'nowhere'])).exitCode).toBe(65)
  // From then on it is not the one that stays.
  expect((await pawl(world, ['backup', 'list', 'tally'])).stdout).toMatch(/two .* archived .* failed /)
  expect((await pawl(world, ['backup', 'show', 'tally', 'two'])).stdout).toContain('release/chart.tgz.age')
  const pruned = await pawl(world, ['backup', 'prune', 'tally', '--keep', '1', '--keep-days', '0', '-o', 'json'])
  expect((json(pruned.stdout)['plan'] as PrunePlan).keeper).toBe('one')
})

test('verify: what was found stands in the store, for whoever else reads it', async () => {
  const broken = 'shop/tally/two/release/chart.tgz.age'
  world.store.objects.set(
    broken,
    Buffer.from((world.store.objects.get(broken)?.toString() ?? '').replace('chart', 'chord')),
  )
  await pawl(world, ['backup', 'verify', 'tally', '--quiet'])
  const proof = JSON.parse(world.store.objects.get('shop/tally/two/proof-2.json')?.toString() ?? '') as object
  expect(proof).toMatchObject({ rung: 'archived', refuted: { code: 'backup-damaged', by: 'pawl backup verify' } })
  await pawl(world, ['backup', 'verify', 'tally', '--quiet'])
  expect(world.store.objects.has('shop/tally/two/proof-3.json')).toBe(false)
})

test('show and prune: a proof that failed in another cluster is known here by the store', async () => {
  await refuteElsewhere(world, 'two')
  expect((await pawl(world, ['backup', 'show', 'tally', 'two'])).stdout).toMatch(/damaged .*public\.deliveries/)
  const said = await pawl(world, ['backup', 'prune', 'tally', '--keep', '1', '--keep-days', '0', '--yes'])
  expect(said.exitCode).toBe(40)
  expect(world.store.objects.has('shop/tally/one/manifest.json')).toBe(true)
})

test('prove: a rung that cannot be asked for is refused', async () => {
  expect((await pawl(world, ['backup', 'prove', 'tally', '--rung', 'rehearsed'])).exitCode).toBe(65)
})

test('prune: without --yes it only says what it would do', async () => {
  const before = [...world.store.objects.keys()]
  const said = await pawl(world, ['backup', 'prune', 'tally', '--keep', '1', '--keep-days', '0'])
  expect(said).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('Add --yes') as string })
  expect([...world.store.objects.keys()]).toEqual(before)
  const done = await pawl(world, ['backup', 'prune', 'tally', '--keep', '1', '--keep-days', '0', '--yes', '-o', 'json'])
  expect(json(done.stdout)).toMatchObject({ dryRun: false, pruned: { removed: [{ name: 'one' }] } })
  expect([...world.store.objects.keys()].every((name) => name.includes('/two/'))).toBe(true)
})

test.each([
  ['--keep', '0'],
  ['--keep', 'all'],
  ['--keep-days', '-1'],
  ['--leftovers-after', '0'],
])('prune %s %s is refused', async (flag, value) => {
  expect((await pawl(world, ['backup', 'prune', 'tally', `${flag}=${value}`, '--yes'])).exitCode).toBe(65)
})

test('create: a level of source load that is not known is refused before anything is looked at', async () => {
  expect((await pawl(world, ['backup', 'create', 'tally', '--source-load', 'none'])).exitCode).toBe(65)
})

test('keys export: a new file for its owner only, never over another one', async () => {
  const file = join(world.directory, 'key.txt')
  const said = await pawl(world, ['keys', 'export', 'tally', '--out', file])
  expect(said.exitCode).toBe(0)
  expect(said.stdout + said.stderr).not.toContain('AGE-SECRET-KEY')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readFileSync(file, 'utf8')).toMatch(/^AGE-SECRET-KEY-1/m)
  expect((await pawl(world, ['keys', 'export', 'tally', '--out', file])).exitCode).toBe(65)
})

test('keys export: a pipe takes it, a terminal only with --yes, JSON never', async () => {
  expect((await pawl(world, ['keys', 'export', 'tally'])).stdout).toMatch(/^AGE-SECRET-KEY-1/m)
  const refused = await pawl(world, ['keys', 'export', 'tally'], true)
  expect(refused).toMatchObject({ exitCode: 64, stdout: '' })
  expect((await pawl(world, ['keys', 'export', 'tally', '--yes'], true)).stdout).toMatch(/^AGE-SECRET-KEY-1/m)
  const asJson = await pawl(world, ['keys', 'export', 'tally', '-o', 'json'])
  expect(asJson.exitCode).toBe(64)
  expect(asJson.stdout).not.toContain('AGE-SECRET-KEY')
})

test('keys export: an identity that opens no new backup is not handed out as if it did', async () => {
  const other = await world.doors.generateIdentity()
  const secret = { apiVersion: 'v1', kind: 'Secret', namespace: 'shop', name: 'pawl-identity' }
  await world.cluster.remove(secret)
  const data = { identity: Buffer.from(other.identity).toString('base64') }
  world.cluster.seed({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'pawl-identity', namespace: 'shop' }, data })
  expect((await pawl(world, ['keys', 'export', 'tally'])).exitCode).toBe(40)
})
