// The writer: records a delivery every RECORDER_INTERVAL_MS and tells the witness each id that the database acknowledged.
import { hostname } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import type pg from 'pg'
import { connect, inTransaction } from './lib/database.ts'
import { createIdSource, insertDelivery } from './lib/deliveries.ts'
import { log, messageOf, shout } from './lib/log.ts'
import { loadRelease } from './lib/release.ts'
import { readSchemaState } from './lib/schema.ts'
import type { SchemaState } from './lib/schema.ts'
import { serve, untilTerminated } from './lib/server.ts'
import { isOn, numberOr } from './lib/settings.ts'
import { createAlarm, createWitnessClient } from './lib/witness-client.ts'

const release = loadRelease(process.env)
const intervalMs = numberOr(process.env, 'RECORDER_INTERVAL_MS', 200)
const stopSlowly = isOn(process.env, 'RECORDER_STOP_SLOWLY')
const witness = createWitnessClient(process.env)
const alarm = createAlarm(witness, {
  component: 'recorder',
  pod: hostname(),
  release: release.appVersion,
  database: 'ledger',
})
const nextId = createIdSource()
const terminated = untilTerminated()
// Slow to stop: it goes on writing until it is killed, as an importer in the middle of a long job does.
const stopping = stopSlowly ? new AbortController().signal : terminated

let recorded = 0
let state: SchemaState = { kind: 'waiting', schema: null }
let problem: string | null = null
const server = await serve(numberOr(process.env, 'PORT', 8080), () => ({
  ready: state.kind === 'current' && problem === null,
  detail: { release: release.appVersion, ...state, recorded, problem },
}))

let client: pg.Client | null = null
while (!stopping.aborted) {
  try {
    client ??= await connect('ledger', process.env, 'recorder')
    await recordOne(client)
    problem = null
  } catch (error) {
    problem = messageOf(error)
    shout(`not recorded: ${problem}`)
    await client?.end().catch(() => undefined)
    client = null
    await pause(1_000)
  }
  await pause(intervalMs)
}
await client?.end()
server.close()
log(`recorded ${recorded} deliveries`)

async function recordOne(connection: pg.Client): Promise<void> {
  const id = nextId()
  // Look and write in one transaction: the window in which a migration could slip in between is one round trip.
  state = await inTransaction(connection, async () => {
    const seen = await readSchemaState(connection, release.ledger, 'deliveries')
    if (seen.kind === 'current') await insertDelivery(connection, release, deliveryOf(id))
    return seen
  })
  await alarm(state)
  if (state.kind !== 'current') return
  recorded += 1
  // While it is asked to stop, an id that the witness does not take within 3 s stays unpublished: a row more, never one less.
  const giveUp = stopping.aborted ? AbortSignal.timeout(3_000) : stopping
  const published = await witness.send('/acks', { id, release: release.appVersion }, giveUp)
  if (!published) await witness.send('/acks', { id, release: release.appVersion }, AbortSignal.timeout(3_000))
}

function deliveryOf(id: number) {
  const towns = ['Bergen', 'Sevilla', 'Πάτρα', '大阪', 'Пловдив', 'طنجة']
  const index = Math.floor(id / 7) % towns.length
  return {
    id,
    name: `Recipient ${id % 1000}`,
    town: towns[index] ?? 'Bergen',
    priority: id % 3 === 0 ? 'express' : 'normal',
    declaredValue: id % 500,
    carrierId: index + 1,
  } as const
}

/** Ends early when the process is asked to stop. */
async function pause(ms: number): Promise<void> {
  await wait(ms, undefined, { signal: stopping }).catch(() => undefined)
}
