// The programs of the sample product together, on a real PostgreSQL 15 and with the real witness.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Summary } from '../../../examples/tally/app/witness-log.ts'
import { createAppRunner } from './app-runner.ts'
import type { AppRunner, Started } from './app-runner.ts'
import { startLocalPostgres } from './local-postgres.ts'
import type { LocalPostgres } from './local-postgres.ts'

/** Generous: a busy machine is slow, not wrong. */
const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 20_000 })

let server: LocalPostgres
let app: AppRunner
let directory: string
let witnessUrl: string
let witness: Started
let running: Started[] = []
let databases = 0

beforeAll(async () => {
  ;[server, app] = await Promise.all([startLocalPostgres(), createAppRunner()])
})

afterEach(async () => {
  await Promise.all(running.map(stop))
  running = []
  if (directory) rmSync(directory, { recursive: true, force: true })
})

afterAll(async () => {
  await server?.stop()
  app?.dispose()
})

test('every acknowledged delivery is in the database, and a schema that moves on is reported and not written to', async () => {
  await startWitness()
  const database = await migrated('2026.2.9')
  const recorder = await start('2026.2.9', 'recorder.ts', database, { RECORDER_INTERVAL_MS: '10' })
  const board = await start('2026.2.9', 'board.ts', database, { BOARD_INTERVAL_MS: '50' })
  await eventually(async () => (await summary()).acknowledged).toBeGreaterThan(20)
  expect(await health(recorder.port)).toMatchObject({ status: 200 })
  await eventually(async () => (await health(board.port)).status).toBe(200)
  // The board shows what it last read, which may be a moment ago.
  const page = async () =>
    ((await (await fetch(`http://127.0.0.1:${board.port}/board`)).json()) as { deliveries: unknown[] }).deliveries
  await eventually(page).toHaveLength(20)
  // The board tells from time to time what it has served; soon it serves nothing any more.
  await eventually(async () => (await summary()).served.byRelease['2026.2.9'] ?? 0).toBeGreaterThan(5)
  expect((await summary()).violations).toEqual([])

  expect(await app.run('2026.3.9', ['migrate.ts'], server.environment(database))).toMatchObject({ code: 0 })
  // Whoever looks between the two migrations reports the first one as well.
  const last = '/20260304100000-priority-rank'
  const reporters = async () =>
    (await summary()).violations.filter(({ schema }) => schema === last).map(({ component }) => component)
  await eventually(async () => (await reporters()).sort()).toEqual(['board', 'recorder'])
  const { violations } = await summary()
  expect(new Set(violations.map(({ release, kind }) => `${release} ${kind}`))).toEqual(new Set(['2026.2.9 newer']))
  expect((await health(board.port)).status).toBe(503)
  expect((await health(recorder.port)).status).toBe(503)

  const written = await count(database)
  const acks = (await (await fetch(`${witnessUrl}/acks?after=0`)).json()) as number[]
  expect(await countOf(database, acks)).toBe(acks.length)
  expect(written - acks.length).toBeLessThanOrEqual(1)
  expect((await stop(recorder.program)).code).toBe(0)
  expect(await count(database)).toBe(written)
})

test('a new release on an old schema in use is reported; on an empty database it waits', async () => {
  await startWitness()
  const database = await emptyDatabase()
  const board = await start('2026.3.9', 'board.ts', database, { BOARD_INTERVAL_MS: '50' })
  await eventually(async () => (await health(board.port)).body['kind']).toBe('waiting')
  expect(await app.run('2026.2.9', ['migrate.ts'], server.environment(database))).toMatchObject({ code: 0 })
  expect((await health(board.port)).body['kind']).toBe('waiting')
  expect((await summary()).violations).toEqual([])
  expect(await app.run('2026.2.9', ['seed.ts', '--rows', '5'], server.environment(database))).toMatchObject({ code: 0 })
  await eventually(async () => (await summary()).violations.map(({ kind }) => kind)).toEqual(['older'])
  expect(await app.run('2026.3.9', ['migrate.ts'], server.environment(database))).toMatchObject({ code: 0 })
  await eventually(async () => (await health(board.port)).status).toBe(200)
})

test('a recorder that stops slowly goes on writing after SIGTERM', async () => {
  await startWitness()
  const database = await migrated('2026.1.12')
  const recorder = await start('2026.1.12', 'recorder.ts', database, {
    RECORDER_INTERVAL_MS: '20',
    RECORDER_STOP_SLOWLY: 'true',
  })
  await eventually(() => count(database)).toBeGreaterThan(3)
  recorder.program.process.kill('SIGTERM')
  const before = await count(database)
  await eventually(() => count(database)).toBeGreaterThan(before + 5)
  recorder.program.process.kill('SIGKILL')
})

test('the recorder waits for its witness before it writes on', async () => {
  const port = await freePort()
  const database = await migrated('2026.1.12')
  witnessUrl = `http://127.0.0.1:${port}`
  await start('2026.1.12', 'recorder.ts', database, { RECORDER_INTERVAL_MS: '10' })
  await eventually(() => count(database)).toBe(1)
  await new Promise((resolve) => setTimeout(resolve, 1_200))
  expect(await count(database)).toBe(1)
  await startWitness(port)
  await eventually(async () => (await summary()).acknowledged).toBeGreaterThan(3)
})

