// Ctrl-C while work is done in this process: the command ends when the work has ended, and a second one ends the process.
import { rmSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { localDataPlane, type RunTask } from '../../../src/adapters/dataplane-local/local.ts'
import { runCli } from '../../../src/apps/cli/run.ts'
import { addSet, makeWorld, type World } from './invoke.ts'

let world: World
beforeEach(async () => {
  world = await makeWorld()
  await addSet(world, 'one', '2026-10-01T00:00:00.000Z')
})
afterEach(() => rmSync(world.directory, { recursive: true }))

test('the first waits for the end of the work, the second does not', async () => {
  const begun = Promise.withResolvers<AbortSignal>()
  const work = Promise.withResolvers<never>()
  const runTask = (async (_: unknown, { signal }: { signal: AbortSignal }) => {
    begun.resolve(signal)
    return await work.promise
  }) as RunTask
  const plane = localDataPlane(runTask)
  const interrupts = new Set<() => void>()
  const quits: number[] = []
  let [stderr, ended] = ['', false]
  const cli = runCli({
    argv: ['backup', 'prove', 'tally', 'one'],
    doors: { ...world.doors, dataPlane: async () => plane },
    version: '0',
    env: {},
    terminal: {
      isTty: false,
      colour: false,
      width: () => 200,
      write: () => undefined,
      writeError: (text) => void (stderr += text),
      ask: async () => undefined,
    },
    onInterrupt: (callback) => {
      interrupts.add(callback)
      return () => interrupts.delete(callback)
    },
    quit: (code) => quits.push(code),
  }).finally(() => (ended = true))
  const press = (): void => interrupts.forEach((interrupt) => interrupt())
  const signal = await begun.promise
  press()
  expect(signal.aborted).toBe(true)
  expect(stderr).toContain('Ctrl-C again ends at once')
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect({ ended, quits }).toEqual({ ended: false, quits: [] })
  press()
  expect({ ended, quits }).toEqual({ ended: false, quits: [130] })
  work.reject(new Error('it was ended'))
  expect(await cli).not.toBe(0)
  expect(stderr).not.toContain('it was ended')
  expect(interrupts.size).toBe(0)
})
