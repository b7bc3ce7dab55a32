// Four writers that never rest, and now and then change the tables themselves. Every transaction keeps a promise, so that a copy of
// any moment can be judged by itself.
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { randomFrom, type Random } from '../../faults/random.ts'
import { APP } from '../../integration/data/hostile.ts'
import type { TestServer } from '../../support/postgres.ts'

export const WRITERS = 4

export const SCHEMA = `
  set role "Tally App";
  create table left_side (id int primary key, amount bigint not null); insert into left_side select i, 0 from generate_series(1, 200) i;
  create table right_side (id int primary key, amount bigint not null); insert into right_side select i, 0 from generate_series(1, 200) i;
  create table entries (writer int, n int, note text not null, primary key (writer, n));
  create table counters (writer int primary key, n int not null); insert into counters select i, 0 from generate_series(1, ${WRITERS}) i;
  create table cache (generation int, k int); create table cache_state (generation int, rows int); insert into cache_state values (0, 0);
  create table shape (id int, v int); insert into shape select i, i from generate_series(1, 500) i;
  create table shape_state (type text); insert into shape_state values ('integer');
  create table extras (name text primary key, rows int not null);
  create table index_state (present bool); insert into index_state values (false);
  create table ballast as select i, repeat(md5(i::text), 20) as t from generate_series(1, 20000) i;`

/** What each kind of change to a table does, in one transaction with the note of what it did; VACUUM FULL has none. */
function change(random: Random, number: number): string[] {
  const rows = 1 + random.below(200)
  const truncate = [
    'begin',
    'truncate cache',
    `insert into cache select ${number}, i from generate_series(1, ${rows}) i`,
    `update cache_state set generation = ${number}, rows = ${rows}`,
    'commit',
  ]
  const rewrite = (type: string): string[] => [
    'begin',
    `alter table shape alter column v type ${type}`,
    `update shape_state set type = '${type}'`,
    'commit',
  ]
  const create = [
    'begin',
    `create table extra_${number} as select i from generate_series(1, ${rows}) i`,
    `insert into extras values ('extra_${number}', ${rows})`,
    'commit',
  ]
  const drop = [
    'begin',
    `do $$ declare t text; begin delete from extras where name = (select min(name) from extras) returning name into t;
      if t is not null then execute 'drop table ' || t; end if; end $$`,
    'commit',
  ]
  const build = [
    'begin',
    'create index if not exists by_note on entries (note)',
    'update index_state set present = true',
    'commit',
  ]
  const unbuild = ['begin', 'drop index if exists by_note', 'update index_state set present = false', 'commit']
  const vacuum = ['vacuum full shape']
  return random.pick([
    truncate,
    truncate,
    rewrite('bigint'),
    rewrite('integer'),
    create,
    create,
    drop,
    build,
    unbuild,
    vacuum,
  ])
}

export interface Load {
  /** Rows in `entries` that were acknowledged so far: no later copy has fewer. */
  acknowledged: () => number
  /** Rows that were sent so far: no copy of this moment has more. */
  sent: () => number
  /** Changes to tables so far. */
  changes: () => number
  stop: () => Promise<void>
}

/** Its changes are numbered on from `first`: a second load finds what the one before has made. */
export async function startLoad(server: TestServer, database: string, seed: number, first = 0): Promise<Load> {
  let [going, sent, acknowledged, changes] = [true, 0, 0, 0]
  /** One changes tables at a time: two would wait for each other's notes. */
  let turn: Promise<unknown> = Promise.resolve()

  async function changeTables(client: pg.Client, random: Random): Promise<void> {
    const mine = turn.then(async () => {
      for (const sql of change(random, first + ++changes)) await client.query(sql)
    })
    turn = mine.catch(() => undefined)
    await mine
  }

  async function write(writer: number): Promise<void> {
    const client = await server.connect(database, `writer ${writer}`, APP)
    const random = randomFrom(seed * 10 + writer)
    let number = 0
    let nextChange = Date.now() + 500 * writer + random.below(1000)
    while (going) {
      const amount = 1 + random.below(1000)
      number += 1
      sent += 1
      for (const sql of [
        'begin',
        `update left_side set amount = amount + ${amount} where id = ${1 + random.below(200)}`,
        `update right_side set amount = amount - ${amount} where id = ${1 + random.below(200)}`,
        `insert into entries values (${writer}, (select n + 1 from counters where writer = ${writer}), 'entry ${number}')`,
        `update counters set n = n + 1 where writer = ${writer}`,
        'commit',
      ])
        await client.query(sql)
      acknowledged += 1
      if (Date.now() > nextChange) {
        await changeTables(client, random)
        nextChange = Date.now() + 2_000 + random.below(8_000)
      }
      await sleep(10)
    }
    await client.end()
  }

  const writers = Array.from({ length: WRITERS }, (_, at) => write(at + 1))
  const all = Promise.all(writers)
  // Whoever fails is heard at the end.
  all.catch(() => undefined)
  return {
    acknowledged: () => acknowledged,
    sent: () => sent,
    changes: () => changes,
    async stop() {
      going = false
      await all
    },
  }
}
