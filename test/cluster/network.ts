// The node's address, the kernel settings and the pod network; and how each is put back.
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isMissing, writeWhole } from './files.ts'
import { nodeAddress, podSubnet } from './layout.ts'
import type { Layout } from './layout.ts'
import { run, tryRun } from './run.ts'

/** Kernel settings that kubelet, kube-proxy, the network plugins or we change. Their former values are kept for `down`. */
const kernelSettings = [
  'net/ipv4/ip_forward',
  'net/ipv4/conf/all/route_localnet',
  'vm/overcommit_memory',
  'vm/panic_on_oom',
  'kernel/panic',
  'kernel/panic_on_oops',
  'kernel/keys/root_maxkeys',
  'kernel/keys/root_maxbytes',
] as const

export const podNetworkName = 'pawl-pods'

/** Each pod gets its own pair of interfaces, so all traffic is routed by this machine and kube-proxy's rules see it without br_netfilter. */
export function podNetworkConfig(layout: Layout): string {
  return JSON.stringify(
    {
      cniVersion: '0.4.0',
      name: podNetworkName,
      plugins: [
        {
          type: 'ptp',
          ipMasq: false,
          ipam: {
            type: 'host-local',
            dataDir: join(layout.state, 'cni', 'leases'),
            ranges: [[{ subnet: podSubnet }]],
            routes: [{ dst: '0.0.0.0/0' }],
          },
        },
        { type: 'portmap', capabilities: { portMappings: true } },
      ],
    },
    null,
    2,
  )
}

export async function ensureNetwork(layout: Layout): Promise<void> {
  await saveKernelSettings(layout)
  await writeFile('/proc/sys/net/ipv4/ip_forward', '1')
  const addresses = await run('ip', ['-o', 'address', 'show', 'dev', 'lo'])
  if (!addresses.includes(` ${nodeAddress}/32 `)) await run('ip', ['address', 'add', `${nodeAddress}/32`, 'dev', 'lo'])
  await writeWhole(join(layout.state, 'cni', 'net.d', '10-pawl.conflist'), podNetworkConfig(layout))
}

function savedSettingsPath(layout: Layout): string {
  return join(layout.state, 'kernel-settings.json')
}

async function saveKernelSettings(layout: Layout): Promise<void> {
  const saved = await readSavedSettings(layout)
  if (saved !== undefined) return
  const values: Record<string, string> = {}
  for (const name of kernelSettings) {
    const value = await readFile(`/proc/sys/${name}`, 'utf8').catch(() => undefined)
    if (value !== undefined) values[name] = value.trim()
  }
  await writeWhole(savedSettingsPath(layout), JSON.stringify(values))
}

async function readSavedSettings(layout: Layout): Promise<Record<string, string> | undefined> {
  try {
    return JSON.parse(await readFile(savedSettingsPath(layout), 'utf8')) as Record<string, string>
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Takes away address, routes, packet rules and kernel settings. The pods must be gone already. */
export async function removeNetwork(layout: Layout): Promise<void> {
  for (const family of ['iptables', 'ip6tables']) await removePacketRules(family)
  await tryRun('conntrack', ['-D', '-d', '198.19.0.0/16'])
  if ((await run('ip', ['-o', 'address', 'show', 'dev', 'lo'])).includes(` ${nodeAddress}/32 `)) {
    await run('ip', ['address', 'del', `${nodeAddress}/32`, 'dev', 'lo'])
  }
  for (const [name, value] of Object.entries((await readSavedSettings(layout)) ?? {}))
    await writeFile(`/proc/sys/${name}`, value)
  await rm(savedSettingsPath(layout), { force: true })
}

async function removePacketRules(family: string): Promise<void> {
  const saved = await tryRun(`${family}-save`, [])
  if (saved.exitCode !== 0) return
  const undo = renderRuleRemoval(saved.stdout)
  if (undo) await run(`${family}-restore`, ['--noflush'], { input: undo })
}

const oursPattern = /^(KUBE|CNI)-/

/**
 * Turns the output of iptables-save into input for `iptables-restore --noflush` that removes the chains of kube-proxy, kubelet and
 * the port plugin (`KUBE-*`, `CNI-*`), the rules in other chains that lead to them, and nothing else.
 */
export function renderRuleRemoval(saved: string): string {
  const out: string[] = []
  let table: { name: string; chains: string[]; jumps: string[] } | undefined
  for (const line of saved.split('\n')) {
    if (line.startsWith('*')) table = { name: line.slice(1), chains: [], jumps: [] }
    else if (table === undefined) continue
    else if (line.startsWith(':')) {
      const chain = line.slice(1).split(' ')[0] ?? ''
      if (oursPattern.test(chain)) table.chains.push(chain)
    } else if (line.startsWith('-A ')) {
      const target = / -[jg] (\S+)/.exec(line)?.[1] ?? ''
      const chain = line.split(' ')[1] ?? ''
      if (oursPattern.test(target) && !oursPattern.test(chain)) table.jumps.push(line.replace(/^-A/, '-D'))
    } else if (line === 'COMMIT') {
      if (table.chains.length > 0) {
        // Declaring a chain flushes it, so the order in which they are deleted does not matter.
        out.push(
          `*${table.name}`,
          ...table.chains.map((chain) => `:${chain} - [0:0]`),
          ...table.jumps,
          ...table.chains.map((chain) => `-X ${chain}`),
          'COMMIT',
        )
      }
      table = undefined
    }
  }
  return out.length === 0 ? '' : `${out.join('\n')}\n`
}
