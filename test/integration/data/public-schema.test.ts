// The schema that every database has, given to the application, as is usual where nobody is superuser.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DatabaseTarget } from '../../../src/core/data/tasks.ts'
import { runDataTask } from '../../../src/data/run.ts'
import { startPostgres, type TestServer } from '../../support/postgres.ts'
import { APP, ROLES } from './hostile.ts'
import { makeWorld, openRestored, type World } from './world.ts'

const SET = 'ns/rel/public'
let server: TestServer
let world: World
let databases: DatabaseTarget[]

beforeAll(async () => {
  server = await startPostgres()
  await server.query('postgres', ROLES)
  await server.query('postgres', 'create database owned owner "Tally App"')
  await server.query(
    'owned',
    `alter schema public owner to "Tally App"; revoke usage on schema public from public; grant usage on schema public to auditors;
     comment on schema public is 'ours'`,
  )
  await server.query('owned', 'create table t as select 1 as a', APP)
  world = await makeWorld(server)
  const [{ admin: _, ...base }] = world.databases as [DatabaseTarget]
  // Its own login makes the copy, too.
  databases = [{ ...base, database: 'owned', admin: { ...base.login, database: 'postgres' } }]
  await runDataTask(world.backupTask(SET, { databases }), world.deps)
})

afterAll(async () => {
  await world.dispose()
  await server.stop()
})

test('it proves, and is restored by a login that is no superuser, with its rights and its comment', async () => {
  expect((await runDataTask(world.proveTask(SET), world.deps)).rung).toBe('proven')
  const { databases: restored } = await runDataTask(world.restoreTask(SET, '__copy', databases), world.deps)
  expect(restored).toMatchObject([{ rung: 'proven' }])
  expect(restored[0]?.notCovered).toContain('owners and rights of objects: restored as one owner')
  await openRestored(server, 'owned__copy')
  const state = `select obj_description(oid, 'pg_namespace') as comment, has_schema_privilege('auditors', oid, 'usage') as auditors,
    has_schema_privilege('reader-ro', oid, 'create') as others from pg_namespace where nspname = 'public'`
  expect(await server.query('owned__copy', state)).toEqual(await server.query('owned', state))
})

test('another comment on it is noticed', async () => {
  const toolbox = {
    async forServer(major: number) {
      const tools = await world.deps.toolbox.forServer(major)
      return {
        ...tools,
        async dumpSchema(...given: Parameters<typeof tools.dumpSchema>) {
          await server.query('owned__other', `comment on schema public is 'theirs'`)
          return await tools.dumpSchema(...given)
        },
      }
    },
  }
  const task = world.restoreTask(SET, '__other', databases)
  await expect(runDataTask(task, { ...world.deps, toolbox })).rejects.toMatchObject({
    code: 'proof-mismatch',
    message: expect.stringContaining('Name: SCHEMA public; Type: COMMENT') as string,
  })
})
