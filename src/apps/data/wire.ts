// Builds the data work's adapters for one process, from its environment.
import { randomBytes } from 'node:crypto'
import { hostname, tmpdir } from 'node:os'
import { ageCipher } from '../../adapters/age/cipher.ts'
import { postgresDatabases } from '../../adapters/postgres/connect.ts'
import { scratchUser } from '../../adapters/postgres/scratch-user.ts'
import { pgToolbox } from '../../adapters/postgres/toolbox.ts'
import { childProcesses } from '../../adapters/process/processes.ts'
import { mountedSecrets } from '../../adapters/secrets/mounted.ts'
import { trustAlso } from '../../adapters/store/network.ts'
import { openStore } from '../../adapters/store/open.ts'
import { workDirs } from '../../adapters/workdir/workdirs.ts'
import { systemClock } from '../../adapters/world/clock.ts'
import type { DataDeps } from '../../data/deps.ts'

/** Where a Job finds what it was given; other places by environment, for running it by hand. */
export const PLACES = {
  secrets: '/var/run/pawl/secrets',
  release: '/var/run/pawl/release',
  store: '/var/lib/pawl/store',
  to: '/var/lib/pawl/to',
} as const

/** Of a container; undefined outside one, or where the cluster does not say. */
function temporaryBytes(text: string | undefined): number | undefined {
  const bytes = Number(text)
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined
}

export async function wire(env: NodeJS.ProcessEnv): Promise<DataDeps> {
  const processes = childProcesses()
  const as = await scratchUser(processes)
  const directories = env['PAWL_PG_BIN']
  const secrets = mountedSecrets({
    root: env['PAWL_SECRETS_DIR'] ?? PLACES.secrets,
    releaseRoot: env['PAWL_RELEASE_DIR'] ?? PLACES.release,
  })
  const volumes = {
    store: env['PAWL_STORE_DIR'] ?? PLACES.store,
    to: env['PAWL_TO_DIR'] ?? PLACES.to,
  }
  return {
    databases: postgresDatabases(),
    toolbox: pgToolbox(processes, {
      ...(directories === undefined ? {} : { directories: directories.split(':') }),
      ...(as === undefined ? {} : { scratchUser: as }),
    }),
    cipher: ageCipher(),
    secrets,
    workDirs: workDirs(tmpdir(), hostname(), temporaryBytes(env['PAWL_TMP_LIMIT'])),
    clock: systemClock(),
    randomName: () => randomBytes(8).toString('hex'),
    openStore: async (spec, as) => await openStore(spec, { volumePath: volumes[as ?? 'store'], secrets, env }),
    openImages: async (reach) => {
      const { openImages } = await import('../../adapters/artifacts/open-images.ts')
      // A proxy in the environment of a Job is the store's.
      const direct = Object.fromEntries(Object.entries(env).filter(([name]) => !/^https?_proxy$/i.test(name)))
      return await openImages(reach, { secrets, clock: systemClock(), env: direct, trust: trustAlso })
    },
  }
}
