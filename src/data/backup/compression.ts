// Who compresses a dump's files: pg_dump while it writes them, or something quicker on their way to the store.
import type { Gzip, PgTools } from '../../ports/pgtools.ts'
import type { WorkDir } from '../../ports/workdir.ts'

/** Text takes more room than rows of which the server keeps long values compressed: so many times the database's own size is enough. */
const ROOM_FOR_TEXT = 4

/** Undefined where nothing is quicker, or there is not the room that uncompressed files need. */
export async function gzipOutside(
  work: Pick<WorkDir, 'freeBytes'>,
  tools: Pick<PgTools, 'gzip'>,
  databaseBytes: number,
): Promise<Gzip | undefined> {
  const gzip = await tools.gzip?.()
  if (gzip === undefined) return undefined
  return (await work.freeBytes()) > ROOM_FOR_TEXT * databaseBytes ? gzip : undefined
}
