import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { ProgramMissing, type Processes, type ProgramEnd } from '../../ports/process.ts'
import { findGzip } from './gzip.ts'

const never = new AbortController().signal

function igzip(end: Partial<ProgramEnd>) {
  const seen = { args: [] as readonly string[], stops: 0 }
  const processes = {
    run: async () => ({ exitCode: 0, stdout: 'igzip command line interface 2.30.0', stderr: '' }),
    async start({ args }: { args: readonly string[] }) {
      seen.args = args
      const stdout = new PassThrough()
      stdout.end('compressed')
      const ended = Promise.resolve({ exitCode: 0, stdout: '', stderr: '', ...end })
      return { stdin: new PassThrough(), stdout, ended, stop: async () => ((seen.stops += 1), await ended) }
    },
  } as unknown as Processes
  return { processes, seen }
}

test('where the program is not here, nothing reads files gzipped', async () => {
  const processes = { run: () => Promise.reject(new ProgramMissing('igzip')) } as unknown as Processes
  expect(await findGzip(processes)).toBeUndefined()
})

test('a file is read as the program gives it, without its name in it', async () => {
  const { processes, seen } = igzip({})
  const gzip = await findGzip(processes)
  expect(await text(gzip!.packed('/dump/1.dat', never))).toBe('compressed')
  expect(seen.args).toEqual(['-2', '--no-name', '--stdout', '/dump/1.dat'])
})

test('what came of a program that failed is never taken for the whole', async () => {
  const { processes } = igzip({ exitCode: 1, stderr: 'igzip: error: cannot read the file' })
  const gzip = await findGzip(processes)
  await expect(text(gzip!.packed('/dump/1.dat', never))).rejects.toMatchObject({
    code: 'backup-failed',
    facts: { program: 'igzip', exitCode: 1 },
  })
})

test('an abort ends the program', async () => {
  const { processes, seen } = igzip({})
  const gzip = await findGzip(processes)
  const stop = new AbortController()
  const reading = gzip!.packed('/dump/1.dat', stop.signal)
  stop.abort(new Error('enough'))
  await expect(text(reading)).rejects.toThrow('enough')
  const other = gzip!.packed('/dump/1.dat', never)
  other.once('data', () => other.destroy())
  await new Promise((resolve) => other.once('close', resolve))
  expect(seen.stops).toBe(1)
})
