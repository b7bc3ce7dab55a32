// Who a process is, as /proc tells. A process id alone is not an identity: ids are used again, and again after a reboot.
import { readdir, readFile } from 'node:fs/promises'

export interface ProcessIdentity {
  pid: number
  /** Start time in clock ticks since boot (field 22 of /proc/PID/stat, proc(5)). */
  startTicks: number
  bootId: string
}

/** State letter and start time out of a line of /proc/PID/stat. The name may itself hold blanks and parentheses. */
export function parseStat(line: string): { state: string; startTicks: number } {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  const state = fields[0]
  const startTicks = Number(fields[19])
  if (state === undefined || !Number.isInteger(startTicks)) throw new Error(`cannot read process state from: ${line}`)
  return { state, startTicks }
}

export async function readBootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
}

/** Identity of a live process; undefined where there is none (a zombie is none). */
export async function identifyProcess(pid: number): Promise<ProcessIdentity | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  if (stat === undefined) return undefined
  const { state, startTicks } = parseStat(stat)
  if (state === 'Z' || state === 'X') return undefined
  return { pid, startTicks, bootId: await readBootId() }
}

export async function isSameProcess(identity: ProcessIdentity): Promise<boolean> {
  const now = await identifyProcess(identity.pid)
  return now !== undefined && now.startTicks === identity.startTicks && now.bootId === identity.bootId
}

/** Live processes whose environment holds `name=value`. */
export async function findMarkedProcesses(name: string, value: string): Promise<number[]> {
  const found: number[] = []
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const environment = await readFile(`/proc/${entry}/environ`, 'utf8').catch(() => '')
    if (environment.split('\0').includes(`${name}=${value}`)) found.push(Number(entry))
  }
  return found
}
