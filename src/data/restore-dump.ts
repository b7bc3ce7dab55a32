// A fetched dump into an empty database, whoever asked for it: a proof or a recovery.
import type { DatabaseEvidence } from '../core/data/tasks.ts'
import type { ConnectionTarget } from '../ports/database.ts'
import type { PgTools, RestoreRequest } from '../ports/pgtools.ts'
import type { WorkDir } from '../ports/workdir.ts'
import type { DataDeps, TaskContext } from './deps.ts'
import { earlyDigests, type EarlyTable } from './early-digest.ts'
import { longestWorkFirst } from './load-order.ts'
import { together } from './parallel.ts'
import { translateRestore } from './restore-failure.ts'
import { withGrowth } from './restore-progress.ts'
import { unhindered, withConnection } from './session.ts'
import type { FetchedDump, StoredDatabase } from './stored-set.ts'

/** Before, large objects were made with the structure; then, each list of them when its turn comes among the tables. */
const OBJECTS_AMONG_ROWS_SINCE = 17

const DATA_ENDINGS = ['.dat', '.dat.gz', '.dat.zst']

export interface Restoring extends Omit<
  RestoreRequest,
  'directory' | 'onLoaded' | 'onObjects' | 'onBusy' | 'part' | 'sizeBytes'
> {
  tools: PgTools
  work: WorkDir
  dump: FetchedDump
  /** `restoreStructure` was done. */
  hasStructure?: boolean
  /** See `Restored.recovering`. */
  recovering?: boolean
  /** A database of the same server to ask from how far it is. */
  from: ConnectionTarget
}

/** What rows need to be there, of a dump whose table of contents is enough. Throws like `restoreDump`. */
export async function restoreStructure(
  { role, sizeBytes }: DatabaseEvidence,
  { tools, work, dump, ...request }: Omit<Restoring, 'jobs' | 'from' | 'hasStructure' | 'recovering'>,
  signal: AbortSignal,
): Promise<void> {
  try {
    await tools.restore({ ...request, jobs: 1, part: 'structure', sizeBytes, directory: work.at(dump.name) }, signal)
  } catch (error) {
    throw translateRestore(error, role)
  }
}

/** Whose rows are in the database: its memory and its room are wanted for what comes next. Where it stays, it goes with the others. */
async function discard(work: WorkDir, directory: string, stem: string): Promise<void> {
  for (const ending of DATA_ENDINGS) await work.remove(`${directory}/${stem}${ending}`).catch(() => undefined)
}

/** Removes the dump when it is restored; gives the digests taken meanwhile. Throws what `translateRestore` makes of a failure. */
export async function restoreDump(
  deps: DataDeps,
  context: TaskContext,
  stored: StoredDatabase,
  { tools, work, dump, from, hasStructure = false, recovering = false, ...request }: Restoring,
): Promise<Map<string, EarlyTable>> {
  const { role, serverMajor, sizeBytes: bytesTotal } = stored.evidence
  const { signal } = context
  const { target } = request
  const directory = work.at(dump.name)
  // An owner may have taken from himself the right to write into an object of his.
  const fills = request.owner === undefined
  const lists = fills ? await dump.objects.leaveOut() : await dump.objects.unpack(signal).then(() => 0)
  await longestWorkFirst(tools, work, dump.name, stored.digests, signal)
  const reading = earlyDigests(deps, context, stored, { target, tools, directory, half: recovering })
  try {
    const part = hasStructure ? { part: 'content' as const } : {}
    // What is said of a name with a line break in it looks like whatever its owner likes.
    const believed = !stored.digests.tables.some(({ table }) => /[\r\n]/.test(table))
    // Whoever restores with one job does not say when the first table is loaded.
    const made = Promise.withResolvers<void>()
    const onLoaded = (stem: string): void => {
      reading.loaded(stem)
      if (believed) void discard(work, dump.name, stem)
      if (serverMajor < OBJECTS_AMONG_ROWS_SINCE) made.resolve()
    }
    // Each of its workers keeps a processor busy; reading beside them would only end later what cannot begin before they are done.
    const onBusy = (pieces: number): void => reading.mayRead(pieces < request.jobs)
    let listsDone = 0
    const onObjects = (): void => {
      listsDone += 1
      if (listsDone === lists) made.resolve()
    }
    const growing = { role, name: target.database, from, bytesTotal }
    const restore = async (inner: AbortSignal): Promise<void> => {
      await tools
        .restore({ ...request, ...part, directory, sizeBytes: bytesTotal, onLoaded, onObjects, onBusy }, inner)
        .catch((error: unknown) => {
          throw translateRestore(error, role)
        })
    }
    await together<[void, void]>(signal, [
      (inner) =>
        withGrowth(deps, { ...context, signal: inner }, growing, () => restore(inner)).finally(() => made.resolve()),
      async (inner) => {
        await made.promise
        inner.throwIfAborted()
        if (!fills) return
        const settings = { ...unhindered(serverMajor), synchronous_commit: 'off' }
        await withConnection(deps, target, settings, inner, async (connection) => {
          await dump.objects.fill(connection, role, inner)
        })
      },
    ])
  } finally {
    await reading.end()
  }
  await work.remove(dump.name)
  return await reading.end()
}
