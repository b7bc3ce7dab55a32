// How PostgreSQL's programs are called: everything about the connection by environment, nothing secret in arguments.
import type { ConnectionTarget } from '../../ports/database.ts'
import { APPLICATION_NAME } from './connect.ts'

export function environmentOf(target: ConnectionTarget, options = ''): Record<string, string> {
  return {
    PGHOST: target.host,
    PGPORT: String(target.port),
    PGUSER: target.user,
    PGDATABASE: target.database,
    PGPASSWORD: target.password?.reveal() ?? '',
    PGSSLMODE: target.tls,
    PGAPPNAME: APPLICATION_NAME,
    PGCONNECT_TIMEOUT: '10',
    PGOPTIONS: options,
    ...(target.encoding === undefined ? {} : { PGCLIENTENCODING: target.encoding }),
    LC_ALL: 'C',
  }
}

/** A connection string that names the database only; pg_restore takes the name of a database by argument alone. */
export function databaseArgument(database: string): string {
  return `dbname='${database.replace(/[\\']/g, String.raw`\$&`)}'`
}

const QUOTED_DATA = /(invalid [^:]*|malformed [^:]*|out of range[^:]*): ".*"/g

/**
 * The lines of a program's error output that say what failed. Lines that quote rows (DETAIL, CONTEXT, the statement itself)
 * are left out: an error text travels to journals and terminals, the data must not.
 */
export function errorLines(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => /(?:error|fatal|panic|FATAL|ERROR|PANIC):/.test(line))
  const chosen =
    lines.length > 0
      ? lines
      : stderr
          .split('\n')
          .filter((line) => line.trim() !== '')
          .slice(-1)
  return chosen
    .slice(0, 5)
    .map((line) => line.replace(QUOTED_DATA, '$1').slice(0, 400).trim())
    .join('; ')
}
