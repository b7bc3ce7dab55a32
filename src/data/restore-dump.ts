// A fetched dump into an empty database, whoever asked for it: a proof or a recovery.
import type { ConnectionTarget } from '../ports/database.ts'
import type { PgTools, RestoreRequest } from '../ports/pgtools.ts'
import type { WorkDir } from '../ports/workdir.ts'
import type { DataDeps, TaskContext } from './deps.ts'
import { earlyDigests, type EarlyTable } from './early-digest.ts'
import { longestWorkFirst } from './load-order.ts'
import { translateRestore } from './restore-failure.ts'
import { withGrowth } from './restore-progress.ts'
import { unhindered, withConnection } from './session.ts'
import type { FetchedDump, StoredDatabase } from './stored-set.ts'

export interface Restoring extends Omit<RestoreRequest, 'directory' | 'onLoaded'> {
  tools: PgTools
  work: WorkDir
  dump: FetchedDump
  /** A database of the same server to ask from how far it is. */
  from: ConnectionTarget
}

/** Removes the dump when it is restored; gives the digests taken meanwhile. Throws what `translateRestore` makes of a failure. */
export async function restoreDump(
  deps: DataDeps,
  context: TaskContext,
  stored: StoredDatabase,
  { tools, work, dump, from, ...request }: Restoring,
): Promise<Map<string, EarlyTable>> {
  const { role, serverMajor, sizeBytes: bytesTotal } = stored.evidence
  const { signal } = context
  const { target } = request
  const directory = work.at(dump.name)
  // An owner may have taken from himself the right to write into an object of his.
  const fills = request.owner === undefined
  await (fills ? dump.objects.leaveOut() : dump.objects.unpack(signal))
  await longestWorkFirst(tools, work, dump.name, stored.digests.tables, signal)
  const reading = earlyDigests(deps, context, stored, { target, tools, directory })
  try {
    await withGrowth(deps, context, { role, name: target.database, from, bytesTotal }, async () => {
      try {
        await tools.restore({ ...request, directory, onLoaded: reading.loaded }, signal)
      } catch (error) {
        throw translateRestore(error, role)
      }
    })
    if (fills) {
      const settings = { ...unhindered(serverMajor), synchronous_commit: 'off' }
      await withConnection(deps, target, settings, signal, async (connection) => {
        await dump.objects.fill(connection, role, signal)
      })
    }
  } finally {
    await reading.end()
  }
  await work.remove(dump.name)
  return await reading.end()
}
