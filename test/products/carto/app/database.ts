// Connects with the variables that CARTO's chart sets, and looks whether a database has the schema of this release.
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { log, messageOf, shout } from '../../../../examples/tally/app/lib/log.ts'
import { compareSchema, type SchemaState } from '../../../../examples/tally/app/lib/schema.ts'
import { required } from '../../../../examples/tally/app/lib/settings.ts'
import { createAlarm, createWitnessClient } from '../../../../examples/tally/app/lib/witness-client.ts'
import type { Context } from './release.ts'

export type Role = 'metadata' | 'aiproxy'

/** The AI proxy's variables begin with LITELLM_ from chart 1.230.1 on. */
function aiPrefix(env: NodeJS.ProcessEnv): string {
  return env['LITELLM_DATABASE_HOST'] === undefined ? 'DATABASE' : 'LITELLM_DATABASE'
}

function configOf(role: Role, env: NodeJS.ProcessEnv): pg.ClientConfig {
  const ai = aiPrefix(env)
  const names =
    role === 'metadata'
      ? ['HOST', 'PORT', 'DB', 'USER', 'PASSWORD', 'SSL_CA'].map((key) => `WORKSPACE_POSTGRES_${key}`)
      : ['HOST', 'PORT', 'NAME', 'USERNAME', 'PASSWORD', 'SSL_CA_PATH'].map((key) => `${ai}_${key}`)
  const [host = '', port = '', database = '', user = '', password = '', ca = ''] = names
  const encrypted =
    role === 'metadata' ? env['WORKSPACE_POSTGRES_SSL_ENABLED'] === 'true' : env[`${ai}_SSL_MODE`] === 'require'
  return {
    host: required(env, host),
    port: Number(required(env, port)),
    database: required(env, database),
    user: required(env, user),
    password: required(env, password),
    ssl: encrypted ? tlsWith(env[ca]) : false,
    connectionTimeoutMillis: 5_000,
  }
}

function tlsWith(caFile: string | undefined): pg.ClientConfig['ssl'] {
  return caFile !== undefined && existsSync(caFile)
    ? { rejectUnauthorized: true, ca: readFileSync(caFile, 'utf8') }
    : { rejectUnauthorized: false }
}

export async function connect(role: Role, { env, component }: Context): Promise<pg.Client> {
  const client = new pg.Client({ ...configOf(role, env), application_name: `carto-${component}` })
  // A connection that is lost later shows in the next query.
  client.on('error', () => undefined)
  await client.connect()
  return client
}

/** A server that is still starting gets a minute; one that answers and refuses is an error at once. */
export async function connectPatiently(role: Role, context: Context): Promise<pg.Client> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await connect(role, context)
    } catch (error) {
      if ((error instanceof Error && 'code' in error && error.code === '28P01') || attempt >= 60) throw error
      if (attempt % 10 === 1) log(`waiting for the ${role} database: ${messageOf(error)}`)
      await wait(1_000, undefined, { signal: context.stopping })
    }
  }
}

const RECORDED: Record<Role, string> = {
  metadata: 'SELECT name FROM migrations ORDER BY name',
  aiproxy: "SELECT '/' || migration_name AS name FROM _prisma_migrations WHERE finished_at IS NOT NULL ORDER BY 1",
}

async function isThere(client: pg.Client, table: string): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [table])
  return rows[0]?.there === true
}

/** Names as db-migrate writes them, with a slash in front; none where there is no table yet. */
export async function recorded(client: pg.Client, role: Role): Promise<string[]> {
  const table = role === 'metadata' ? 'public.migrations' : 'public._prisma_migrations'
  if (!(await isThere(client, table))) return []
  return (await client.query<{ name: string }>(RECORDED[role])).rows.map(({ name }) => name)
}

/** Rows in these are written on a complete schema only. */
const USED: Record<Role, string> = { metadata: 'public.imports', aiproxy: 'public."LiteLLM_Requests"' }

async function isUsed(client: pg.Client, role: Role): Promise<boolean> {
  if (!(await isThere(client, USED[role]))) return false
  return (await client.query(`SELECT 1 FROM ${USED[role]} LIMIT 1`)).rows.length > 0
}

/**
 * Does `work` again and again, in a transaction that has first looked at the schema and found it right, until the process is to
 * stop. A schema that is not this release's own is told to the witness: it is what Pawl promises never to let happen.
 * @returns what the readiness check asks.
 */
export function onOwnSchema(
  role: Role,
  context: Context,
  intervalMs: number,
  work: (client: pg.Client) => Promise<() => Promise<void>>,
): { ready: () => boolean; state: () => SchemaState; ended: Promise<void> } {
  const { release, component, env, stopping } = context
  // The witness has words of its own for the main database and the assistant's.
  const database = role === 'metadata' ? 'ledger' : 'assist'
  const who = { component, pod: env['HOSTNAME'] ?? '', release: release.appVersion, database } as const
  const alarm = createAlarm(createWitnessClient(env), who)
  let state: SchemaState = { kind: 'waiting', schema: null }
  let isWorking = false

  async function once(client: pg.Client): Promise<void> {
    await client.query('BEGIN')
    // Asked first: whoever is used now was complete before the schema is read.
    const used = await isUsed(client, role)
    state = compareSchema(release[role], await recorded(client, role))
    // An incomplete schema without any row is a first installation under way.
    if (state.kind === 'older' && !used) state = { ...state, kind: 'waiting' }
    const afterwards = state.kind === 'current' ? await work(client) : async () => undefined
    await client.query('COMMIT')
    await alarm(state)
    await afterwards()
  }

  async function loop(): Promise<void> {
    let client: pg.Client | undefined
    while (!stopping.aborted) {
      try {
        client ??= await connect(role, context)
        await once(client)
        isWorking = true
      } catch (error) {
        shout(`${component}: ${messageOf(error)}`)
        isWorking = false
        await client?.end().catch(() => undefined)
        client = undefined
      }
      await wait(intervalMs, undefined, { signal: stopping }).catch(() => undefined)
    }
    await client?.end()
  }

  return { ready: () => isWorking && state.kind === 'current', state: () => state, ended: loop() }
}
