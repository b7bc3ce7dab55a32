// The control groups below which all our containers run: made before the kubelet starts, emptied and removed by `down`.
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { exists, isMissing } from './files.ts'
import { cgroupName } from './layout.ts'

const mountPoint = '/sys/fs/cgroup'

/** True on a machine with cgroup v2 only (the "unified" hierarchy). */
export function isUnified(): Promise<boolean> {
  return exists(join(mountPoint, 'cgroup.controllers'))
}

export async function ensureControlGroups(): Promise<void> {
  if (await isUnified()) {
    const controllers = (await readFile(join(mountPoint, 'cgroup.controllers'), 'utf8')).trim().split(' ')
    const enable = controllers.map((controller) => `+${controller}`).join(' ')
    await writeFile(join(mountPoint, 'cgroup.subtree_control'), enable)
    await mkdir(join(mountPoint, cgroupName), { recursive: true })
    await writeFile(join(mountPoint, cgroupName, 'cgroup.subtree_control'), enable)
    return
  }
  for (const controller of await readdir(mountPoint)) {
    if (controller === 'unified') continue
    const group = join(mountPoint, controller, cgroupName)
    await mkdir(group, { recursive: true })
    // A new cpuset group may use nothing until it is told what.
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      if (controller === 'cpuset')
        await writeFile(join(group, file), await readFile(join(mountPoint, controller, file), 'utf8'))
    }
  }
}

/** Ends every process in our control groups and removes the groups. */
export async function removeControlGroups(): Promise<void> {
  const roots = (await isUnified())
    ? [mountPoint]
    : (await readdir(mountPoint)).map((controller) => join(mountPoint, controller))
  const groups: string[] = []
  for (const root of roots) groups.push(...(await groupsBelow(join(root, cgroupName))))
  const deadline = performance.now() + 30_000
  while ((await killAll(groups)) > 0) {
    if (performance.now() > deadline) throw new Error(`processes in the control group ${cgroupName} do not end`)
    await sleep(50)
  }
  for (const group of groups) await removeGroup(group)
}

/** A group and all groups below it, the deepest first. */
async function groupsBelow(group: string): Promise<string[]> {
  let entries
  try {
    entries = await readdir(group, { withFileTypes: true })
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
  const below = await Promise.all(
    entries.filter((entry) => entry.isDirectory()).map((entry) => groupsBelow(join(group, entry.name))),
  )
  return [...below.flat(), group]
}

async function killAll(groups: readonly string[]): Promise<number> {
  const lists = await Promise.all(groups.map((group) => readFile(join(group, 'cgroup.procs'), 'utf8').catch(() => '')))
  const pids = new Set(lists.flatMap((list) => list.split('\n')).filter(Boolean))
  for (const pid of pids) {
    try {
      process.kill(Number(pid), 'SIGKILL')
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
    }
  }
  return pids.size
}

/** The kernel may hold a group busy for a moment after its last process is gone. */
async function removeGroup(group: string): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await rmdir(group)
    } catch (error) {
      if (isMissing(error)) return
      if (attempt >= 100) throw error
      await sleep(50)
    }
  }
}
