import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createWitnessClient } from './lib/witness-client.ts'
import { openWitnessLog } from './witness-log.ts'
import type { Summary } from './witness-log.ts'
import { serveWitness } from './witness-server.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tally-witness-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

const file = () => join(directory, 'witness.jsonl')
const violation = {
  component: 'board',
  pod: 'board-1',
  release: '2026.2.9',
  database: 'ledger',
  schema: '/x',
  kind: 'newer',
} as const

test('counts what the product tells it, and gives it back', async () => {
  const log = openWitnessLog(file())
  const server = await serveWitness(0, log, () => '2026-11-23T10:00:00Z')
  const base = `http://127.0.0.1:${server.port}`
  const client = createWitnessClient({ WITNESS_URL: base })
  for (const id of [30, 10, 20, 20]) expect(await client.send('/acks', { id, release: '2026.2.9' })).toBe(true)
  await client.send('/served', { release: '2026.2.9', schema: '/x', reads: 7 })
  await client.send('/served', { release: '2026.3.9', schema: '/y', reads: 5 })
  await client.send('/violations', violation)

  const summary = (await (await fetch(`${base}/summary`)).json()) as Summary
  expect(summary).toEqual({
    acknowledged: 3,
    firstId: 10,
    lastId: 30,
    violations: [{ at: '2026-11-23T10:00:00Z', ...violation }],
    served: { reads: 12, byRelease: { '2026.2.9': 7, '2026.3.9': 5 } },
  })
  expect(await (await fetch(`${base}/acks?after=10`)).json()).toEqual([20, 30])
  expect((await fetch(`${base}/acks`, { method: 'POST', body: '{"id":"twelve"}' })).status).toBe(400)
  server.close()
  log.close()
})

test('remembers over a restart and cuts off a line that was never finished', () => {
  const first = openWitnessLog(file())
  first.append({ type: 'ack', at: 'now', id: 5, release: '2026.2.9' })
  first.append({ type: 'violation', at: 'now', ...violation })
  first.close()
  appendFileSync(file(), '{"type":"ack","at":"now","id":6')

  const second = openWitnessLog(file())
  expect(second.acksAfter(0)).toEqual([5])
  second.append({ type: 'ack', at: 'now', id: 7, release: '2026.2.9' })
  second.close()

  const third = openWitnessLog(file())
  expect(third.acksAfter(0)).toEqual([5, 7])
  expect(third.summary().violations).toHaveLength(1)
  third.close()
})

test('an unreadable line in the middle is an error', () => {
  appendFileSync(file(), 'garbage\n{"type":"ack","at":"now","id":6,"release":"x"}\n')
  expect(() => openWitnessLog(file())).toThrow(SyntaxError)
})

test('a sender repeats until the witness is there, and gives up when told', async () => {
  const log = openWitnessLog(file())
  const probe = await serveWitness(0, log, () => 'now')
  probe.close()
  const client = createWitnessClient({ WITNESS_URL: `http://127.0.0.1:${probe.port}` }, 20)
  expect(await client.send('/acks', { id: 1, release: 'x' }, AbortSignal.timeout(100))).toBe(false)
  const sent = client.send('/acks', { id: 2, release: 'x' })
  const server = await serveWitness(probe.port, log, () => 'now')
  expect(await sent).toBe(true)
  expect(log.acksAfter(0)).toEqual([2])
  server.close()
  log.close()
})
