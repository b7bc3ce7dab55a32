// One change of the cluster at a time, whichever process starts it. A lock whose holder is gone is taken over.
import { randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isMissing } from './files.ts'
import { identifyProcess, isSameProcess } from './procfs.ts'
import type { ProcessIdentity } from './procfs.ts'

/** Runs `work` while this process holds the lock file; waits for another holder, telling once that it does. */
export async function withLock<T>(path: string, onWait: (holder: number) => void, work: () => Promise<T>): Promise<T> {
  await acquire(path, onWait)
  try {
    return await work()
  } finally {
    await rm(path, { force: true })
  }
}

async function acquire(path: string, onWait: (holder: number) => void): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const own = `${path}.${randomUUID()}`
  await writeFile(own, JSON.stringify(await identifyProcess(process.pid)))
  let told = false
  try {
    while (!(await tryLink(own, path))) {
      const holder = await readHolder(path)
      if (holder === undefined) continue
      if (!(await isSameProcess(holder))) {
        await putAside(path, holder)
        continue
      }
      if (!told) onWait(holder.pid)
      told = true
      await sleep(500)
    }
  } finally {
    await rm(own, { force: true })
  }
}

async function tryLink(own: string, path: string): Promise<boolean> {
  try {
    await link(own, path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

async function readHolder(path: string): Promise<ProcessIdentity | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as ProcessIdentity
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Two processes may both see the dead holder: whoever moved a lock that is not the dead one's any more puts it back. */
async function putAside(path: string, dead: ProcessIdentity): Promise<void> {
  const aside = `${path}.${randomUUID()}`
  try {
    await rename(path, aside)
  } catch (error) {
    if (isMissing(error)) return
    throw error
  }
  const moved = await readHolder(aside)
  if (moved !== undefined && (moved.pid !== dead.pid || moved.startTicks !== dead.startTicks))
    await tryLink(aside, path)
  await rm(aside, { force: true })
}
