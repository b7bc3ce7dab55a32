// One database of a backup: dumped, read for its digest and described, all in one snapshot and at the same time.
import type { Standing } from '../../core/data/standing.ts'
import type { DatabaseEvidence, DatabaseTarget } from '../../core/data/tasks.ts'
import type { ConnectionTarget } from '../../ports/database.ts'
import type { Gzip, PgTools } from '../../ports/pgtools.ts'
import type { WorkDir } from '../../ports/workdir.ts'
import type { Vault } from '../archive.ts'
import { fittingJobs, NEEDED_TO_BACK_UP } from '../connections.ts'
import type { DataDeps, TaskContext } from '../deps.ts'
import { digestLargeObjectRights, foldDigests, sumRows, type TableInfo } from '../digest.ts'
import { onlyFloorInside } from '../floor/row.ts'
import { sourceCollationNotes } from '../globals/compare.ts'
import { readGlobals } from '../globals/read.ts'
import { readMigrations, readSize, readStanding } from '../look.ts'
import type { Digests, Globals, StoredPart } from '../manifest.ts'
import { together } from '../parallel.ts'
import { gzipOutside } from './compression.ts'
import { canonicalSchema, schemaDigest } from '../schema-text.ts'
import { readSequences, sequenceRanges, type SequencePosition } from '../sequences.ts'
import { connectionTarget, pins, translateQuery, withConnection, type ServerVersion } from '../session.ts'
import { displayName } from '../sql/text.ts'
import { dumpLines, SOURCE_COUNTED, type DumpLines } from './dump-lines.ts'
import { endedBy } from './ended-by.ts'
import { digestAll, digestViews, indexSizes, leaves, listUncovered } from './evidence.ts'
import { listHidden, warningNotes } from './hidden.ts'
import { packing } from './packing.ts'
import { shipping, type Shipping } from './shipping.ts'
import type { Snapshot } from './snapshot.ts'

export interface Subject {
  database: DatabaseTarget
  target: ConnectionTarget
  version: ServerVersion
  tools: PgTools
}

export interface Dumped {
  evidence: DatabaseEvidence
  digests: Digests
  globals: Globals
  compression: string
  /** The dump's files as stored. */
  parts: readonly StoredPart[]
}

/** All that is read from the database; how big its archive is, is known when it is stored. */
export type Read = Omit<Dumped, 'evidence' | 'parts'> & { evidence: Omit<DatabaseEvidence, 'archiveBytes'> }

export function storedAs(read: Read, parts: readonly StoredPart[]): Dumped {
  const archiveBytes = parts.reduce((sum, part) => sum + part.plainBytes, 0)
  return { ...read, evidence: { ...read.evidence, archiveBytes }, parts }
}

/** Directory of a database's dump inside the work directory. */
export function dumpDirectory(role: string): string {
  return `dump-${role}`
}

async function readPositions(deps: DataDeps, subject: Subject, signal: AbortSignal): Promise<SequencePosition[]> {
  return await withConnection(deps, subject.target, pins(subject.version.major), signal, (connection) =>
    endedBy(signal, connection, () => readSequences(connection)),
  )
}

/** Dumps, and hands every file to the shipping as soon as it is finished. */
async function dump(
  work: WorkDir,
  subject: Subject,
  ship: Shipping,
  snapshot: string,
  { jobs, lines, gzip }: { jobs: number; lines?: DumpLines; gzip?: Gzip },
  signal: AbortSignal,
): ReturnType<PgTools['dump']> {
  const { role } = subject.database
  const directory = dumpDirectory(role)
  const files = packing(role, directory, ship.add, gzip)
  const reading: Promise<void>[] = []
  const failed = new AbortController()
  const either = AbortSignal.any([signal, failed.signal])
  const onFinished = (file: { name: string; sizeBytes: number }): void => {
    if (lines === undefined) files.add(file)
    else {
      const done = lines.read(file, either).then(() => files.add(file))
      // It is waited for when the dump has ended; until then nobody may call it unhandled.
      done.catch(() => undefined)
      reading.push(done)
    }
  }
  const plain = gzip !== undefined
  const request = { target: subject.target, snapshot, directory: work.at(directory), jobs, plain, onFinished }
  let said: Awaited<ReturnType<PgTools['dump']>>
  try {
    said = await subject.tools.dump(request, signal)
    await Promise.all(reading)
  } catch (error) {
    // Nobody reads here any more when this has ended.
    failed.abort(error)
    await Promise.allSettled(reading)
    throw error
  }
  const rest = await work.files(directory)
  await lines?.finish(signal)
  for (const { name, sizeBytes } of rest) {
    const file = { name: name.slice(directory.length + 1), sizeBytes }
    await lines?.read(file, signal)
    files.add(file)
  }
  files.flush()
  return gzip === undefined ? said : { ...said, compression: gzip.compression }
}

/** Read before any snapshot was taken. */
export interface Before {
  sequences: SequencePosition[]
  standing: Standing
}

export interface DumpOptions {
  jobs: number
  before: Before
  vault: Vault
  recipients: readonly string[]
  /** Count the source's rows, and digest what the dump holds of them. */
  countOnly: boolean
  /** pg_dump compresses, whatever is quicker: what it writes takes a third or less of the room. */
  compact: boolean
}

