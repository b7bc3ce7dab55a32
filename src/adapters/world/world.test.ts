import { expect, test } from 'vitest'
import { systemClock } from './clock.ts'
import { systemIds } from './ids.ts'
import { systemWho } from './who.ts'

test('an aborted sleep rejects with the reason that was given', async () => {
  const stop = new AbortController()
  const reason = new Error('enough')
  const sleeping = systemClock().sleep(60_000, stop.signal)
  stop.abort(reason)
  await expect(sleeping).rejects.toBe(reason)
  await expect(systemClock().sleep(60_000, stop.signal)).rejects.toBe(reason)
})

test('a sleep lasts as long as it says', async () => {
  const before = performance.now()
  await systemClock().sleep(30)
  expect(performance.now() - before).toBeGreaterThanOrEqual(28)
})

test('ids are stamped with UTC and sort by time', () => {
  const ids = systemIds(() => 0)
  expect(ids.next(new Date('2026-11-23T17:15:00.900Z'))).toBe('20261123-171500-bbbb')
  const real = systemIds()
  const early = real.next(new Date('2026-11-23T17:15:00Z'))
  const late = real.next(new Date('2026-12-01T00:00:00Z'))
  expect(early < late).toBe(true)
  expect(early).toMatch(/^[0-9]{8}-[0-9]{6}-[b-z2-9]{4}$/)
})

test('two processes never have the same name', () => {
  const [one, other] = [systemWho(), systemWho()]
  expect(one.name).toMatch(/^[^@]+@.+$/)
  expect(one.process).toContain(`/${process.pid}/`)
  expect(one.process).not.toBe(other.process)
})
