import { expect, test } from 'vitest'
import type { Connection } from '../../ports/database.ts'
import { endedBy } from './ended-by.ts'

/** Whose statement waits until it is closed. */
function waiting() {
  const gone = Promise.withResolvers<never>()
  const connection: Connection = {
    lost: new AbortController().signal,
    query: async () => await gone.promise,
    close: async () => gone.reject(new Error('the connection is gone')),
  }
  return connection
}

test('an abort ends the statement, and its reason is what is thrown', async () => {
  const controller = new AbortController()
  const connection = waiting()
  const work = endedBy(controller.signal, connection, async () => await connection.query('lock table t'))
  controller.abort(new Error('stopped'))
  await expect(work).rejects.toThrow('stopped')
  await expect(endedBy(controller.signal, connection, () => Promise.resolve(1))).rejects.toThrow('stopped')
})

test('without one it gives and throws what the work does, and an abort after that leaves the connection alone', async () => {
  const controller = new AbortController()
  let closed = false
  const connection = { ...waiting(), close: async () => void (closed = true) }
  expect(await endedBy(controller.signal, connection, () => Promise.resolve(1))).toBe(1)
  const broken = endedBy(controller.signal, connection, () => Promise.reject(new Error('broken')))
  await expect(broken).rejects.toThrow('broken')
  controller.abort(new Error('stopped'))
  expect(closed).toBe(false)
})
