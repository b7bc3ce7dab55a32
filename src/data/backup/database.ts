// One database of a backup: dumped, read for its digest and described, all in one snapshot and at the same time.
import type { DatabaseEvidence, DatabaseTarget } from '../../core/data/tasks.ts'
import type { ConnectionTarget } from '../../ports/database.ts'
import type { PgTools } from '../../ports/pgtools.ts'
import type { WorkDir } from '../../ports/workdir.ts'
import type { DataDeps, TaskContext } from '../deps.ts'
import { foldDigests, sumRows } from '../digest.ts'
import { readGlobals } from '../globals.ts'
import { readMigrations, readSize, readWriteCounter } from '../look.ts'
import type { Digests, Globals } from '../manifest.ts'
import { together } from '../parallel.ts'
import { canonicalSchema, schemaDigest } from '../schema-text.ts'
import { readSequences, sequenceRanges, type SequencePosition } from '../sequences.ts'
import { pins, translateQuery, withConnection, type ServerVersion } from '../session.ts'
import { displayName } from '../sql/text.ts'
import { digestAll, digestViews, leaves, listUncovered } from './evidence.ts'
import { watchLockQueue } from './lock-queue.ts'
import type { Snapshot } from './snapshot.ts'

const PROGRESS_MS = 1000

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
}

/** Directory of a database's dump inside the work directory. */
export function dumpDirectory(role: string): string {
  return `dump-${role}`
}

async function readPositions(deps: DataDeps, subject: Subject, signal: AbortSignal): Promise<SequencePosition[]> {
  return await withConnection(deps, subject.target, pins(subject.version.major), signal, readSequences)
}

/** Says how much the dump has written, until told to stop. */
function watchDump(work: WorkDir, subject: Subject, context: TaskContext): () => void {
  const { role } = subject.database
  const timer = setInterval(() => {
    void work.files(dumpDirectory(role)).then(
      (files) => {
        context.report({ phase: 'dump', role, bytes: files.reduce((sum, file) => sum + file.sizeBytes, 0) })
      },
      () => undefined,
    )
  }, PROGRESS_MS)
  return () => clearInterval(timer)
}

async function dump(
  work: WorkDir,
  context: TaskContext,
  subject: Subject,
  snapshot: string,
  jobs: number,
  signal: AbortSignal,
): Promise<string> {
  const stop = watchDump(work, subject, context)
  try {
    const directory = work.at(dumpDirectory(subject.database.role))
    return (await subject.tools.dump({ target: subject.target, snapshot, directory, jobs }, signal)).compression
  } finally {
    stop()
  }
}

export async function dumpDatabase(
  deps: DataDeps,
  context: TaskContext,
  work: WorkDir,
  subject: Subject,
  snapshot: Snapshot,
  options: { jobs: number; sequencesBefore: SequencePosition[] },
): Promise<Dumped> {
  const { database, target, version, tools } = subject
  const { role } = database
  const watch = await watchLockQueue(deps, target, context.signal)
  const signal = AbortSignal.any([context.signal, snapshot.lost, watch.stuck])
  try {
    const globals = await readGlobals(snapshot.connection, role, version.major)
    const writeCounter = await readWriteCounter(snapshot.connection)
    const sizeBytes = await readSize(snapshot.connection)
    const migrations = await readMigrations(snapshot.connection, database.migrations)
    const notCovered = await listUncovered(snapshot.connection)
    const views = await digestViews(snapshot.connection)
    const input = {
      database,
      target,
      major: version.major,
      snapshot: snapshot.id,
      tables: snapshot.tables,
      jobs: options.jobs,
    }
    const [compression, tables, schemaText] = await together<[string, Digests['tables'], string]>(signal, [
      (inner) => dump(work, context, subject, snapshot.id, options.jobs, inner),
      (inner) => digestAll(deps, context, input, inner),
      (inner) => tools.dumpSchema(target, snapshot.id, inner),
    ])
    // The holder answers once more: the locks stood until here.
    await snapshot.connection.query('select 1')
    const sequencesAfter = await readPositions(deps, subject, signal)
    const schema = canonicalSchema(schemaText)
    const files = await work.files(dumpDirectory(role))
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
        sequences: sequenceRanges(options.sequencesBefore, sequencesAfter),
        generated,
        schema,
        notCovered,
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
        archiveBytes: files.reduce((sum, file) => sum + file.sizeBytes, 0),
        sizeBytes,
        writeCounter,
        ...(migrations === undefined ? {} : { migrations }),
      },
    }
  } catch (error) {
    throw translateQuery(error, `Backing up "${target.database}"`)
  } finally {
    await watch.stop()
  }
}

export async function sequencesOf(deps: DataDeps, context: TaskContext, subject: Subject): Promise<SequencePosition[]> {
  try {
    return await readPositions(deps, subject, context.signal)
  } catch (error) {
    throw translateQuery(error, `Reading the sequences of "${subject.target.database}"`)
  }
}
