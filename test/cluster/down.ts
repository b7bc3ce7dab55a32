// Takes the cluster from source away: every process, container, mount, address, packet rule, control group and directory of ours.
import { lstat, readdir, readFile, readlink, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { removeControlGroups } from './cgroups.ts'
import { isMissing } from './files.ts'
import type { Layout } from './layout.ts'
import { removeNetwork } from './network.ts'
import { networkResults } from './node.ts'
import { endMarkedProcesses, endProcess, readRecords } from './processes.ts'
import { run, tryRun } from './run.ts'

/** May be called on a half-built, crashed or absent cluster, and twice. */
export async function takeDown(layout: Layout): Promise<void> {
  // The kubelet first: it would start again what ends. No graceful end for the others, their data goes anyway.
  const records = await readRecords(layout)
  for (const record of records.toSorted((a, b) => Number(b.name === 'kubelet') - Number(a.name === 'kubelet')))
    await endProcess(record, 0)
  await endMarkedProcesses(layout)
  await removeControlGroups()
  await unmountBelow([layout.state, layout.cache])
  await removeNetwork(layout)
  await removeStrays(layout)
  await rm(layout.state, { recursive: true, force: true })
}

/** Mount points below the directories, the innermost first, from the text of /proc/self/mountinfo (proc(5)). */
export function mountPointsBelow(mountinfo: string, directories: readonly string[]): string[] {
  const points = mountinfo
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .map((escaped) =>
      escaped.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    )
  return points.filter((point) => directories.some((directory) => point.startsWith(`${directory}/`))).toReversed()
}

async function unmountBelow(directories: readonly string[]): Promise<void> {
  for (const point of mountPointsBelow(await readFile('/proc/self/mountinfo', 'utf8'), directories)) {
    if ((await tryRun('umount', [point])).exitCode !== 0) await run('umount', ['-l', point])
  }
}

/** What Kubernetes and its plugins keep outside of the directories they are given; only what is ours, then what is empty. */
async function removeStrays(layout: Layout): Promise<void> {
  for (const name of await list('/var/log/containers')) {
    const path = join('/var/log/containers', name)
    const isLink = (await lstat(path)).isSymbolicLink()
    if (isLink && (await readlink(path)).startsWith(`${layout.state}/`)) await rm(path)
  }
  for (const name of await list(networkResults.directory)) {
    if (name.startsWith(networkResults.prefix)) await rm(join(networkResults.directory, name))
  }
  for (const socket of ['/var/lib/kubelet/device-plugins/kubelet.sock']) await rm(socket, { force: true })
  const directories = [
    '/var/log/containers',
    '/var/lib/cni/results',
    '/var/lib/cni/cache',
    '/var/lib/cni',
    '/var/lib/kubelet/device-plugins',
    '/var/lib/kubelet',
  ]
  for (const directory of directories) await removeEmpty(directory)
}

async function list(directory: string): Promise<string[]> {
  try {
    return await readdir(directory)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

async function removeEmpty(directory: string): Promise<void> {
  try {
    await rmdir(directory)
  } catch (error) {
    const isKept =
      error instanceof Error && 'code' in error && ['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(String(error.code))
    if (!isKept) throw error
  }
}
