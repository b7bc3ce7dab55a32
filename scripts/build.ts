// Bundles the programs into dist/: one file starts fast, and the data image needs no node_modules.
import { build, type BuildOptions } from 'esbuild'
import { existsSync, rmSync } from 'node:fs'

const shared: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  minifySyntax: true,
  legalComments: 'none',
  logLevel: 'warning',
  // Some dependencies are CommonJS inside and ask for require().
  banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  // pg looks for its optional native binding; the JavaScript one is what we use.
  external: ['pg-native'],
}

const entries = {
  cli: 'src/apps/cli/main.ts',
  data: 'src/apps/data/main.ts',
}

rmSync('dist', { recursive: true, force: true })
if (existsSync(entries.cli)) {
  await build({ ...shared, entryPoints: { pawl: entries.cli }, outdir: 'dist', splitting: true, chunkNames: 'chunks/[name]-[hash]' })
}
if (existsSync(entries.data)) {
  await build({ ...shared, entryPoints: [entries.data], outfile: 'dist/pawl-data.js' })
}
