// Whom a trial kills: found among the program's descendants, or behind a connection to the server.
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestServer } from '../../support/postgres.ts'
import { descendantsOf, isRunning, type Running } from './processes.ts'

/** Found by what they are, among the program's descendants. */
const KINDS = {
  pg_dump: ({ name, command }) => name === 'pg_dump' && command.includes('--format=directory'),
  'a worker of pg_dump': ({ name }, above) => name === 'pg_dump' && above === 'pg_dump',
  pg_restore: ({ name }, above) => name === 'pg_restore' && above !== 'pg_restore',
  'a worker of pg_restore': ({ name }, above) => name === 'pg_restore' && above === 'pg_restore',
  'the scratch server': ({ name, command }) => name === 'postgres' && command.includes('-D '),
  'what watches the scratch server': ({ name, command }) => name === 'sh' && command.includes('pawl-scratch'),
  'a session of the scratch server': ({ command }) => / proof_\d+ \S+ \w/.test(command),
  'a digest on the scratch server': ({ command }) => / proof_\d+ \S+ SELECT/.test(command),
} satisfies Record<string, (one: Running, above: string | undefined) => boolean>

export type Descendant = keyof typeof KINDS
export type Victim =
  | 'the program'
  /** The program and whatever it has started, as when a pod is killed. */
  | 'everything'
  | Descendant
  | 'the session at work'
  | 'the holder of the snapshot'

const WAIT_MS = 120_000
const LOOK_EVERY_MS = 5

/** The program and all its descendants, the program first: it must not see one of them go. */
export async function everythingOf(program: number): Promise<number[]> {
  return [program, ...(await descendantsOf(program)).map(({ pid }) => pid)]
}

/** Looks until there is one, or the program has ended. */
export async function findDescendant(program: number, kind: Descendant): Promise<number | undefined> {
  for (const deadline = Date.now() + WAIT_MS; Date.now() < deadline;) {
    if (!(await isRunning(program))) return undefined
    const all = await descendantsOf(program)
    const names = new Map(all.map(({ pid, name }) => [pid, name]))
    const found = all.find((one) => KINDS[kind](one, names.get(one.parent)))
    if (found !== undefined) return found.pid
    await sleep(LOOK_EVERY_MS)
  }
  return undefined
}

/** The server's process behind a connection that a client has from that port, or that keeps the snapshot. */
export async function findSession(server: TestServer, clientPort: number | undefined): Promise<number | undefined> {
  const rows = await server.query(
    'postgres',
    clientPort === undefined
      ? `select pid from pg_stat_activity where application_name = 'pawl' and state = 'idle in transaction' order by xact_start limit 1`
      : `select pid from pg_stat_activity where client_port = ${clientPort}`,
  )
  const pid = rows[0]?.['pid']
  return typeof pid === 'number' ? pid : undefined
}
