// pawl runs accept: what stands beside the databases is shown, dropped on a word, and forgotten of the set.
import { rmSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { FoundCopy } from '../../../src/core/data/copies.ts'
import type { DataTask } from '../../../src/core/data/tasks.ts'
import { API_VERSION, backupSetObject, parseBackupSet, runObject } from '../../../src/core/resources.ts'
import type { RunSpec } from '../../../src/core/run/run.ts'
import type { KubeObject } from '../../../src/ports/cluster.ts'
import type { DataPlane } from '../../../src/ports/dataplane.ts'
import { addSet, makeWorld, NAMESPACE, pawl, type World } from './invoke.ts'

const ref = { apiVersion: API_VERSION, kind: 'BackupSet', namespace: NAMESPACE, name: 'one' }
const COPY: FoundCopy = {
  role: 'ledger',
  database: 'tally__pawl_set_one',
  state: 'proven',
  set: `${NAMESPACE}/tally/one`,
  digest: 'd',
  open: false,
  sizeBytes: 24_000_000,
}
const OLD: FoundCopy = { ...COPY, database: 'tally__pawl_old_x', state: 'kept' }

let world: World
let found: FoundCopy[]
let dropped: string[]

beforeEach(async () => {
  world = await makeWorld()
  found = [COPY, OLD]
  dropped = []
  await addSet(world, 'one', '2026-10-01T00:00:00.000Z')
  const set = parseBackupSet((await world.cluster.get(ref))!)
  const target = {
    role: 'ledger',
    host: 'db',
    port: 5432,
    database: 'tally',
    login: { user: 'u' },
    tls: 'disable' as const,
    migrations: { table: 'm', column: 'n' },
  }
  const planned = { target, serverMajor: 15, sizeBytes: 1, migrator: { kind: 'deployment' as const, deployment: 'd' } }
  const staged = {
    suffix: '__pawl_set_one',
    at: '2026-10-01T00:10:00.000Z',
    copies: [{ role: 'ledger', database: COPY.database, sizeBytes: 24_000_000 }],
  }
  const status = { ...set.status!, targets: [planned], staged }
  await world.cluster.replace(backupSetObject({ ...set, status }) as KubeObject, { subresource: 'status' })
  const answer = (task: DataTask): unknown => {
    if (task.kind === 'list-copies') return { copies: found }
    if (task.kind !== 'drop-copies') throw new Error(`accept runs no ${task.kind}`)
    dropped.push(`${task.set} ${task.suffix}`)
    found = [OLD]
    return { dropped: [COPY.database], left: [] }
  }
  const plane = { kind: 'local', discard: async () => undefined, run: async (task: DataTask) => answer(task) }
  world.doors.dataPlane = async () => plane as unknown as DataPlane
})
afterEach(() => rmSync(world.directory, { recursive: true }))

async function isNoted(): Promise<boolean> {
  return parseBackupSet((await world.cluster.get(ref))!).status?.staged !== undefined
}

test('a dry run shows the copies, and what else of Pawl stands there; nothing goes without a word', async () => {
  const said = await pawl(world, ['runs', 'accept', 'tally', '--dry-run'])
  expect(said).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/tally__pawl_set_one +one +23 MiB/) as string,
  })
  expect(said.stdout).toContain('drop database "tally__pawl_old_x"')
  expect((await pawl(world, ['runs', 'accept', 'tally'])).stderr).toContain('confirmation-required')
  expect([dropped, await isNoted()]).toEqual([[], true])
})

test('accepted: the copies are dropped, the set forgets them, and again there is nothing to do', async () => {
  const said = JSON.parse((await pawl(world, ['runs', 'accept', 'tally', '--yes', '-o', 'json'])).stdout) as object
  expect(said).toEqual({ copies: { one: [COPY] }, others: [OLD], dropped: { dropped: [COPY.database], left: [] } })
  expect(dropped).toEqual([`${NAMESPACE}/tally/one __pawl_set_one`])
  expect(await isNoted()).toBe(false)
  const again = await pawl(world, ['runs', 'accept', 'tally', '--yes'])
  expect(again).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('No copy of a proof') as string })
  expect(dropped).toHaveLength(1)
})

test('copies of another release, or under a name that is not of their set, are only named', async () => {
  found = [
    { ...COPY, set: 'elsewhere/tally/one' },
    { ...COPY, database: 'tally__pawl_set_two' },
  ]
  const said = JSON.parse((await pawl(world, ['runs', 'accept', 'tally', '--dry-run', '-o', 'json'])).stdout) as object
  expect(said).toEqual({ copies: {}, others: found, dropped: null })
})

test('while a run has not ended nothing is accepted', async () => {
  const spec = { kind: 'upgrade', by: 'ana', plan: { release: 'tally' } } as unknown as RunSpec
  const begun = {
    seq: 0,
    at: '2026-10-01T00:00:00Z',
    fence: 1,
    event: 'created' as const,
    phase: 'PONR' as const,
    by: 'ana',
  }
  const run = { name: 'tally-x', namespace: NAMESPACE, spec, createdAt: begun.at, events: [begun] }
  world.cluster.seed(runObject({ run, fence: 1 }) as KubeObject)
  const said = await pawl(world, ['runs', 'accept', 'tally', '--yes'])
  expect(said.stderr).toContain('run-unfinished')
  expect([dropped, await isNoted()]).toEqual([[], true])
})
