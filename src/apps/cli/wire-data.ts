// Data work in this process: for databases that are reachable from here, with PostgreSQL's own programs of this machine.
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { ageCipher } from '../../adapters/age/cipher.ts'
import { localDataPlane } from '../../adapters/dataplane-local/local.ts'
import { postgresDatabases } from '../../adapters/postgres/connect.ts'
import { scratchUser } from '../../adapters/postgres/scratch-user.ts'
import { pgToolbox } from '../../adapters/postgres/toolbox.ts'
import { childProcesses } from '../../adapters/process/processes.ts'
import { clusterSecrets, type Handed } from '../../adapters/secrets/cluster.ts'
import { trustAlso } from '../../adapters/store/network.ts'
import { openStore } from '../../adapters/store/open.ts'
import { workDirs } from '../../adapters/workdir/workdirs.ts'
import { systemClock } from '../../adapters/world/clock.ts'
import type { DataDeps } from '../../data/deps.ts'
import { runDataTask } from '../../data/run.ts'
import type { Cluster } from '../../ports/cluster.ts'
import type { DataPlane } from '../../ports/dataplane.ts'

async function dataDeps(cluster: Cluster, namespace: string, handed?: Handed): Promise<DataDeps> {
  const processes = childProcesses()
  const as = await scratchUser(processes)
  const secrets = clusterSecrets(cluster, namespace, handed)
  return {
    databases: postgresDatabases(),
    toolbox: pgToolbox(processes, as === undefined ? {} : { scratchUser: as }),
    cipher: ageCipher(),
    secrets,
    workDirs: workDirs(tmpdir()),
    clock: systemClock(),
    randomName: () => randomBytes(8).toString('hex'),
    // A local plane never sees a volume: such stores are reached by Jobs.
    openStore: async (spec) => await openStore(spec, { volumePath: '', secrets, env: process.env }),
    openImages: async (reach) => {
      const { openImages } = await import('../../adapters/artifacts/open-images.ts')
      return await openImages(reach, { secrets, clock: systemClock(), env: process.env, trust: trustAlso })
    },
  }
}

export async function localDataWork(cluster: Cluster, namespace: string, handed?: Handed): Promise<DataPlane> {
  const deps = await dataDeps(cluster, namespace, handed)
  return localDataPlane((task, options) => runDataTask(task, deps, options))
}
