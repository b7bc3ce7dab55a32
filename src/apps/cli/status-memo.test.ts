import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { CelScope } from '../../core/profile/cel.ts'
import { tally } from '../../profiles/tally/profile.ts'
import { rememberedRules } from './status-memo.ts'

let directory: string
let path: string
const digest = (text: string): string => createHash('sha256').update(text).digest('hex')

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pawl-memo-'))
  path = join(directory, 'status', 'one.json')
})
afterEach(async () => await rm(directory, { recursive: true, force: true }))

function scope(values: Record<string, unknown>): CelScope {
  const chart = { name: 'tally', version: '1.41.1', appVersion: '2026.1.12', annotations: {} }
  return { release: { name: 'shop', namespace: 'shop' }, values, chart }
}

const external = (host: string): CelScope =>
  scope({ internalPostgresql: { enabled: false }, externalPostgresql: { host, password: 'canary-5f1' } })

test('the second look gives what the first one found, without a secret on disk, for nobody else to read', async () => {
  const first = await rememberedRules(path, digest, tally, external('db-1'))
  expect(first.databases).toMatchObject({ known: true, value: [{ role: 'ledger', host: 'db-1' }] })
  expect(await rememberedRules(path, digest, tally, external('db-1'))).toEqual(first)
  expect(await readFile(path, 'utf8')).not.toContain('canary')
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})

test('it is really read: what is kept is believed for the very same release only', async () => {
  const first = await rememberedRules(path, digest, tally, external('db-1'))
  const kept = JSON.parse(await readFile(path, 'utf8')) as { key: string }
  const other = { ...first, configMap: { known: true, value: 'from-the-file' } }
  await writeFile(path, JSON.stringify({ ...kept, rules: other }))
  expect((await rememberedRules(path, digest, tally, external('db-1'))).configMap).toEqual(other.configMap)
  const changed = await rememberedRules(path, digest, tally, external('db-2'))
  expect(changed).toMatchObject({ configMap: first.configMap, databases: { value: [{ host: 'db-2' }] } })
})

test('a torn file and a home that cannot be written change nothing', async () => {
  const first = await rememberedRules(path, digest, tally, external('db-1'))
  await writeFile(path, '{"key":')
  expect(await rememberedRules(path, digest, tally, external('db-1'))).toEqual(first)
  expect(await rememberedRules(join(path, 'below-a-file', 'one.json'), digest, tally, external('db-1'))).toEqual(first)
})