test('2026.5.11 migrates and never becomes ready; 2026.6.8 does', async () => {
  const database = await migrated('2026.5.11')
  const broken = await start('2026.5.11', 'ledger-api.ts', database)
  await eventually(async () => (await health(broken.port)).body).toMatchObject({
    kind: 'current',
    problem: 'missing file data/holidays.json',
    ready: false,
  })
  expect(
    await app.run('2026.6.8', ['migrate.ts'], { ...server.environment(database), TALLY_BATCH_PAUSE_MS: '1' }),
  ).toMatchObject({ code: 0 })
  const good = await start('2026.6.8', 'ledger-api.ts', database)
  await eventually(async () => (await health(good.port)).status).toBe(200)
})

test('deliveries go through gateway and ledger-api; with another key the data is there but unreadable', async () => {
  const database = await migrated('2026.7.13')
  const api = await start('2026.7.13', 'ledger-api.ts', database)
  await eventually(async () => (await health(api.port)).status).toBe(200)
  const url = `http://127.0.0.1:${api.port}`
  const gateway = await start('2026.7.13', 'gateway.ts', database, { LEDGER_API_URL: url, BOARD_URL: url })
  const through = `http://127.0.0.1:${gateway.port}/api/deliveries`
  const sent = await fetch(through, {
    method: 'POST',
    body: JSON.stringify({ name: 'Anna', town: 'Łódź', declaredValue: 5.5 }),
  })
  expect(sent.status).toBe(201)
  expect(await (await fetch(through)).json()).toMatchObject({
    deliveries: [{ recipient_name: 'Anna', recipient_town: 'Łódź', declared_value: '5.50' }],
  })
  expect((await fetch(`${url}/canary`)).status).toBe(200)
  const other = await start('2026.7.13', 'ledger-api.ts', database, { TALLY_ENCRYPTION_KEY: 'another' })
  await eventually(async () => (await health(other.port)).status).toBe(200)
  expect((await fetch(`http://127.0.0.1:${other.port}/canary`)).status).toBe(500)
})

test('the assistant migrates its own database and writes into it; without the database it ends', async () => {
  const database = await emptyDatabase()
  const assist = await start('2026.6.8', 'assist.ts', database, { ASSIST_INTERVAL_MS: '50' })
  await eventually(async () => (await health(assist.port)).status).toBe(200)
  const client = await server.connect(database)
  await eventually(
    async () => (await client.query<{ n: number }>('SELECT count(*)::int AS n FROM answers')).rows[0]?.n,
  ).toBeGreaterThan(2)
  expect((await client.query('SELECT name FROM migrations ORDER BY id')).rows.at(-1)).toEqual({
    name: '/20260603100000-feedback',
  })
  await client.end()
  const lost = await app.run('2026.8.10', ['assist.ts'], { ...server.environment('companion'), PORT: '0' })
  expect(lost.code).toBe(1)
  expect(lost.stdout + lost.stderr).toContain('database "companion" does not exist')
})

async function startWitness(port?: number): Promise<void> {
  directory = mkdtempSync(join(tmpdir(), 'tally-witness-'))
  const chosen = port ?? (await freePort())
  witness = app.start('2026.1.12', ['witness.ts'], { PORT: String(chosen), WITNESS_DIRECTORY: directory })
  running.push(witness)
  witnessUrl = `http://127.0.0.1:${chosen}`
  await eventually(() =>
    fetch(`${witnessUrl}/health`).then(
      ({ status }) => status,
      () => 0,
    ),
  ).toBe(200)
}

async function start(version: string, program: string, database: string, env: Record<string, string> = {}) {
  const port = await freePort()
  const settings = { ...server.environment(database), WITNESS_URL: witnessUrl ?? '', PORT: String(port), ...env }
  const started = app.start(version, [program], settings)
  running.push(started)
  await eventually(() =>
    health(port).then(
      ({ status }) => status,
      () => 0,
    ),
  ).toBeGreaterThan(0)
  return { port, program: started }
}

async function stop(started: Started) {
  started.process.kill('SIGTERM')
  return started.ended
}

async function health(port: number): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`http://127.0.0.1:${port}/health`)
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

async function summary(): Promise<Summary> {
  return (await (await fetch(`${witnessUrl}/summary`)).json()) as Summary
}

async function emptyDatabase(): Promise<string> {
  databases += 1
  const name = `component_${databases}`
  await server.createDatabase(name)
  return name
}

async function migrated(version: string): Promise<string> {
  const database = await emptyDatabase()
  expect(
    await app.run(version, ['migrate.ts'], { ...server.environment(database), TALLY_BATCH_PAUSE_MS: '1' }),
  ).toMatchObject({ code: 0 })
  return database
}

function count(database: string): Promise<number> {
  return number(database, 'SELECT count(*)::int AS n FROM deliveries', [])
}

function countOf(database: string, ids: readonly number[]): Promise<number> {
  return number(database, 'SELECT count(*)::int AS n FROM deliveries WHERE id = ANY($1::bigint[])', [ids])
}

async function number(database: string, sql: string, values: unknown[]): Promise<number> {
  const client = await server.connect(database)
  try {
    return (await client.query<{ n: number }>(sql, values)).rows[0]?.n ?? 0
  } finally {
    await client.end()
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => (typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port'))))
    })
  })
}
