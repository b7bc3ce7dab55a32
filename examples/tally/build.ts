// Builds what the sample product consists of: node examples/tally/build.ts [--out DIR] [--context] [--packages DIR]
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { findHelm, packageCharts } from './build/charts.ts'
import { prepareContext } from './build/context.ts'
import { imageSpecs } from './build/images.ts'
import { customerPackage, packageVersions } from './packages/customer-package.ts'

export { chartFile, findHelm, packageCharts, stageChart } from './build/charts.ts'
export { contextDirectory, prepareContext } from './build/context.ts'
export { components, imageSpecs, postgresImage, witnessImage } from './build/images.ts'
export type { ImageSpec } from './build/images.ts'
export { seedJob, witnessManifest, witnessUrl } from './build/manifests.ts'
export { readReleases, releaseOf, tallyDirectory } from './build/releases.ts'
export type { TallyRelease } from './build/releases.ts'
export { customerPackage, packageVersions } from './packages/customer-package.ts'

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      out: { type: 'string' },
      packages: { type: 'string' },
      context: { type: 'boolean', default: false },
      helm: { type: 'string' },
    },
  })
  if (values.out !== undefined) {
    const helm = values.helm ?? findHelm()
    if (helm === null) throw new Error('helm is neither in ~/.cache/pawl/bin nor on PATH; name it with --helm FILE')
    console.log(`${(await packageCharts(values.out, helm)).length} charts in ${values.out}`)
  }
  if (values.packages !== undefined) {
    mkdirSync(values.packages, { recursive: true })
    for (const version of packageVersions) {
      const { fileName, zip } = customerPackage(version)
      writeFileSync(join(values.packages, fileName), zip, { mode: 0o600 })
    }
    console.log(`${packageVersions.length} customer packages in ${values.packages}`)
  }
  if (values.context) {
    const context = await prepareContext(console.log)
    console.log(`${imageSpecs().length} images to build from ${context}`)
  }
}

if (import.meta.main) await main()
