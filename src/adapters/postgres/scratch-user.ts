// PostgreSQL refuses to run as root: there its servers run as the user that its packages make.
import { ProgramMissing, type Processes } from '../../ports/process.ts'

/** Undefined where this process is not root, or where there is no such user (PostgreSQL then says so itself). */
export async function scratchUser(
  processes: Processes,
  name = 'postgres',
): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined
  try {
    const [uid, gid] = [
      await processes.run({ program: 'id', args: ['-u', name] }),
      await processes.run({ program: 'id', args: ['-g', name] }),
    ]
    if (uid.exitCode !== 0 || gid.exitCode !== 0) return undefined
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
  } catch (error) {
    if (error instanceof ProgramMissing) return undefined
    throw error
  }
}