/** Says how much has been stored; how much it will be is known when the dump is written. */
export function shippingOf(
  context: TaskContext,
  work: WorkDir,
  role: string,
  options: Pick<DumpOptions, 'vault' | 'recipients'>,
): Shipping {
  return shipping(options.vault, work, options.recipients, (bytes, bytesTotal) => {
    context.report({ phase: 'dump', role, bytes, ...(bytesTotal === undefined ? {} : { bytesTotal }) })
  })
}

/** Whatever it dumps goes to `ship`, which it closes. When it has ended, nothing needs the snapshot any more. */
export async function dumpDatabase(
  deps: DataDeps,
  context: TaskContext,
  work: WorkDir,
  subject: Subject,
  { snapshot, ship }: { snapshot: Snapshot; ship: Shipping },
  options: DumpOptions,
): Promise<Read> {
  const { database, target, version, tools } = subject
  const { role } = database
  const { signal } = context
  try {
    await onlyFloorInside(snapshot.connection)
    const globals = await readGlobals(snapshot.connection, role, version.major)
    const sizeBytes = await readSize(snapshot.connection)
    const migrations = await readMigrations(snapshot.connection, database.migrations)
    const { countOnly } = options
    const { connection } = snapshot
    const asking = { connection, role, jobs: options.jobs, need: NEEDED_TO_BACK_UP }
    const jobs = await fittingJobs(deps, context, asking)
    const notCovered = [
      ...(countOnly ? [SOURCE_COUNTED] : []),
      ...(await listUncovered(snapshot.connection)),
      ...(await listHidden(snapshot.connection)),
      ...sourceCollationNotes(globals),
    ]
    const views = await digestViews(snapshot.connection, countOnly)
    const largeObjectRights = (await digestLargeObjectRights(snapshot.connection)).digest
    const input = {
      database,
      target,
      major: version.major,
      snapshot: snapshot.id,
      tables: snapshot.tables,
      jobs,
      count: countOnly,
    }
    // Whoever digests the dump's lines reads the files himself.
    const gzip = options.compact || countOnly ? undefined : await gzipOutside(work, tools, sizeBytes)
    const lines = countOnly ? dumpLines(tools, work, dumpDirectory(role)) : undefined
    const how = {
      jobs,
      ...(lines === undefined ? {} : { lines }),
      ...(gzip === undefined ? {} : { gzip }),
    }
    context.report({ phase: 'dump', role, bytes: 0 })
    const [{ compression, warnings }, seen, schemaText] = await together<
      [Awaited<ReturnType<PgTools['dump']>>, Digests['tables'], string]
    >(signal, [
      (inner) => dump(work, subject, ship, snapshot.id, how, inner).finally(ship.close),
      (inner) => digestAll(deps, context, input, inner),
      (inner) => tools.dumpSchema(target, snapshot.id, inner),
    ])
    // The holder answers once more: the locks stood until here.
    await snapshot.connection.query('select 1')
    const sequencesAfter = await readPositions(deps, subject, signal)
    const schema = canonicalSchema(schemaText)
    const tables = lines === undefined ? seen : lines.digests(leaves(snapshot.tables), seen)
    const generated = snapshot.tables
      .filter((table) => table.generated)
      .map((table) => displayName(table.schema, table.name))
    return {
      compression,
      globals,
      digests: {
        version: 1,
        role,
        tables,
        views,
        sequences: sequenceRanges(options.before.sequences, sequencesAfter),
        method: countOnly ? 'lines' : 'rows',
        ...(countOnly ? { columns: copiedColumns(snapshot.tables) } : {}),
        largeObjectRights,
        generated,
        indexBytes: indexSizes(snapshot.tables),
        schema,
        notCovered: [...notCovered, ...warningNotes(warnings)],
      },
      evidence: {
        role,
        database: target.database,
        serverVersion: version.text,
        serverMajor: version.major,
        snapshotAt: snapshot.takenAt,
        tables: leaves(snapshot.tables).length,
        rows: sumRows(tables),
        digest: foldDigests(tables),
        schemaDigest: schemaDigest(schema),
        sizeBytes,
        ...options.before.standing,
        ...(migrations === undefined ? {} : { migrations }),
      },
    }
  } catch (error) {
    throw translateQuery(signal.aborted ? signal.reason : error, `Backing up "${target.database}"`)
  }
}

function copiedColumns(tables: readonly TableInfo[]): Record<string, string[]> {
  return Object.fromEntries(leaves(tables).map((table) => [displayName(table.schema, table.name), table.copied]))
}

/**
 * The standing is read by the product's own login, whoever dumps: that is who looks again later. It is no part of a snapshot, so it
 * is read before: a write in between makes the backup look older than it is, never newer.
 */
export async function readBefore(deps: DataDeps, context: TaskContext, subject: Subject): Promise<Before> {
  const { database, version } = subject
  const { signal } = context
  try {
    const login = await connectionTarget(deps, database, database.login, database.database)
    return {
      sequences: await readPositions(deps, subject, signal),
      standing: await withConnection(deps, login, pins(version.major), signal, (connection) =>
        endedBy(signal, connection, () => readStanding(connection)),
      ),
    }
  } catch (error) {
    throw translateQuery(error, `Looking at "${database.database}" before the snapshot`)
  }
}
