// Proof: the stored bytes are fetched, decrypted, restored into a throw-away server and compared with the backup's evidence.
import type { DatabaseProof, ResultOf, SettledTask } from '../../core/data/tasks.ts'
import { PawlError } from '../../core/errors.ts'
import { QueryFailed, type Connection } from '../../ports/database.ts'
import type { PgTools, ScratchServer } from '../../ports/pgtools.ts'
import type { WorkDir } from '../../ports/workdir.ts'
import { compareRestored } from '../compare.ts'
import type { DataDeps, TaskContext } from '../deps.ts'
import { createDatabaseSql } from '../globals/database.ts'
import { together } from '../parallel.ts'
import { restoreDump } from '../restore-dump.ts'
import { translateQuery, unhindered, withConnection } from '../session.ts'
import { identifier } from '../sql/text.ts'
import {
  checkReleaseFiles,
  fetchDump,
  openSet,
  readDatabase,
  type FetchedDump,
  type StoredDatabase,
  type StoredSet,
} from '../stored-set.ts'
import { makeRoles, tryRights } from './globals.ts'
import { rungOf, storeProof } from './proof.ts'

type ProveTask = SettledTask<'prove'>

/** invalid_parameter_value, undefined_object: this machine does not have that locale. */
const NO_SUCH_LOCALE = new Set(['22023', '42704'])
/**
 * wrong_object_type is what a server says of a locale that its C library does not have, internal_error what 15 says of one that ICU cannot
 * open; both are said of much else. The scratch server speaks English.
 */
const PERHAPS_LOCALE = new Set(['42809', 'XX000'])

function isNoSuchLocale({ state, message }: QueryFailed): boolean {
  return NO_SUCH_LOCALE.has(state) || (PERHAPS_LOCALE.has(state) && /\blocale\b/.test(message))
}

/** One scratch server serves all databases of one major and first superuser. */
function groups(databases: readonly StoredDatabase[]): StoredDatabase[][] {
  const byServer = new Map<string, StoredDatabase[]>()
  for (const database of databases) {
    const key = `${database.evidence.serverMajor}/${database.globals.bootstrap}`
    byServer.set(key, [...(byServer.get(key) ?? []), database])
  }
  return [...byServer.values()]
}

/** Creates the empty database; gives what had to be different from the recorded one, in words. */
async function createEmpty(connection: Connection, name: string, stored: StoredDatabase): Promise<string[]> {
  const { globals, evidence } = stored
  try {
    await connection.query(createDatabaseSql(name, globals, evidence.serverMajor))
    return []
  } catch (error) {
    if (!(error instanceof QueryFailed) || !isNoSuchLocale(error)) throw error
    await connection.query(createDatabaseSql(name, globals, evidence.serverMajor, { plainLocale: true }))
    return [
      `sort order: the locale ${globals.database.locale ?? globals.database.collate} is not on the machine that proved; C was used`,
    ]
  }
}

async function checkExtensions(connection: Connection, stored: StoredDatabase): Promise<void> {
  const rows = await connection.query('select name from pg_available_extensions')
  const available = new Set(rows.map((row) => row['name']))
  const missing = Object.keys(stored.globals.extensions).filter((name) => !available.has(name))
  if (missing.length === 0) return
  throw new PawlError({
    code: 'backup-failed',
    message: `The proof cannot be made here: the scratch server lacks the extension ${missing.join(', ')} of ${stored.evidence.role}.`,
    hint: 'Use a data image that has these extensions; the backup set itself was not found to be wrong.',
    facts: { role: stored.evidence.role, extensions: missing },
  })
}

interface ProofWork {
  deps: DataDeps
  context: TaskContext
  set: StoredSet
  work: WorkDir
  jobs: number
  countRows: boolean
}

