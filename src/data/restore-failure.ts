// What it means that pg_restore failed: the archive is not what it should be, unless the server or the machine is the reason.
import { PawlError } from '../core/errors.ts'
import { NO_CONNECTION, NO_CONNECTION_HINT, NO_ROOM, RestoreFailed } from '../ports/pgtools.ts'

const RIGHTS = /permission denied (?:for|to)|must be (?:owner|superuser|member)/i
/** The server went away, or had no more of something; https://www.postgresql.org/docs/current/errcodes-appendix.html, 53 and 57P. */
const SERVER =
  /server closed the connection|connection to server|terminating connection|database system is (?:shutting down|starting up|in recovery)|out of (?:shared )?memory|Cannot allocate memory|canceling statement/

/**
 * A signal ended it, or one of its workers: the machine, for want of memory, or a person. A worker that found something wrong dies
 * too, but says what it was before. Several processes write at once, so what a line begins with may stand there twice.
 */
const KILLED =
  /^pg_restore ended with (?:1(?:2[89]|[3-9]\d)|\d+: (?:(?:pg_restore|error): *)*a worker process died unexpectedly$)/

/** Whatever is not known to be somebody else's doing is held against the archive: a proof must not be had by doubt. */
export function translateRestore(error: unknown, role: string): unknown {
  if (!(error instanceof RestoreFailed)) return error
  const { message } = error
  const more = { facts: { role }, cause: error }
  if (RIGHTS.test(message))
    return new PawlError({ code: 'database-rights', message: `Restoring ${role}: ${message}.`, ...more })
  if (NO_ROOM.test(message))
    return new PawlError({
      code: 'backup-failed',
      message: `There is no room to restore ${role}: ${message}.`,
      ...more,
    })
  if (KILLED.test(message))
    return new PawlError({ code: 'backup-failed', message: `Restoring ${role} was interrupted: ${message}.`, ...more })
  if (NO_CONNECTION.test(message) || SERVER.test(message))
    return new PawlError({
      code: 'backup-failed',
      message: `The server did not restore ${role}: ${message}.`,
      ...more,
      ...(NO_CONNECTION.test(message) ? { hint: NO_CONNECTION_HINT } : {}),
    })
  return new PawlError({
    code: 'proof-mismatch',
    message: `The dump of ${role} does not restore: ${message}.`,
    ...more,
  })
}
