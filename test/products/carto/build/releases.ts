// The releases of CARTO Self-Hosted that the stand-in plays, and what differs between them. Facts of the charts by their versions:
// CartoDB/carto-selfhosted-helm, tags 1.208.2, 1.228.1, 1.253.2 and 1.280.1.
import { fileURLToPath } from 'node:url'

export interface CartoRelease {
  /** CalVer, the tag of every image. */
  appVersion: string
  chartVersion: string
  /** The day it was published. */
  date: string
  /** The oldest customer package it takes. */
  minVersion: string
  /** Migrations that it adds to those of the releases above it. They are our own: CARTO's images are closed. */
  metadata: string[]
  aiproxy: string[]
}

/** What the charts of one age have in common. */
export interface Traits {
  /** Name of its objects and container, section of the values, key and default of its database's name, begin of its variables' names. */
  ai: { name: string; section: string; databaseKey: string; database: string; variables: string }
  cache: 'redis' | 'valkey'
  /** What the init container `workspace-migrations` runs. */
  migrationsScript: string
  /** Charts that name a number of replicas even where an autoscaler owns it. */
  replicasBesideAutoscaler: boolean
  publicEventsApi: boolean
}

export const RELEASES: readonly CartoRelease[] = [
  {
    appVersion: '2025.9.11',
    chartVersion: '1.208.2',
    date: '2025-09-18',
    minVersion: '2025.9.1',
    metadata: ['20250310090000-baseline', '20250902100000-map-visits'],
    aiproxy: ['20250815000000_baseline'],
  },
  {
    appVersion: '2025.11.11',
    chartVersion: '1.228.1',
    date: '2025-11-27',
    minVersion: '2025.9.1',
    metadata: ['20251104100000-import-checksums'],
    aiproxy: ['20251021000000_answers'],
  },
  {
    appVersion: '2026.4.24',
    chartVersion: '1.253.2',
    date: '2026-05-04',
    minVersion: '2026.4.1',
    metadata: ['20260402100000-connection-owners', '20260410100000-limit-as-number', '20260413100000-map-index'],
    aiproxy: ['20260330000000_feedback'],
  },
  {
    appVersion: '2026.7.16',
    chartVersion: '1.280.1',
    date: '2026-07-23',
    minVersion: '2026.4.1',
    metadata: ['20260706100000-map-title-words'],
    aiproxy: [],
  },
]

/** The folder of the stand-in. */
export const cartoDirectory = fileURLToPath(new URL('..', import.meta.url))

export function traitsOf({ chartVersion }: CartoRelease): Traits {
  const minor = Number(chartVersion.split('.')[1])
  const variables = minor < 230 ? 'DATABASE' : 'LITELLM_DATABASE'
  return {
    ai:
      minor < 225
        ? {
            name: 'llmproxy',
            section: 'llmProxy',
            databaseKey: 'llmProxyDatabaseName',
            database: 'llmproxy',
            variables,
          }
        : { name: 'aiproxy', section: 'aiProxy', databaseKey: 'aiProxyDatabaseName', database: 'aiproxy', variables },
    cache: minor < 251 ? 'redis' : 'valkey',
    migrationsScript: minor < 240 ? '/usr/src/app/onprem-init-db.sh' : '/usr/src/workspace-db/onprem-init-db.sh',
    replicasBesideAutoscaler: minor < 278,
    publicEventsApi: minor >= 250,
  }
}

/** @throws when the stand-in does not play that release. */
export function cartoRelease(appVersion: string): CartoRelease {
  const found = RELEASES.find((release) => release.appVersion === appVersion)
  if (found === undefined) throw new Error(`the stand-in has no CARTO ${appVersion}`)
  return found
}

/** Every migration of a release, its own and those of the releases before it. */
export function migrationsOf(release: CartoRelease): { metadata: string[]; aiproxy: string[] } {
  const upTo = RELEASES.slice(0, RELEASES.indexOf(release) + 1)
  return {
    metadata: upTo.flatMap(({ metadata }) => metadata),
    aiproxy: upTo.flatMap(({ aiproxy }) => aiproxy),
  }
}
