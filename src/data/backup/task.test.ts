import { expect, test } from 'vitest'
import type { DatabaseTarget } from '../../core/data/tasks.ts'
import { isPawlError, PawlError } from '../../core/errors.ts'
import type { Connection } from '../../ports/database.ts'
import { memoryStore } from '../../testing/memory-store.ts'
import type { DataDeps } from '../deps.ts'
import { runDataTask } from '../run.ts'

const SET = 'shop/tally/one'
const DATABASE: DatabaseTarget = {
  role: 'ledger',
  host: 'db',
  port: 5432,
  database: 'tally',
  login: { user: 'tally' },
  admin: { user: 'postgres', database: 'postgres' },
  tls: 'disable',
  migrations: { table: 'public.migrations', column: 'name' },
}

/**
 * A backup into a store that keeps what it holds. Every try stores a part and then fails with `error`, thrown where its sequences are
 * read, the first thing it reads.
 */
async function backUp(error: PawlError, left: string[] = []): Promise<{ error: PawlError; tries: number }> {
  const store = memoryStore()
  store.fault = (operation) => {
    if (operation === 'remove') throw new PawlError({ code: 'store-locked', message: 'memory keeps it' })
  }
  for (const name of left) await store.put(`${SET}/${name}`, new Uint8Array(1))
  let tries = 0
  const connection: Connection = {
    lost: new AbortController().signal,
    close: async () => undefined,
    async query(sql) {
      if (sql.includes('server_version_num')) return [{ text: '15.4', number: '150004', encoding: 'UTF8' }]
      if (sql.includes('pg_subscription')) return []
      await store.put(`${SET}/ledger/data/${(tries += 1)}.dat.age`, new Uint8Array(1))
      throw error
    },
  }
  const deps = {
    openStore: async () => store,
    databases: { connect: async () => connection },
    toolbox: { forServer: async () => ({ version: '15.4', major: 15 }) },
    workDirs: {
      make: async () => ({ dispose: async () => undefined, remove: async () => undefined }),
      sweep: async () => undefined,
    },
    clock: { now: () => new Date(0), sleep: async () => undefined },
  } as unknown as DataDeps
  const backup = runDataTask<'backup'>(
    {
      kind: 'backup',
      store: { type: 'directory', path: '/x' },
      set: SET,
      databases: [DATABASE],
      recipients: ['age1x'],
      about: {},
      jobs: 1,
    },
    deps,
  )
  return await backup.then(
    () => Promise.reject(new Error('the backup ended well')),
    (thrown: unknown) => {
      if (!isPawlError(thrown)) throw thrown
      return { error: thrown, tries }
    },
  )
}

const QUEUE = new PawlError({ code: 'backup-failed', message: 'behind a lock', facts: { lockQueue: true } })
const FULL = new PawlError({ code: 'backup-failed', message: 'no room', facts: { noRoom: true } })
const RIGHTS = new PawlError({ code: 'database-rights', message: 'not for you' })

test.each([
  ['stood behind an exclusive lock', QUEUE, 5],
  ['found no room for uncompressed files', FULL, 2],
  ['was not allowed to read', RIGHTS, 2],
])(
  'where the store keeps what a try has left that %s, the next one is made all the same',
  async (_, first, expected) => {
    const { error, tries } = await backUp(first)
    expect(error).toMatchObject({ code: first.code, message: first.message })
    expect(tries).toBe(expected)
  },
)

test('what an earlier task left there is no obstacle either', async () => {
  const { error, tries } = await backUp(QUEUE, ['ledger/data/0.dat.age', 'try-2/ledger/data/0.dat.age'])
  expect(error.code).toBe('backup-failed')
  expect(tries).toBe(5)
})
