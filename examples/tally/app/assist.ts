// The optional assistant: migrates its own database when it starts, without any lock, and writes a question now and then.
import { hostname } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import type pg from 'pg'
import { connect, connectPatiently, inTransaction } from './lib/database.ts'
import { log, messageOf, shout } from './lib/log.ts'
import { migrate } from './lib/migrator.ts'
import { loadRelease } from './lib/release.ts'
import { readSchemaState } from './lib/schema.ts'
import type { SchemaState } from './lib/schema.ts'
import { serve, untilTerminated } from './lib/server.ts'
import { numberOr } from './lib/settings.ts'
import { createAlarm, createWitnessClient } from './lib/witness-client.ts'

const release = loadRelease(process.env)
const alarm = createAlarm(createWitnessClient(process.env), {
  component: 'assist',
  pod: hostname(),
  release: release.appVersion,
  database: 'assist',
})
const intervalMs = numberOr(process.env, 'ASSIST_INTERVAL_MS', 2_000)
const stopping = untilTerminated()

let state: SchemaState = { kind: 'waiting', schema: null }
let problem: string | null = 'migrating'
const server = await serve(numberOr(process.env, 'PORT', 8080), () => ({
  ready: state.kind === 'current' && problem === null,
  detail: { release: release.appVersion, ...state, problem },
}))

try {
  await (await connectPatiently('assist', process.env, 'assist', stopping)).end()
  await migrate('assist', process.env, stopping)
  problem = null
  await work()
} catch (error) {
  // Ends the process: the kubelet starts it again, and with it the migration.
  shout(`assist stopped: ${messageOf(error)}`)
  process.exitCode = 1
} finally {
  server.close()
}

async function work(): Promise<void> {
  let client: pg.Client | null = null
  while (!stopping.aborted) {
    try {
      client ??= await connect('assist', process.env, 'assist')
      await askOne(client)
      problem = null
    } catch (error) {
      problem = messageOf(error)
      shout(`not written: ${problem}`)
      await client?.end().catch(() => undefined)
      client = null
    }
    await wait(intervalMs, undefined, { signal: stopping }).catch(() => undefined)
  }
  await client?.end()
  log('stopped')
}

async function askOne(client: pg.Client): Promise<void> {
  state = await inTransaction(client, async () => {
    const seen = await readSchemaState(client, release.assist, 'questions')
    if (seen.kind === 'current') await insertQuestion(client)
    return seen
  })
  await alarm(state)
}

async function insertQuestion(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ id: string }>(
    "INSERT INTO questions (language, question) VALUES ('en', 'Where is delivery ' || floor(extract(epoch FROM now())) || '?') RETURNING id",
  )
  if (!release.assist.includes('20260305100000-answers')) return
  await client.query('INSERT INTO answers (question_id, answer, sources) VALUES ($1, $2, $3)', [
    rows[0]?.id,
    'On its way.',
    JSON.stringify([{ release: release.appVersion }]),
  ])
}
