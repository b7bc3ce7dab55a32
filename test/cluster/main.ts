// `npm run cluster -- up | status | env | down`
import { realpath } from 'node:fs/promises'
import { ClusterUnavailable } from './errors.ts'
import { ensureCluster, removeCluster } from './index.ts'
import type { Cluster } from './index.ts'
import { layoutOf, versions } from './layout.ts'
import { readRecords } from './processes.ts'
import { isSameProcess } from './procfs.ts'
import { lastAddress } from './registry.ts'
import { humanDuration } from './report.ts'
import { findHealthy } from './source.ts'
import { processSpecs } from './specs.ts'

const usage = `usage: npm run cluster -- COMMAND
  up      make a test cluster be there (your own, else kind, else from source)
  status  what runs, which versions, which addresses
  env     shell lines for this cluster: eval "$(npm run -s cluster -- env)"
  down    take it away; built programs and images stay in the cache`

async function main(command: string | undefined): Promise<number> {
  switch (command) {
    case 'up':
      return up()
    case 'status':
      return status()
    case 'env':
      return env()
    case 'down':
      await removeCluster()
      console.log('the cluster is down')
      return 0
    default:
      console.error(usage)
      return 64
  }
}

async function up(): Promise<number> {
  const startedAt = performance.now()
  const cluster = await ensureCluster(console.log)
  console.log(`the cluster is up after ${humanDuration(performance.now() - startedAt)} (${cluster.kind})`)
  console.log(
    `  kubeconfig  ${cluster.kubeconfig}\n  registry    ${cluster.registry}\n  this node   ${cluster.nodeAddress}`,
  )
  console.log(
    `look around:  eval "$(npm run -s cluster -- env)"; kubectl get pods -A\ntake it away: npm run cluster -- down`,
  )
  return 0
}

async function status(): Promise<number> {
  const layout = layoutOf(process.env)
  const records = await readRecords(layout)
  for (const name of Object.keys(await processSpecs(layout, (await lastAddress(layout)) ?? ''))) {
    const record = records.find((candidate) => candidate.name === name)
    const isAlive = record !== undefined && (await isSameProcess(record))
    console.log(`${name.padEnd(24)} ${isAlive ? `runs, process ${record.pid}` : 'does not run'}`)
  }
  for (const [name, version] of Object.entries(versions)) console.log(`${name.padEnd(24)} ${version}`)
  const registry = await findHealthy(layout)
  console.log(
    registry === undefined
      ? 'not healthy: npm run cluster -- up'
      : `healthy, registry ${registry}, kubeconfig ${layout.kubeconfig}`,
  )
  return registry === undefined ? 1 : 0
}

async function env(): Promise<number> {
  const cluster = await ensureCluster(console.error)
  console.log(renderEnv(cluster))
  return 0
}

function renderEnv(cluster: Cluster): string {
  return [
    `export KUBECONFIG='${cluster.kubeconfig}'`,
    `export PATH='${cluster.binDir}':"$PATH"`,
    `export PAWL_TEST_REGISTRY='${cluster.registry}'`,
  ].join('\n')
}

if (import.meta.filename === (await realpath(process.argv[1] ?? ''))) {
  try {
    process.exitCode = await main(process.argv[2])
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    process.exitCode = error instanceof ClusterUnavailable ? error.exitCode : 1
  }
}
