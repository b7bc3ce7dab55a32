// Who runs on this machine, by /proc: whose child it is, what it is called, and whether it belongs to one directory.
import { readdir, readFile, readlink } from 'node:fs/promises'

export interface Running {
  pid: number
  parent: number
  name: string
  command: string
}

async function look(pid: number): Promise<Running | undefined> {
  try {
    const [status, command] = [
      await readFile(`/proc/${pid}/stat`, 'utf8'),
      await readFile(`/proc/${pid}/cmdline`, 'utf8'),
    ]
    // The name is in parentheses and may hold anything.
    const [, name = '', state, parent] = /\((.*)\) (\S) (\d+)/s.exec(status) ?? []
    return state === 'Z' ? undefined : { pid, parent: Number(parent), name, command: command.replaceAll('\0', ' ') }
  } catch {
    // It ended meanwhile.
    return undefined
  }
}

async function everybody(): Promise<Running[]> {
  const found: Running[] = []
  for (const entry of await readdir('/proc')) {
    const seen = /^\d+$/.test(entry) ? await look(Number(entry)) : undefined
    if (seen !== undefined) found.push(seen)
  }
  return found
}

/** Its children and theirs. Quick enough to see who is there for a moment only: nobody else is looked at. */
export async function descendantsOf(pid: number): Promise<Running[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  const found: Running[] = []
  for (const child of children.split(' ').filter((text) => text !== '')) {
    const seen = await look(Number(child))
    if (seen !== undefined) found.push(seen, ...(await descendantsOf(seen.pid)))
  }
  return found
}

export async function isRunning(pid: number): Promise<boolean> {
  return (await look(pid)) !== undefined
}

/** Everybody whose arguments, environment or place is in the directory. PostgreSQL writes over the first two. */
export async function belongingTo(directory: string): Promise<Running[]> {
  const found: Running[] = []
  for (const one of await everybody()) {
    const place = await readlink(`/proc/${one.pid}/cwd`).catch(() => '')
    const environment = await readFile(`/proc/${one.pid}/environ`, 'utf8').catch(() => '')
    if (one.pid !== process.pid && [one.command, place, environment].some((text) => text.includes(directory)))
      found.push(one)
  }
  return found
}
