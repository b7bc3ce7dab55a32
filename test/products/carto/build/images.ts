// The images of the stand-in: one build for each release, under the names of all of CARTO's images.
import { build } from 'esbuild'
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { componentsOf, furtherImages } from './components.ts'
import { cartoDirectory, migrationsOf, RELEASES, traitsOf, type CartoRelease } from './releases.ts'
import { imageSpecs, postgresImage, type ImageSpec } from '../../../../examples/tally/build/images.ts'

/** What `global.imageRegistry` ends with: a mirror of CARTO's own registry. */
export const cartoRepository = 'carto-onprem-artifacts'

/** Lays out the build context: the program as one file, and for each release what it brings. About 1 MB. */
export async function prepareCartoContext(context: string): Promise<void> {
  rmSync(context, { recursive: true, force: true })
  mkdirSync(context, { recursive: true })
  await build({
    entryPoints: [join(cartoDirectory, 'app', 'main.ts')],
    outfile: join(context, 'main.js'),
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    external: ['pg-native'],
    logLevel: 'error',
    banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  })
  writeFileSync(join(context, 'package.json'), '{ "type": "module" }\n')
  for (const release of RELEASES) {
    const directory = join(context, 'releases', release.appVersion)
    const migrations = migrationsOf(release)
    mkdirSync(directory, { recursive: true })
    writeFileSync(join(directory, 'release.json'), JSON.stringify({ appVersion: release.appVersion, ...migrations }))
    for (const database of ['metadata', 'aiproxy'] as const) {
      for (const name of migrations[database]) {
        const file = join('migrations', database, `${name}.sql`)
        cpSync(join(cartoDirectory, file), join(directory, file), { recursive: true })
      }
    }
  }
}

/** One build for each release, and the sample product's server under the name that the chart's own PostgreSQL has in a mirror. */
export function cartoImageSpecs(context: string, base = 'localhost/pawl-base:15'): ImageSpec[] {
  const servers = imageSpecs(base).filter(({ name }) => name === postgresImage)
  return [
    ...RELEASES.map((release) => releaseSpec(release, context, base)),
    ...servers.map((spec) => ({ ...spec, name: `${cartoRepository}/bitnami/postgresql:15` })),
  ]
}

function releaseSpec(release: CartoRelease, context: string, base: string): ImageSpec {
  const traits = traitsOf(release)
  const repositories = new Set([...componentsOf(traits).map(({ image }) => image), ...furtherImages(traits)])
  const names = [...repositories].map((name) => `${cartoRepository}/${name}:${release.appVersion}`)
  const [name = '', ...alsoAs] = names
  const buildArgs = { BASE: base, RELEASE: release.appVersion, MIGRATIONS_SCRIPT: traits.migrationsScript }
  return { name, containerfile: join(cartoDirectory, 'Containerfile'), context, buildArgs, alsoAs }
}
