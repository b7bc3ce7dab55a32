// What a piece of work took of the machine: wall time, processor time of its programs and of the server, and the most memory that
// one process of ours held. Read from /proc, so Linux only.
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { performance } from 'node:perf_hooks'

/** Kernel ticks in a second; 100 on every Linux that Node runs on. */
const TICKS = 100
const LOOK_EVERY_MS = 20

export interface Work {
  program: string
  args: readonly string[]
  env?: NodeJS.ProcessEnv
  cwd?: string
}

export interface Usage {
  wallS: number
  /** Of the program and everything it started and waited for. */
  cpuS: number
  /** Of the server that was given. */
  serverS: number
  /** Processor seconds that were there for this work: all cores, without what others of the machine used. */
  availableS: number
  /** Peak resident memory of the program itself, without those it starts. */
  peakBytes: number
  stdout: string
}

function statOf(pid: number | 'self'): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name may hold spaces and parentheses.
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}

const seconds = (fields: readonly (string | undefined)[]): number =>
  fields.reduce((sum, field) => sum + Number(field ?? 0), 0) / TICKS

/** Of a server: its postmaster, the processes that have ended, and those that still run. */
function serverSeconds(postmaster: number): number {
  let total = 0
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = statOf(Number(name))
    if (Number(name) === postmaster) total += seconds(stat?.slice(11, 15) ?? [])
    else if (Number(stat?.[1]) === postmaster) total += seconds(stat?.slice(11, 13) ?? [])
  }
  return total
}

/** Everything that is not idle, of all cores. */
function machineSeconds(): number {
  const [user, nice, system, , , irq, softirq, steal] = readFileSync('/proc/stat', 'utf8')
    .split('\n', 1)[0]!
    .split(/\s+/)
    .slice(1)
  return seconds([user, nice, system, irq, softirq, steal])
}

const childSeconds = (): number => seconds(statOf('self')?.slice(13, 15) ?? [])

function peakOf(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}

/** Runs one program to its end; throws with what it said where it fails, since a failure is no measurement. */
export async function use(work: Work, postmaster: number): Promise<Usage> {
  const before = { child: childSeconds(), server: serverSeconds(postmaster), machine: machineSeconds() }
  const startedAt = performance.now()
  const child = spawn(work.program, work.args, {
    env: work.env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(work.cwd === undefined ? {} : { cwd: work.cwd }),
  })
  let [stdout, stderr, peakBytes] = ['', '', 0]
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-3000)))
  const look = setInterval(() => (peakBytes = Math.max(peakBytes, peakOf(child.pid ?? 0))), LOOK_EVERY_MS)
  const code = await new Promise<number | null>((settle, refuse) => {
    child.once('error', refuse)
    child.once('close', settle)
  }).finally(() => clearInterval(look))
  const wallS = (performance.now() - startedAt) / 1000
  if (code !== 0)
    throw new Error(`${work.program} ${work.args.join(' ')} ended with ${code}:\n${stdout.slice(-2000)}${stderr}`)
  // Backends of the server end a moment after their clients.
  await new Promise((resolve) => setTimeout(resolve, 50))
  const cpuS = childSeconds() - before.child
  const serverS = serverSeconds(postmaster) - before.server
  const others = Math.max(0, machineSeconds() - before.machine - cpuS - serverS)
  return { wallS, cpuS, serverS, availableS: Math.max(0, wallS * availableParallelism() - others), peakBytes, stdout }
}

/** How close the work came to using the processors that it could have: 1 is as fast as it can be. */
export function boundRatio(usages: readonly Usage[]): number {
  const sum = (of: (usage: Usage) => number): number => usages.reduce((total, usage) => total + of(usage), 0)
  return sum((usage) => usage.availableS) / sum((usage) => usage.cpuS + usage.serverS)
}
