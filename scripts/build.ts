// Bundles the programs into dist/: one file starts fast, and the data image needs no node_modules.
import { build, type BuildOptions } from 'esbuild'
import { renameSync, rmSync } from 'node:fs'
import { onDemand } from './on-demand.ts'

/** Built aside and then put in place: a build that fails leaves the last good one. */
const ASIDE = `dist.${process.pid}`

const shared: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  minify: true,
  keepNames: true,
  legalComments: 'none',
  logLevel: 'warning',
  // Some dependencies are CommonJS inside and ask for require().
  banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  // pg looks for its optional native binding; the JavaScript one is what we use.
  external: ['pg-native'],
  plugins: [onDemand],
}

try {
  await build({
    ...shared,
    entryPoints: { pawl: 'src/apps/cli/main.ts' },
    outdir: ASIDE,
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
  })
  await build({
    ...shared,
    entryPoints: { 'pawl-data': 'src/apps/data/main.ts' },
    outdir: `${ASIDE}/data`,
    // The SDK of a cloud is read only by a Job whose store is there.
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
  })
  rmSync('dist', { recursive: true, force: true })
  renameSync(ASIDE, 'dist')
} finally {
  rmSync(ASIDE, { recursive: true, force: true })
}
