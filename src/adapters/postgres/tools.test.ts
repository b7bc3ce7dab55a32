import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import type { Processes, ProgramRequest } from '../../ports/process.ts'
import { pgTools } from './tools.ts'

const TARGET = { host: 'db', port: 5432, database: 'app', user: 'app', tls: 'disable' as const, encoding: 'EUC_JP' }
const END = { exitCode: 0, stdout: '', stderr: '' }

/** What the programs were given besides their arguments. */
async function environments(): Promise<Record<string, string>[]> {
  const seen: Record<string, string>[] = []
  const note = ({ env = {} }: ProgramRequest): void => void seen.push(env)
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
  await tools.restore({ target: TARGET, directory: '/x', jobs: 1 })
  return seen
}

test('nothing that the source or the role has set changes a value, or keeps a program from its work', async () => {
  for (const env of await environments()) {
    expect(env['PGCLIENTENCODING']).toBe('EUC_JP')
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
