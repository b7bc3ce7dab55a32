// Finds PostgreSQL's programs of one major on this machine.
import { access, constants } from 'node:fs/promises'
import { join } from 'node:path'
import { PawlError } from '../../core/errors.ts'
import type { PgToolbox } from '../../ports/pgtools.ts'
import { ProgramMissing, type Processes } from '../../ports/process.ts'
import { pgTools } from './tools.ts'

export interface ToolboxOptions {
  /** Directories looked into, in order, before PATH; `{major}` is replaced. */
  directories?: readonly string[]
  /** Looks in PATH too, last; true where absent. */
  path?: boolean
  /** Who runs scratch servers: PostgreSQL refuses to run as root. */
  scratchUser?: { uid: number; gid: number }
}

export const USUAL_DIRECTORIES = ['/usr/lib/postgresql/{major}/bin', '/usr/pgsql-{major}/bin', '/usr/local/bin']

/** `pg_dump (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)` -> `15.20` */
export function versionIn(text: string): string | undefined {
  return /\(PostgreSQL\) (\d+(?:\.\d+|devel|beta\d+|rc\d+)?)/.exec(text)?.[1]
}

export function pgToolbox(processes: Processes, options: ToolboxOptions = {}): PgToolbox {
  async function versionOf(program: string): Promise<string | undefined> {
    try {
      return versionIn((await processes.run({ program, args: ['--version'] })).stdout)
    } catch (error) {
      if (error instanceof ProgramMissing) return undefined
      throw error
    }
  }
  return {
    async forServer(major) {
      const found: string[] = []
      const directories = (options.directories ?? USUAL_DIRECTORIES).map((path) =>
        path.replace('{major}', String(major)),
      )
      for (const directory of options.path === false ? directories : [...directories, '']) {
        const program = directory === '' ? 'pg_dump' : join(directory, 'pg_dump')
        const there =
          directory === '' ||
          (await access(program, constants.X_OK).then(
            () => true,
            () => false,
          ))
        const version = there ? await versionOf(program) : undefined
        if (version === undefined) continue
        if (Number.parseInt(version, 10) === major) {
          return pgTools({
            processes,
            directory,
            version,
            ...(options.scratchUser === undefined ? {} : { scratchUser: options.scratchUser }),
          })
        }
        found.push(version)
      }
      const here = found.length === 0 ? 'none' : found.join(', ')
      throw new PawlError({
        code: 'client-major-mismatch',
        message: `The server is PostgreSQL ${major}; expected its own pg_dump and pg_restore here, found ${here}.`,
        facts: { serverMajor: major, found },
      })
    },
  }
}
