// The cluster from source: brings up what does not run, in order, and builds it anew where healing does not help.
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ensureControlGroups } from './cgroups.ts'
import { dnsManifests } from './dns.ts'
import { takeDown } from './down.ts'
import { exists, writeWhole } from './files.ts'
import { etcdUrl, nodeAddress, nodeName, versions } from './layout.ts'
import type { Layout } from './layout.ts'
import { ensureNetwork } from './network.ts'
import { containerdSocket } from './node.ts'
import { countParts, ensureParts } from './parts.ts'
import type { Tools } from './parts.ts'
import { ensurePauseImage } from './pause.ts'
import { ensureKeys } from './pki.ts'
import { ensureProcess, hashSpec, readRecords } from './processes.ts'
import { isSameProcess, readBootId } from './procfs.ts'
import { rbacManifests } from './rbac.ts'
import { ensureRegistry, lastAddress, registryAnswers } from './registry.ts'
import { Phases } from './report.ts'
import type { Report } from './report.ts'
import { run, tryRun } from './run.ts'
import { processSpecs } from './specs.ts'
import type { ProcessName } from './specs.ts'
import type { ProcessSpec } from './processes.ts'
import { storageManifests } from './storage.ts'

/** Registry address of the running, healthy cluster; undefined where anything is missing or another than it should be. Takes half a second. */
export async function findHealthy(layout: Layout): Promise<string | undefined> {
  const address = await lastAddress(layout)
  if (address === undefined) return undefined
  const records = await readRecords(layout)
  for (const spec of Object.values(await processSpecs(layout, address))) {
    const record = records.find((candidate) => candidate.name === spec.name)
    if (record === undefined || record.specHash !== hashSpec(spec) || !(await isSameProcess(record))) return undefined
  }
  return (await registryAnswers(address)) && (await isNodeReady(layout)) ? address : undefined
}

/** Brings the cluster up. The caller holds the lock. */
export async function bringUp(layout: Layout, tools: Tools, report: Report): Promise<string> {
  const phases = new Phases(countParts(layout, tools) + 4, report)
  await ensureParts(layout, tools, phases, report)
  try {
    return await startAll(layout, phases)
  } catch (error) {
    if (!(await hadClusterBefore(layout))) throw error
    report(
      `what is there does not heal (${error instanceof Error ? error.message.split('\n')[0] : String(error)}); building the cluster anew`,
    )
    await takeDown(layout)
    return await startAll(layout, new Phases(4, report))
  } finally {
    report(`took: ${phases.summary()}`)
  }
}

function hadClusterBefore(layout: Layout): Promise<boolean> {
  return exists(join(layout.state, 'complete'))
}

type Specs = Record<ProcessName, ProcessSpec>

async function startAll(layout: Layout, phases: Phases): Promise<string> {
  const registry = await phases.phase('registry, keys and network', '3 s', async () => {
    await mkdir(layout.state, { recursive: true, mode: 0o711 })
    await forgetLastBoot(layout)
    const address = await ensureRegistry(layout)
    await ensureKeys(layout)
    await ensureNetwork(layout)
    await ensureControlGroups()
    return address
  })
  await ensurePauseImage(layout, registry)
  const specs = await processSpecs(layout, registry)
  await phases.phase('control plane: etcd, API server, controllers, scheduler', '10 s', () =>
    startControlPlane(layout, specs),
  )
  await phases.phase('node: containerd, kubelet, kube-proxy', '10 s', () => startNode(layout, specs))
  await phases.phase('cluster DNS and storage', '2 s', () => startServices(layout, specs))
  await writeWhole(join(layout.state, 'complete'), versions.kubernetes)
  return registry
}

/** After a reboot no container lives, but containerd and the address leases would still speak of them. */
async function forgetLastBoot(layout: Layout): Promise<void> {
  const memory = join(layout.state, 'boot-id')
  const now = await readBootId()
  const before = (await exists(memory)) ? await readFile(memory, 'utf8') : now
  if (before !== now) {
    for (const part of [
      ['containerd', 'state'],
      ['containerd', 'runc'],
      ['cni', 'leases'],
    ]) {
      await rm(join(layout.state, ...part), { recursive: true, force: true })
    }
  }
  await writeWhole(memory, now)
}

