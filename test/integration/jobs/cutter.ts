// A TCP proxy on loopback that cuts connections on command: what a restarted API server or a load balancer does.
import { readFile, writeFile } from 'node:fs/promises'
import { connect as dial, createServer, type AddressInfo, type Socket } from 'node:net'
import { parse, stringify } from 'yaml'

export interface Cutter {
  /** A kubeconfig like the given one that goes through the proxy. */
  kubeconfig(path: string): Promise<void>
  /** Resets every connection there is; new ones work. */
  cut(): number
  /** Refuses new connections for this long, and resets those there are. */
  refuse(ms: number): void
  close(): void
}

interface Kubeconfig {
  clusters: { cluster: { server: string; 'tls-server-name'?: string } }[]
}

export async function cutter(kubeconfig: string): Promise<Cutter> {
  const config = parse(await readFile(kubeconfig, 'utf8')) as Kubeconfig
  const target = new URL(config.clusters[0]?.cluster.server ?? '')
  const open = new Set<Socket>()
  let refusing = false
  const server = createServer((client) => {
    if (refusing) return void client.resetAndDestroy()
    const upstream = dial({ host: target.hostname, port: Number(target.port) })
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.pipe(to)
      from.on('error', () => to.destroy())
      from.on('close', () => to.destroy())
    }
    open.add(client)
    client.on('close', () => open.delete(client))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const cut = (): number => {
    const count = open.size
    for (const socket of open) socket.resetAndDestroy()
    return count
  }
  return {
    kubeconfig: async (path) => {
      const clusters = config.clusters.map((entry) => ({
        ...entry,
        cluster: { ...entry.cluster, server: `https://127.0.0.1:${port}`, 'tls-server-name': 'kubernetes' },
      }))
      await writeFile(path, stringify({ ...config, clusters }), { mode: 0o600 })
    },
    cut,
    refuse: (ms) => {
      refusing = true
      cut()
      setTimeout(() => (refusing = false), ms)
    },
    close: () => {
      server.close()
      cut()
    },
  }
}
