// The API of the ledger: deliveries over HTTP. Its pod is the one that migrates first (migrate.ts as init container).
import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import type pg from 'pg'
import { connect, inTransaction } from './lib/database.ts'
import { createIdSource, insertDelivery, newestDeliveries } from './lib/deliveries.ts'
import type { NewDelivery } from './lib/deliveries.ts'
import { decrypt, encrypt } from './lib/encryption.ts'
import { log, messageOf, shout } from './lib/log.ts'
import { loadRelease } from './lib/release.ts'
import { readSchemaState } from './lib/schema.ts'
import type { SchemaState } from './lib/schema.ts'
import { readJson, serve, untilTerminated } from './lib/server.ts'
import type { Answer } from './lib/server.ts'
import { numberOr, required } from './lib/settings.ts'
import { createAlarm, createWitnessClient } from './lib/witness-client.ts'

const canaryText = 'the key of this installation'

const release = loadRelease(process.env)
const secret = required(process.env, 'TALLY_ENCRYPTION_KEY')
const alarm = createAlarm(createWitnessClient(process.env), {
  component: 'ledger-api',
  pod: hostname(),
  release: release.appVersion,
  database: 'ledger',
})
const nextId = createIdSource()
const stopping = untilTerminated()
const missingFile =
  release.requiredFile && !existsSync(new URL(release.requiredFile, import.meta.url)) ? release.requiredFile : null
if (missingFile) shout(`cannot serve: ${missingFile} is not in this image`)

let state: SchemaState = { kind: 'waiting', schema: null }
let problem: string | null = 'not connected yet'
let client: pg.Client | null = null
// One connection for all requests: they take turns, so that two transactions never mix.
let turn: Promise<unknown> = Promise.resolve()

const server = await serve(
  numberOr(process.env, 'PORT', 8080),
  () => ({
    ready: state.kind === 'current' && problem === null && missingFile === null,
    detail: {
      release: release.appVersion,
      ...state,
      problem: problem ?? (missingFile && `missing file ${missingFile}`),
    },
  }),
  async (request, url) => {
    if (url.pathname === '/version') return { status: 200, body: { release: release.appVersion } }
    if (url.pathname === '/canary') return inTurn(canary)
    if (url.pathname === '/deliveries' && request.method === 'POST') {
      const input = parseDelivery(await readJson(request))
      return input === null
        ? { status: 400, body: { error: 'name and town are needed' } }
        : inTurn((connection) => record(connection, input))
    }
    if (url.pathname === '/deliveries') return inTurn(list)
    return null
  },
)

while (!stopping.aborted) {
  try {
    client ??= await connect('ledger', process.env, 'ledger-api')
    await inTurn(look)
    problem = null
  } catch (error) {
    problem = messageOf(error)
    shout(`not ready: ${problem}`)
    await client?.end().catch(() => undefined)
    client = null
  }
  await wait(1_000, undefined, { signal: stopping }).catch(() => undefined)
}
server.close()
await client?.end()
log('stopped')

function inTurn<T>(work: (connection: pg.Client) => Promise<T>): Promise<T> {
  const connection = client
  if (connection === null) return Promise.reject(new Error('the database is not reachable'))
  const result = turn.then(() => inTransaction(connection, () => work(connection)))
  turn = result.catch(() => undefined)
  return result
}

async function look(connection: pg.Client): Promise<SchemaState> {
  state = await readSchemaState(connection, release.ledger, 'deliveries')
  await alarm(state)
  if (state.kind === 'current') await plantCanary(connection)
  return state
}

async function list(connection: pg.Client): Promise<Answer> {
  if ((await look(connection)).kind !== 'current') return { status: 503, body: { error: 'not my schema', ...state } }
  return { status: 200, body: { deliveries: await newestDeliveries(connection, release, 50) } }
}

async function record(connection: pg.Client, input: Omit<NewDelivery, 'id'>): Promise<Answer> {
  if ((await look(connection)).kind !== 'current') return { status: 503, body: { error: 'not my schema', ...state } }
  const id = nextId()
  await insertDelivery(connection, release, { id, ...input })
  return { status: 201, body: { id } }
}

/** Writes, once for each database, a text that only the right key can read again. */
async function plantCanary(connection: pg.Client): Promise<void> {
  const sql = `INSERT INTO settings (key, value) SELECT 'canary', $1 WHERE NOT EXISTS (SELECT 1 FROM settings WHERE key = 'canary')
    ON CONFLICT (key) DO NOTHING`
  await connection.query(sql, [encrypt(secret, canaryText)])
}

async function canary(connection: pg.Client): Promise<Answer> {
  const { rows } = await connection.query<{ value: Buffer }>("SELECT value FROM settings WHERE key = 'canary'")
  const bytes = rows[0]?.value
  if (bytes === undefined) return { status: 404, body: { error: 'no canary yet' } }
  try {
    return { status: 200, body: { readable: decrypt(secret, bytes) === canaryText } }
  } catch (error) {
    return { status: 500, body: { readable: false, error: messageOf(error) } }
  }
}

function parseDelivery(input: Record<string, unknown>): Omit<NewDelivery, 'id'> | null {
  const { name, town, declaredValue, carrierId } = input
  if (typeof name !== 'string' || typeof town !== 'string') return null
  return {
    name,
    town,
    priority: 'normal',
    declaredValue: typeof declaredValue === 'number' ? declaredValue : 0,
    carrierId: typeof carrierId === 'number' ? carrierId : 1,
  }
}