async function startControlPlane(layout: Layout, specs: Specs): Promise<void> {
  await ensureProcess(layout, specs.etcd)
  await until(layout, 'etcd', 30_000, () => answers(`${etcdUrl}/health`))
  await ensureProcess(layout, specs['kube-apiserver'])
  await until(layout, 'kube-apiserver', 90_000, () => kubectlAnswers(layout, ['get', '--raw=/readyz']))
  await ensureProcess(layout, specs['kube-controller-manager'])
  await ensureProcess(layout, specs['kube-scheduler'])
}

async function startNode(layout: Layout, specs: Specs): Promise<void> {
  await mkdir(join(layout.state, 'kubelet', 'volume-plugins'), { recursive: true })
  await mkdir(layout.volumes, { recursive: true, mode: 0o711 })
  await ensureProcess(layout, specs.containerd)
  await until(layout, 'containerd', 30_000, async () => {
    return (await tryRun('ctr', ['--address', containerdSocket(layout), 'version'], { timeoutMs: 5000 })).exitCode === 0
  })
  await ensureProcess(layout, specs.kubelet)
  await ensureProcess(layout, specs['kube-proxy'])
  await until(layout, 'kubelet', 60_000, () => answers(`http://${nodeAddress}:10248/healthz`))
  await until(layout, 'kube-proxy', 60_000, () => answers(`http://${nodeAddress}:10256/healthz`))
  await until(layout, 'kubelet', 90_000, () => isNodeReady(layout))
}

async function startServices(layout: Layout, specs: Specs): Promise<void> {
  await run(
    join(layout.bin, 'kubectl'),
    ['--kubeconfig', layout.kubeconfig, 'apply', '--server-side', '--force-conflicts', '-f', '-'],
    {
      input: [rbacManifests(), dnsManifests(), storageManifests()].join('---\n'),
    },
  )
  await ensureProcess(layout, specs.coredns)
  await ensureProcess(layout, specs.provisioner)
  await until(layout, 'coredns', 30_000, () => answers(`http://${nodeAddress}:8081/health`))
  await until(layout, 'kube-controller-manager', 60_000, () =>
    kubectlAnswers(layout, ['get', 'serviceaccount', 'default']),
  )
}

async function isNodeReady(layout: Layout): Promise<boolean> {
  const path = '{.status.conditions[?(@.type=="Ready")].status}'
  const result = await tryRun(
    join(layout.bin, 'kubectl'),
    ['--kubeconfig', layout.kubeconfig, 'get', 'node', nodeName, `-o=jsonpath=${path}`],
    {
      timeoutMs: 5000,
    },
  )
  return result.exitCode === 0 && result.stdout === 'True'
}

async function kubectlAnswers(layout: Layout, args: readonly string[]): Promise<boolean> {
  const result = await tryRun(join(layout.bin, 'kubectl'), ['--kubeconfig', layout.kubeconfig, ...args], {
    timeoutMs: 5000,
  })
  return result.exitCode === 0
}

function answers(url: string): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.timeout(2000) }).then(
    (response) => response.ok,
    () => false,
  )
}

/** Waits until a process does its work; throws as soon as it has ended, or after `limitMs`. */
async function until(layout: Layout, name: string, limitMs: number, isTrue: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + limitMs
  while (!(await isTrue())) {
    const record = (await readRecords(layout)).find((candidate) => candidate.name === name)
    const isAlive = record !== undefined && (await isSameProcess(record))
    if (!isAlive || performance.now() > deadline) {
      const log = join(layout.logs, `${name}.log`)
      const tail = await readFile(log, 'utf8').then((text) => text.trimEnd().split('\n').slice(-8).join('\n'))
      throw new Error(
        `${name} ${isAlive ? `is not ready after ${limitMs / 1000} s` : 'has ended'}; the end of ${log}:\n${tail}`,
      )
    }
    await sleep(200)
  }
}
