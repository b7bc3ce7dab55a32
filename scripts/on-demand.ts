// For the bundler: a package that our sources load on demand keeps its names. Of a CommonJS one esbuild gives `default` alone when it
// splits the bundle, although Node itself finds the names; here they are named one by one.
import type { Plugin } from 'esbuild'

const PACKAGE = /^(@[^/]+\/)?[a-z][^/:]*$/
/** Loaded so by packages: Google's HTTP client takes its proxy support by name. */
const THEIRS = new Set(['https-proxy-agent'])
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/

/** What Node finds in a package, but for its default. */
export async function namesOf(name: string): Promise<string[]> {
  const found = Object.keys((await import(name)) as object)
  return found.filter((key) => key !== 'default' && IDENTIFIER.test(key))
}

export const onDemand: Plugin = {
  name: 'on-demand',
  setup(build) {
    build.onResolve({ filter: PACKAGE }, ({ path, kind, importer, resolveDir }) =>
      kind === 'dynamic-import' && (THEIRS.has(path) || !importer.includes('node_modules'))
        ? { path, namespace: 'on-demand', pluginData: resolveDir }
        : undefined,
    )
    build.onLoad({ filter: PACKAGE, namespace: 'on-demand' }, async ({ path, pluginData }) => ({
      contents: `export { ${(await namesOf(path)).join(', ')} } from ${JSON.stringify(path)}`,
      resolveDir: String(pluginData),
    }))
  },
}
