// The migrations of the sample product on a real PostgreSQL 15: every path that is meant to work, and the ones that are not.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readReleases, releaseOf } from '../../../examples/tally/build.ts'
import { createAppRunner } from './app-runner.ts'
import type { AppRunner } from './app-runner.ts'
import { startLocalPostgres } from './local-postgres.ts'
import type { LocalPostgres } from './local-postgres.ts'

let server: LocalPostgres
let app: AppRunner
let databases = 0

beforeAll(async () => {
  ;[server, app] = await Promise.all([startLocalPostgres(), createAppRunner()])
})

afterAll(async () => {
  await server?.stop()
  app?.dispose()
})

const goodReleases = readReleases()
  .filter(({ isCandidate, appVersion }) => !isCandidate && appVersion !== '2026.4.13')
  .map(({ appVersion }) => appVersion)

test('all releases in turn, with rows from the first one on', async () => {
  const database = await emptyDatabase()
  for (const [index, version] of goodReleases.entries()) {
    expect(await migrate(version, database)).toMatchObject({ code: 0 })
    expect(await recorded(database)).toEqual(releaseOf(version).migrations.ledger.map(({ name }) => `/${name}`))
    if (index === 0) await seed(version, database, '--rows', '300')
  }
  expect(await query(database, 'SELECT count(*)::int AS n, count(distance_km)::int AS filled FROM deliveries')).toEqual(
    [{ n: 300, filled: 300 }],
  )
})

test.each(readReleases().map(({ appVersion }) => appVersion))('%s installs into an empty database', async (version) => {
  const database = await emptyDatabase()
  expect(await migrate(version, database)).toMatchObject({ code: 0 })
  expect(await recorded(database)).toEqual(releaseOf(version).migrations.ledger.map(({ name }) => `/${name}`))
  await seed(version, database, '--rows', '50')
})

test('2026.3.9 splits the recipient and ranks the priority of rows that are there', async () => {
  const database = await seeded('2026.2.9', '--rows', '200')
  const before = await query(database, 'SELECT id, recipient, priority FROM deliveries ORDER BY id')
  expect(await migrate('2026.3.9', database)).toMatchObject({ code: 0 })
  const after = await query(database, 'SELECT id, recipient_name, recipient_town, priority FROM deliveries ORDER BY id')
  const ranks: Record<string, number> = { low: 1, normal: 2, express: 3 }
  const expected = before.map(({ id, recipient, priority }) => {
    const [name, town] = String(recipient).split(', ')
    return { id, recipient_name: name, recipient_town: town, priority: ranks[String(priority)] }
  })
  expect(after).toEqual(expected)
})

test('2026.4.13 fails at its third migration where an amount has a decimal comma; two are committed', async () => {
  const database = await seeded('2026.3.9', '--rows', '100', '--plant-bad-amount')
  const result = await migrate('2026.4.13', database)
  expect(result.code).not.toBe(0)
  expect(`${result.stdout}${result.stderr}`).toContain('invalid input syntax for type numeric: "12,50"')
  expect((await recorded(database)).slice(-2)).toEqual(['/20260401100000-depots', '/20260402100000-assign-depot'])
  expect(await query(database, 'SELECT count(*)::int AS n FROM deliveries WHERE depot_id IS NULL')).toEqual([{ n: 0 }])

  // The repaired migration of the next release goes on from there.
  expect(await migrate('2026.5.11', database)).toMatchObject({ code: 0 })
  expect(await query(database, 'SELECT declared_value FROM deliveries ORDER BY id LIMIT 1')).toEqual([
    { declared_value: '12.50' },
  ])
})

test('2026.4.13 is good where no amount has a comma, also by way of its release candidate', async () => {
  const database = await seeded('2026.3.9', '--rows', '100')
  expect(await migrate('2026.4.13-rc.2', database)).toMatchObject({ code: 0 })
  expect(await migrate('2026.4.13', database)).toMatchObject({ code: 0 })
  expect(await recorded(database)).toContain('/20260408100000-insure-valuable')
})

test('a killed distance migration goes on where it stopped', async () => {
  const database = await seeded('2026.5.11', '--rows', '600')
  const { process: migrator, ended } = app.start('2026.6.8', ['migrate.ts'], {
    ...server.environment(database),
    TALLY_BATCH_PAUSE_MS: '100',
  })
  await expect.poll(() => filledRows(database), { timeout: 20_000 }).toBeGreaterThan(50)
  migrator.kill('SIGTERM')
  expect((await ended).code).not.toBe(0)
  const filled = await filledRows(database)
  expect(filled).toBeGreaterThan(50)
  expect(filled).toBeLessThan(600)
  expect(await recorded(database)).not.toContain('/20260602100000-distance')
  expect(await migrate('2026.6.8', database)).toMatchObject({ code: 0 })
  expect(await filledRows(database)).toBe(600)
})

test('replicas that start at once wait for each other', async () => {
  const database = await emptyDatabase()
  const results = await Promise.all([1, 2, 3].map(() => migrate('2026.3.9', database)))
  expect(results.map(({ code }) => code)).toEqual([0, 0, 0])
  expect(await recorded(database)).toHaveLength(releaseOf('2026.3.9').migrations.ledger.length)
})

test('an older image calls a newer schema up to date, as db-migrate does', async () => {
  const database = await seeded('2026.3.9', '--rows', '10')
  expect(await migrate('2026.2.9', database)).toMatchObject({ code: 0 })
})

async function emptyDatabase(): Promise<string> {
  databases += 1
  const name = `ledger_${databases}`
  await server.createDatabase(name)
  return name
}

async function seeded(version: string, ...flags: string[]): Promise<string> {
  const database = await emptyDatabase()
  expect(await migrate(version, database)).toMatchObject({ code: 0 })
  await seed(version, database, ...flags)
  return database
}

async function seed(version: string, database: string, ...flags: string[]): Promise<void> {
  const result = await app.run(version, ['seed.ts', ...flags], server.environment(database))
  expect(result).toMatchObject({ code: 0, stderr: '' })
}

function migrate(version: string, database: string) {
  return app.run(version, ['migrate.ts'], { ...server.environment(database), TALLY_BATCH_PAUSE_MS: '1' })
}

async function recorded(database: string): Promise<string[]> {
  return (await query(database, 'SELECT name FROM migrations ORDER BY id')).map(({ name }) => String(name))
}

async function filledRows(database: string): Promise<number> {
  const column = await query(database, "SELECT 1 FROM information_schema.columns WHERE column_name = 'distance_km'")
  if (column.length === 0) return 0
  return Number((await query(database, 'SELECT count(distance_km) AS n FROM deliveries'))[0]?.['n'])
}

async function query(database: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = await server.connect(database)
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.end()
  }
}
