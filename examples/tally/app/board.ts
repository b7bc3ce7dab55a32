// The reader: reads the newest deliveries twice a second and serves them, but only on the schema of its own release.
import { hostname } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import type pg from 'pg'
import { connect, inTransaction } from './lib/database.ts'
import { newestDeliveries } from './lib/deliveries.ts'
import { log, messageOf, shout } from './lib/log.ts'
import { loadRelease } from './lib/release.ts'
import { readSchemaState } from './lib/schema.ts'
import type { SchemaState } from './lib/schema.ts'
import { serve, untilTerminated } from './lib/server.ts'
import { numberOr } from './lib/settings.ts'
import { createAlarm, createWitnessClient } from './lib/witness-client.ts'

const reportEveryReads = 10
const freshMs = 5_000

const release = loadRelease(process.env)
const intervalMs = numberOr(process.env, 'BOARD_INTERVAL_MS', 500)
const witness = createWitnessClient(process.env)
const alarm = createAlarm(witness, {
  component: 'board',
  pod: hostname(),
  release: release.appVersion,
  database: 'ledger',
})
const stopping = untilTerminated()

let state: SchemaState = { kind: 'waiting', schema: null }
let deliveries: Record<string, unknown>[] = []
let lastGoodRead = 0
let problem: string | null = null
const isReady = (): boolean => state.kind === 'current' && problem === null && Date.now() - lastGoodRead < freshMs
const server = await serve(
  numberOr(process.env, 'PORT', 8080),
  () => ({ ready: isReady(), detail: { release: release.appVersion, ...state, problem } }),
  (_request, url) => {
    if (url.pathname !== '/board') return Promise.resolve(null)
    return Promise.resolve(
      isReady() ? { status: 200, body: { deliveries } } : { status: 503, body: { error: 'not ready', ...state } },
    )
  },
)

let client: pg.Client | null = null
let unreported = 0
while (!stopping.aborted) {
  try {
    client ??= await connect('ledger', process.env, 'board')
    await readOnce(client)
    problem = null
  } catch (error) {
    problem = messageOf(error)
    shout(`cannot read: ${problem}`)
    await client?.end().catch(() => undefined)
    client = null
  }
  await wait(intervalMs, undefined, { signal: stopping }).catch(() => undefined)
}
await report()
await client?.end()
server.close()
log('stopped')

async function readOnce(connection: pg.Client): Promise<void> {
  state = await inTransaction(connection, async () => {
    const seen = await readSchemaState(connection, release.ledger, 'deliveries')
    if (seen.kind === 'current') deliveries = await newestDeliveries(connection, release, 20)
    return seen
  })
  await alarm(state)
  if (state.kind !== 'current') return
  lastGoodRead = Date.now()
  unreported += 1
  if (unreported >= reportEveryReads) await report()
}

/** What was served is counted for figures only: an unreachable witness costs the count, not the service. */
async function report(): Promise<void> {
  if (unreported === 0) return
  const body = { release: release.appVersion, schema: state.schema, reads: unreported }
  if (await witness.send('/served', body, AbortSignal.timeout(1_000))) unreported = 0
}
