// Who acts, as the operating system knows it.
import { randomBytes } from 'node:crypto'
import { hostname, userInfo } from 'node:os'
import type { Who } from '../../ports/world.ts'

export function systemWho(): Who {
  const host = hostname()
  return { name: `${userName()}@${host}`, process: `${host}/${process.pid}/${randomBytes(4).toString('hex')}` }
}

/** A container may run under a user id that has no name: the number is then all there is to say. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`
  }
}
