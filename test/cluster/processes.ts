// Starts, remembers and ends the cluster's processes: each detached, with a log file and a record of who it is.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isMissing, writeWhole } from './files.ts'
import { processMark } from './layout.ts'
import type { Layout } from './layout.ts'
import { findMarkedProcesses, identifyProcess, isSameProcess } from './procfs.ts'
import type { ProcessIdentity } from './procfs.ts'

export interface ProcessSpec {
  name: string
  command: string
  args: readonly string[]
  /** Configuration that the process reads when it starts: absolute path -> content. Another content means another process. */
  files?: Record<string, string>
  env?: Record<string, string>
}

export interface ProcessRecord extends ProcessIdentity {
  name: string
  specHash: string
}

/** Two specs are the same process exactly when they would be started in the same way. */
export function hashSpec(spec: ProcessSpec): string {
  const parts = [spec.name, spec.command, spec.args, sortedEntries(spec.files), sortedEntries(spec.env)]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)
}

function sortedEntries(values: Record<string, string> = {}): [string, string][] {
  return Object.entries(values).toSorted(([a], [b]) => (a < b ? -1 : 1))
}

/** Makes the process of this spec run: left alone where it does, ended first where it runs with another command or configuration. */
export async function ensureProcess(layout: Layout, spec: ProcessSpec): Promise<'running' | 'started'> {
  const record = await readRecord(layout, spec.name)
  if (record !== undefined && (await isSameProcess(record))) {
    if (record.specHash === hashSpec(spec)) return 'running'
    await endProcess(record, 15_000)
  }
  await mkdir(layout.logs, { recursive: true })
  for (const [path, content] of Object.entries(spec.files ?? {})) await writeWhole(path, content, 0o600)
  const log = await open(join(layout.logs, `${spec.name}.log`), 'a', 0o600)
  try {
    const child = spawn(spec.command, spec.args, {
      cwd: layout.state,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: {
        PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`,
        HOME: layout.state,
        ...spec.env,
        [processMark]: layout.state,
      },
    })
    await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject))
    const identity = await identifyProcess(child.pid ?? 0)
    if (identity === undefined) throw new Error(`${spec.name} ended at once: see ${layout.logs}/${spec.name}.log`)
    await writeRecord(layout, { ...identity, name: spec.name, specHash: hashSpec(spec) })
    child.unref()
  } finally {
    await log.close()
  }
  return 'started'
}

export async function readRecords(layout: Layout): Promise<ProcessRecord[]> {
  const names = await readdir(layout.records).catch((error: unknown) => {
    if (isMissing(error)) return []
    throw error
  })
  const records = await Promise.all(
    names.filter((n) => n.endsWith('.json')).map((n) => readRecord(layout, n.slice(0, -5))),
  )
  return records.filter((record) => record !== undefined)
}

/** Asks a process to end, and makes it end after `graceMs`. Does nothing where another process has the id by now. */
export async function endProcess(identity: ProcessIdentity, graceMs: number): Promise<void> {
  const deadline = performance.now() + graceMs
  if (await isSameProcess(identity)) signal(identity.pid, graceMs > 0 ? 'SIGTERM' : 'SIGKILL')
  while (await isSameProcess(identity)) {
    if (performance.now() > deadline) signal(identity.pid, 'SIGKILL')
    await sleep(50)
  }
}

/** Ends at once every process that bears our mark, recorded or not (containerd's shims are among them). */
export async function endMarkedProcesses(layout: Layout): Promise<number> {
  let ended = 0
  for (;;) {
    const pids = (await findMarkedProcesses(processMark, layout.state)).filter((pid) => pid !== process.pid)
    if (pids.length === 0) return ended
    ended += pids.length
    for (const pid of pids) {
      const identity = await identifyProcess(pid)
      if (identity !== undefined) await endProcess(identity, 0)
    }
  }
}

async function readRecord(layout: Layout, name: string): Promise<ProcessRecord | undefined> {
  try {
    return JSON.parse(await readFile(join(layout.records, `${name}.json`), 'utf8')) as ProcessRecord
  } catch (error) {
    if (isMissing(error)) return undefined
    // A record cut short by a crash of the machine: the process it spoke of is gone as well, and its mark would show it otherwise.
    if (error instanceof SyntaxError) return rm(join(layout.records, `${name}.json`)).then(() => undefined)
    throw error
  }
}

function writeRecord(layout: Layout, record: ProcessRecord): Promise<void> {
  return writeWhole(join(layout.records, `${record.name}.json`), JSON.stringify(record))
}

function signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
