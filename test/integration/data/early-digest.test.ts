// While pg_restore loads one table for itself, tables that are loaded already are read.
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { addUp, sumPiece, tableInfo } from '../../../src/data/digest.ts'
import { earlyDigests, type EarlyDigests } from '../../../src/data/early-digest.ts'
import { connectionTarget, pins } from '../../../src/data/session.ts'
import { listTables } from '../../../src/data/sql/catalogue.ts'
import type { StoredDatabase } from '../../../src/data/stored-set.ts'
import type { Connection, ConnectionTarget, Databases } from '../../../src/ports/database.ts'
import type { PgTools } from '../../../src/ports/pgtools.ts'
import { startPostgres, type TestServer } from '../../support/postgres.ts'
import { ROLES } from './hostile.ts'
import { makeWorld, type World } from './world.ts'

const MAJOR = 15
const PATIENCE = { timeout: 60_000, interval: 50 }
let server: TestServer
let world: World
let target: ConnectionTarget

beforeAll(async () => {
  server = await startPostgres()
  await server.query('postgres', ROLES)
  await server.query('postgres', 'create database early owner "Tally App"')
  for (const name of ['done', 'next'])
    await server.query(
      'early',
      `create table ${name} (id int, note text); insert into ${name} select i, repeat('x', 200) from generate_series(1, 60000) i;
       alter table ${name} owner to "Tally App"`,
    )
  world = await makeWorld(server)
  const database = { ...world.databases[1]!, database: 'early' }
  target = await connectionTarget(world.deps, database, database.login, 'early')
})

afterAll(async () => {
  await world.dispose()
  await server.stop()
})

const connect = async (): Promise<Connection> => await world.deps.databases.connect(target, pins(MAJOR))

/** Which tables were asked about, and which of them were read to their end. */
function watched(asked: string[], read: string[]): Databases {
  return {
    async connect(...to) {
      const inner = await world.deps.databases.connect(...to)
      return {
        lost: inner.lost,
        close: () => inner.close(),
        async query(sql, parameters) {
          const rows = await inner.query(sql, parameters)
          const [, oid] = /AccessExclusiveLock' and relation = (\d+)/.exec(sql) ?? []
          if (oid !== undefined) asked.push(oid)
          const [, name] = /from only "?public"?\."?(\w+)/i.exec(sql) ?? []
          if (name !== undefined) read.push(name)
          return rows
        },
      }
    },
  }
}

interface Begun extends EarlyDigests {
  asked: string[]
  read: string[]
}

function begin(): Begun {
  const [asked, read]: [string[], string[]] = [[], []]
  const contents = async () => ['done', 'next'].map((name) => ({ stem: name, oid: '1', table: `public.${name}` }))
  const context = { signal: new AbortController().signal, report: () => undefined }
  const stored = { evidence: { serverMajor: MAJOR }, digests: { method: 'rows' } } as unknown as StoredDatabase
  const tools = { contents } as unknown as PgTools
  const deps = { ...world.deps, databases: watched(asked, read) }
  const early = earlyDigests(deps, context, stored, { target, tools, directory: '', half: false })
  early.mayRead(true)
  return { ...early, asked, read }
}

test('one that is held by a restore is in nobody’s way, and is read when it is free', async () => {
  const restore = await connect()
  await restore.query('begin')
  await restore.query('lock table public.next in access exclusive mode')
  const [early, meanwhile] = [begin(), begin()]
  for (const stem of ['next', 'done']) {
    early.loaded(stem)
    meanwhile.loaded(stem)
  }
  const tables = (await restore.query(listTables(MAJOR))).map(tableInfo)
  const named = (name: string) => tables.find((table) => table.name === name)!
  const askedAgain = ({ asked }: Begun): number => asked.filter((oid) => oid === named('next').oid).length
  await vi.waitFor(() => {
    for (const one of [early, meanwhile]) {
      expect(one.read).toEqual(['done'])
      expect(askedAgain(one)).toBeGreaterThan(2)
    }
  }, PATIENCE)
  const found = await meanwhile.end()
  expect([...found.keys()]).toEqual([named('done').oid])
  await restore.query('commit')
  await vi.waitFor(() => expect(early.read).toEqual(['done', 'next']), PATIENCE)
  const both = await early.end()
  expect([...both.values()].map(({ remaining }) => remaining)).toEqual([[], []])
  for (const name of ['done', 'next']) {
    const table = named(name)
    const whole = await sumPiece(restore, { table, range: {}, how: 'whole' })
    expect(both.get(table.oid)).toMatchObject({ filenode: table.filenode, pages: table.pages })
    expect(addUp(name, both.get(table.oid)!.sums)).toEqual(addUp(name, new Map([[0, whole[0]!]])))
  }
  await restore.close()
})
