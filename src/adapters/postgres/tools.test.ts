import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import type { Processes, ProgramRequest } from '../../ports/process.ts'
import { pgTools } from './tools.ts'

const TARGET = { host: 'db', port: 5432, database: 'app', user: 'app', tls: 'disable' as const, encoding: 'EUC_JP' }
const END = { exitCode: 0, stdout: '', stderr: '' }

/** What the programs were given. */
async function requests(): Promise<ProgramRequest[]> {
  const seen: ProgramRequest[] = []
  const note = (request: ProgramRequest): void => void seen.push(request)
  const processes = {
    run: async (request: ProgramRequest) => (note(request), END),
    start: async (request: ProgramRequest) => {
      note(request)
      const stdout = new PassThrough()
      stdout.end()
      return { stdin: new PassThrough(), stdout, ended: Promise.resolve(END), stop: () => undefined }
    },
  }
  const tools = pgTools({ processes: processes as unknown as Processes, directory: '', version: '17.2' })
  await tools.dump({ target: TARGET, snapshot: '1', directory: '/x', jobs: 1 })
  await tools.dumpSchema(TARGET)
  await tools.copyOut(TARGET, 'select 1', async () => undefined)
  await tools.restore({ target: TARGET, directory: '/x', jobs: 1, sizeBytes: 0 })
  return seen
}

test('nothing that the source or the role has set changes a value, or keeps a program from its work', async () => {
  for (const { program, env = {} } of await requests()) {
    expect(env['PGCLIENTENCODING']).toBe(program === 'psql' ? 'UTF8' : 'EUC_JP')
    const settings = env['PGOPTIONS']?.split('-c ').map((setting) => setting.trim())
    expect(settings).toEqual(
      expect.arrayContaining([
        'lc_monetary=C',
        'bytea_output=hex',
        'default_transaction_read_only=off',
        'statement_timeout=0',
        'transaction_timeout=0',
      ]),
    )
  }
})

test('a query is told in UTF-8, whatever the rows are written in', async () => {
  const asked = (await requests()).filter(({ program }) => program === 'psql')
  expect(asked.map(({ args }) => args.at(-1))).toEqual([`--command=copy (select 1) to stdout with (encoding 'EUC_JP')`])
})

const WORKING = 'pg_restore: launching item 3355 TABLE DATA t\npg_restore: finished item 3354 TABLE DATA s\n'

test.each([
  [
    'a worker that died while another one spoke',
    'pg_restore:  error: processing data for table "public.t"\npg_restore: error: a worker process died unexpectedly\n',
    'pg_restore: error: a worker process died unexpectedly',
  ],
  [
    'a reason in the midst of another line',
    'pg_restore: pg_restore: creating INDEX "i"\nserver closed the connection unexpectedly\npg_restore: error: a worker process died unexpectedly\n',
    'pg_restore: error: a worker process died unexpectedly; server closed the connection unexpectedly',
  ],
  [
    'a worker that died in the midst of another line',
    'pg_restore: finished item 3356 TABLpg_restore: error: a worker process died unexpectedly\npg_restore: creating INDEX "i"\n',
    'a worker process died unexpectedly',
  ],
  [
    'rows that are not what they should be',
    'pg_restore: error: COPY failed for table "t": ERROR:  missing data for column "b"\n',
    'pg_restore: error: COPY failed for table "t": ERROR:  missing data for column "b"',
  ],
])('pg_restore, several processes at once: %s', async (_, stderr, why) => {
  const processes = { run: async () => ({ exitCode: 1, stdout: '', stderr: WORKING + stderr }) }
  const tools = pgTools({ processes: processes as unknown as Processes, directory: '', version: '15.2' })
  await expect(tools.restore({ target: TARGET, directory: '/x', jobs: 2, sizeBytes: 0 })).rejects.toThrow(
    `pg_restore ended with 1: ${why}`,
  )
})

test('whose rows are there and how many pieces are at work, whatever the program is called', async () => {
  const lines = [
    'launching item 11 TABLE DATA s',
    'launching item 12 TABLE DATA t',
    'finished item 11 TABLE DATA s',
    'launching item 13 BLOBS BLOBS',
    'processing data for table "public.t"',
    'finished item 13 BLOBS BLOBS',
    'finished item 12 TABLE DATA t',
  ]
  const run = async ({ onErrorLine }: ProgramRequest) => {
    onErrorLine?.('pg_restore:pg_restore:  launching item 10 TABLE DATA r')
    for (const line of lines) onErrorLine?.(`pg_restore.real: ${line}`)
    return END
  }
  const tools = pgTools({ processes: { run } as unknown as Processes, directory: '', version: '17.2' })
  const said: unknown[] = []
  await tools.restore({
    target: TARGET,
    directory: '/x',
    jobs: 2,
    sizeBytes: 0,
    onLoaded: (stem) => said.push(stem),
    onObjects: () => said.push('objects'),
    onBusy: (pieces) => said.push(pieces),
  })
  expect(said).toEqual([1, 2, 3, 2, '11', 3, 2, 'objects', 1, '12'])
})

async function dumping(plain: boolean, stderr: string) {
  const seen: (readonly string[])[] = []
  const run = async ({ args }: ProgramRequest) => {
    seen.push(args)
    return { ...END, exitCode: stderr === '' ? 0 : 1, stderr }
  }
  const tools = pgTools({ processes: { run } as unknown as Processes, directory: '', version: '15.4' })
  const dump = tools.dump({ target: TARGET, snapshot: '1', directory: '/x', jobs: 1, plain })
  return { said: await dump.catch((error: unknown) => error), args: seen.flat() }
}

test('a plain dump is not compressed, and says so', async () => {
  const { said, args } = await dumping(true, '')
  expect(args).toContain('--compress=0')
  expect(said).toMatchObject({ compression: 'none' })
  expect((await dumping(false, '')).args).toContain('--compress=1')
})

test('only of a plain dump it is said that a smaller one might find room', async () => {
  const stderr = 'pg_dump: error: could not write to file: No space left on device\n'
  expect((await dumping(true, stderr)).said).toMatchObject({ code: 'backup-failed', facts: { noRoom: true } })
  expect((await dumping(false, stderr)).said).not.toHaveProperty('facts.noRoom')
})

test('where the server has no connection left for a worker, it is said what to do', async () => {
  const stderr =
    'pg_dump: error: reconnection failed: connection to server at "x", port 5432 failed: FATAL:  too many connections for database "ledger"\n'
  expect((await dumping(false, stderr)).said).toMatchObject({
    code: 'backup-failed',
    facts: { sqlState: '53300' },
    hint: expect.stringContaining('fewer jobs'),
  })
})
