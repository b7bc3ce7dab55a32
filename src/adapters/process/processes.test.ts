import { expect, test } from 'vitest'
import { ProgramMissing } from '../../ports/process.ts'
import { childProcesses } from './processes.ts'

const processes = childProcesses()

test('a status other than 0 is an answer with both outputs', async () => {
  const end = await processes.run({ program: 'sh', args: ['-c', 'echo out; echo err >&2; exit 3'] })
  expect(end).toEqual({ exitCode: 3, stdout: 'out\n', stderr: 'err\n' })
})

test('input reaches the program and is closed after it', async () => {
  expect((await processes.run({ program: 'cat', args: [], input: 'hello' })).stdout).toBe('hello')
  expect((await processes.run({ program: 'cat', args: [] })).stdout).toBe('')
})

test('arguments are never read by a shell', async () => {
  const end = await processes.run({ program: 'printf', args: ['%s|', '$HOME', '; exit 9', 'a b'] })
  expect(end.stdout).toBe('$HOME|; exit 9|a b|')
})

test('a program that is not there is named', async () => {
  await expect(processes.run({ program: 'no-such-program-here', args: [] })).rejects.toThrow(ProgramMissing)
  await expect(processes.start({ program: '/no/such/program', args: [] })).rejects.toThrow('/no/such/program')
})

test('an aborted program has ended when the call rejects with the reason', async () => {
  const controller = new AbortController()
  const begun = Date.now()
  setTimeout(() => controller.abort(new Error('stop it')), 100)
  await expect(processes.run({ program: 'sleep', args: ['30'] }, controller.signal)).rejects.toThrow('stop it')
  expect(Date.now() - begun).toBeLessThan(5000)
})

test('a program that ignores SIGTERM is killed after its grace time', async () => {
  const running = await processes.start({
    program: 'sh',
    args: ['-c', 'trap "" TERM; echo up; while :; do sleep 1; done'],
    graceMs: 200,
  })
  await new Promise((resolve) => running.stdout.once('data', resolve))
  expect((await running.stop()).exitCode).toBe(128 + 9)
})

test('only the end of a long output is kept', async () => {
  const end = await processes.run({ program: 'sh', args: ['-c', 'head -c 3000000 /dev/zero | tr "\\0" x; echo end'] })
  expect(end.stdout.length).toBe(1024 * 1024)
  expect(end.stdout.endsWith('xend\n')).toBe(true)
})
