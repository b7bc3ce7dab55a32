// Names every image of the sample product and how it is built from the one Containerfile.
import { join } from 'node:path'
import { contextDirectory } from './context.ts'
import { readReleases, tallyDirectory } from './releases.ts'

export type ImageSpec = {
  /** Name and tag without a registry, e.g. `tally/ledger-api:2026.1.12`. */
  readonly name: string
  readonly containerfile: string
  /** Laid out by `prepareContext`. */
  readonly context: string
  readonly target?: string
  readonly buildArgs: Record<string, string>
  /** Further names of the same image: the components of one release share one build. */
  readonly alsoAs: string[]
}

/** Components that run from the image of a release, as the chart names their repositories. */
export const components = ['ledger-api', 'ledger-db', 'recorder', 'board', 'gateway', 'assist'] as const

export const witnessImage = 'tally/witness:1'
export const postgresImage = 'tally/postgres:15'

/**
 * One build for each release, and one for the PostgreSQL server. Every build takes `BASE`, an image with Node 24 and,
 * for the server, with PostgreSQL 15 in /usr/lib/postgresql/15/bin (it is installed where the base lacks it).
 * @param base the value of `BASE`; by default the one that the test cluster makes itself.
 */
export function imageSpecs(base = 'localhost/pawl-base:15'): ImageSpec[] {
  const containerfile = join(tallyDirectory, 'Containerfile')
  const shared = { containerfile, context: contextDirectory() }
  const releases = readReleases()
  const builds = releases.map(({ appVersion }): ImageSpec => {
    const [name = '', ...others] = components.map((component) => `tally/${component}:${appVersion}`)
    const alsoAs = appVersion === releases.at(-1)?.appVersion ? [...others, witnessImage] : others
    return { name, ...shared, target: 'release', buildArgs: { BASE: base, RELEASE: appVersion }, alsoAs }
  })
  return [...builds, { name: postgresImage, ...shared, target: 'postgres', buildArgs: { BASE: base }, alsoAs: [] }]
}
