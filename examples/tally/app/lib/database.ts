// Connects to the two databases with the settings that the chart puts into the environment.
import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { log, messageOf } from './log.ts'
import { required } from './settings.ts'

export type DatabaseRole = 'ledger' | 'assist'

/** Names of the environment variables of each database, as the ConfigMaps of the chart write them. */
export const databaseVariables = {
  ledger: {
    host: 'LEDGER_POSTGRES_HOST',
    port: 'LEDGER_POSTGRES_PORT',
    database: 'LEDGER_POSTGRES_DB',
    user: 'LEDGER_POSTGRES_USER',
    password: 'LEDGER_POSTGRES_PASSWORD',
    ssl: 'LEDGER_POSTGRES_SSL_ENABLED',
    sslCa: 'LEDGER_POSTGRES_SSL_CA',
  },
  assist: {
    host: 'ASSIST_DATABASE_HOST',
    port: 'ASSIST_DATABASE_PORT',
    database: 'ASSIST_DATABASE_NAME',
    user: 'ASSIST_DATABASE_USERNAME',
    password: 'ASSIST_DATABASE_PASSWORD',
    ssl: 'ASSIST_DATABASE_SSL_ENABLED',
    sslCa: 'ASSIST_DATABASE_SSL_CA',
  },
} as const satisfies Record<DatabaseRole, Record<string, string>>

/** Encrypted without a name check unless a CA is given: what `sslmode=require` means to libpq. */
export function sslOf(
  role: DatabaseRole,
  env: NodeJS.ProcessEnv,
): false | { rejectUnauthorized: boolean; ca?: string } {
  const names = databaseVariables[role]
  if (env[names.ssl] !== 'true') return false
  const caFile = env[names.sslCa]
  return caFile ? { rejectUnauthorized: true, ca: readFileSync(caFile, 'utf8') } : { rejectUnauthorized: false }
}

/** @throws when a variable is missing. */
export function databaseConfig(role: DatabaseRole, env: NodeJS.ProcessEnv, component: string): pg.ClientConfig {
  const names = databaseVariables[role]
  return {
    host: required(env, names.host),
    port: Number(required(env, names.port)),
    database: required(env, names.database),
    user: required(env, names.user),
    password: required(env, names.password),
    ssl: sslOf(role, env),
    application_name: `tally-${component}`,
    connectionTimeoutMillis: 5_000,
  }
}

/** Opens one connection; a connection lost later surfaces as an error of the next query, not as a crash. */
export async function connect(role: DatabaseRole, env: NodeJS.ProcessEnv, component: string): Promise<pg.Client> {
  const client = new pg.Client(databaseConfig(role, env, component))
  client.on('error', () => undefined)
  await client.connect()
  return client
}

const notThereYet = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', '57P03'])

/**
 * Connects as `connect` does, but gives a server that is still starting up to a minute.
 * @throws at once when the server answers and refuses, e.g. because of the password.
 */
export async function connectPatiently(
  role: DatabaseRole,
  env: NodeJS.ProcessEnv,
  component: string,
  ending: AbortSignal,
): Promise<pg.Client> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await connect(role, env, component)
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : ''
      if (!notThereYet.has(code) || attempt >= 60) throw error
      if (attempt % 5 === 1) log(`waiting for the ${role} database: ${messageOf(error)}`)
      await wait(1_000, undefined, { signal: ending })
    }
  }
}

/** Runs `work` in one transaction. A failure ends the transaction and is thrown on. */
export async function inTransaction<T>(client: pg.Client, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN')
  try {
    const result = await work()
    await client.query('COMMIT')
    return result
  } catch (error) {
    // The first failure is the one to report; a connection that is gone has ended its transaction already.
    await client.query('ROLLBACK').catch(() => undefined)
    throw error
  }
}
