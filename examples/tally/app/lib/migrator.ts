// Runs db-migrate, as a program of its own, over the migrations that belong to this release.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { databaseVariables, sslOf } from './database.ts'
import type { DatabaseRole } from './database.ts'

/**
 * Applies every migration that the database does not record yet, each in its own transaction.
 * @param signal ends db-migrate with SIGTERM.
 * @throws when db-migrate ends with anything but 0. What was committed before stays committed.
 */
export async function migrate(role: DatabaseRole, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'tally-migrate-'))
  try {
    const config = join(directory, 'database.json')
    // Only the names of variables are written: db-migrate reads the password from its environment.
    writeFileSync(config, JSON.stringify({ [role]: configOf(role, env) }), { mode: 0o600 })
    const migrations = env['TALLY_MIGRATIONS_DIR'] ?? fileURLToPath(new URL('../migrations', import.meta.url))
    const program = createRequire(import.meta.url).resolve('db-migrate/bin/db-migrate')
    const args = [program, 'up', '--config', config, '--env', role, '--migrations-dir', join(migrations, role)]
    await run(args, { ...env, PGAPPNAME: `tally-${role}-migrations` }, signal)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function configOf(role: DatabaseRole, env: NodeJS.ProcessEnv): Record<string, unknown> {
  const { host, port, database, user, password } = databaseVariables[role]
  const named = Object.entries({ host, port, database, user, password })
  return {
    driver: 'pg',
    ssl: sslOf(role, env),
    ...Object.fromEntries(named.map(([key, name]) => [key, { ENV: name }])),
  }
}

function run(args: string[], env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { env, stdio: 'inherit', signal, killSignal: 'SIGTERM' })
    child.once('error', reject)
    child.once('exit', (code, killedBy) => {
      if (code === 0) resolve()
      else reject(new Error(`db-migrate ended with ${killedBy ?? `exit code ${code}`}`))
    })
  })
}