async function proveOne(
  proof: ProofWork,
  tools: PgTools,
  server: ScratchServer,
  stored: StoredDatabase,
  { name, dump, serverNotes }: { name: string; dump: FetchedDump; serverNotes: string[] },
): Promise<DatabaseProof> {
  const { deps, context, work, jobs, countRows } = proof
  const { serverMajor } = stored.evidence
  const localeNotes = await withConnection(
    deps,
    server.target('postgres'),
    unhindered(serverMajor),
    context.signal,
    async (connection) => {
      await checkExtensions(connection, stored)
      return await createEmpty(connection, name, stored)
    },
  )
  const target = server.target(name)
  const early = await restoreDump(deps, context, stored, {
    tools,
    work,
    dump,
    jobs,
    target,
    from: server.target('postgres'),
    noTablespaces: true,
  })
  const comparison = await compareRestored(deps, context, stored, { target, tools, jobs, early, countRows })
  const admin = server.target('postgres')
  const rightsNotes = await withConnection(deps, admin, unhindered(serverMajor), context.signal, async (connection) => {
    return await tryRights(connection, name, stored)
  })
  const { database, tablespaces } = stored.globals
  const tablespaceNotes = tablespaces
    .filter((one) => one.name !== database.tablespace)
    .map((one) => `tablespace ${one.name}: restored without it`)
  return {
    ...stored.evidence,
    rung: countRows ? 'restored' : rungOf(stored),
    notCovered: [...serverNotes, ...localeNotes, ...tablespaceNotes, ...rightsNotes, ...comparison.notCovered],
  }
}

/** Room for the next one; dropping the last one would only write out what goes with the server. */
async function makeRoom(proof: ProofWork, server: ScratchServer, major: number, name: string): Promise<void> {
  const { deps, context } = proof
  await withConnection(deps, server.target('postgres'), unhindered(major), context.signal, async (connection) => {
    try {
      await connection.query(`drop database ${identifier(name)}`)
    } catch (error) {
      // A database with a subscription may not be dropped; it goes with the server.
      if (!(error instanceof QueryFailed)) throw error
    }
  })
}

async function proveGroup(proof: ProofWork, databases: readonly StoredDatabase[]): Promise<DatabaseProof[]> {
  const { deps, context, jobs } = proof
  const first = databases[0]
  if (first === undefined) return []
  const { bootstrap } = first.globals
  const tools = await deps.toolbox.forServer(first.evidence.serverMajor)
  let server: ScratchServer | undefined
  try {
    // A server takes a second to start, and what is damaged is mostly found by fetching it.
    const [started, dump] = await together<[ScratchServer, FetchedDump]>(context.signal, [
      async (signal) =>
        (server = await tools.startScratch(
          { beginning: deps.workDirs.beginning('scratch'), superuser: bootstrap, jobs },
          signal,
        )),
      (signal) => fetchDump(proof.set, first, proof.work, { ...context, signal }),
    ])
    const globals = databases.map((database) => database.globals)
    const admin = started.target('postgres')
    const serverNotes = await withConnection(
      deps,
      admin,
      unhindered(first.evidence.serverMajor),
      context.signal,
      async (connection) => {
        return await makeRoles(connection, globals, bootstrap, first.evidence.serverMajor)
      },
    )
    const proofs: DatabaseProof[] = []
    for (const [number, stored] of databases.entries()) {
      const fetched = number === 0 ? dump : await fetchDump(proof.set, stored, proof.work, context)
      const name = `proof_${number}`
      proofs.push(await proveOne(proof, tools, started, stored, { name, dump: fetched, serverNotes }))
      if (number < databases.length - 1) await makeRoom(proof, started, stored.evidence.serverMajor, name)
    }
    return proofs
  } catch (error) {
    throw translateQuery(error, 'Preparing the scratch server')
  } finally {
    await server?.stop()
  }
}

/** Throws `backup-not-found`, `key-wrong`, `backup-damaged`, `proof-mismatch`, or `backup-failed` where it could not be tried. */
export async function runProve(task: ProveTask, deps: DataDeps, context: TaskContext): Promise<ResultOf<'prove'>> {
  const set = await openSet(task, deps, context.signal)
  const work = await deps.workDirs.make()
  try {
    const proof: ProofWork = { deps, context, set, work, jobs: task.jobs, countRows: task.rung === 'restored' }
    const databases: StoredDatabase[] = []
    for (const evidence of set.manifest.databases) databases.push(await readDatabase(set, evidence, context.signal))
    await checkReleaseFiles(set, context)
    const proofs: DatabaseProof[] = []
    for (const group of groups(databases)) proofs.push(...(await proveGroup(proof, group)))
    return {
      set: task.set,
      manifestSha256: set.manifestSha256,
      databases: proofs,
      ...(await storeProof(deps, context, set, proofs)),
    }
  } finally {
    await work.dispose()
  }
}
