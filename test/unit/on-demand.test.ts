// Packages that are loaded on demand have the same names in a bundle as without one.
import { build, type Plugin } from 'esbuild'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { namesOf, onDemand } from '../../scripts/on-demand.ts'

const root = new URL('../..', import.meta.url).pathname

function loadedOnDemand(): string[] {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  const texts = files
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(root, 'src', file), 'utf8'))
  const found = texts.flatMap((text) =>
    [...text.matchAll(/\bimport\('((?:@|[a-z])[^:']*)'\)/g)].map(([, name = '']) => name),
  )
  return [...new Set(found)].toSorted()
}

/** How many of its names each package has in a bundle that is split, as the programs are. */
async function namesInBundle(packages: readonly string[], plugins: Plugin[]): Promise<Record<string, number>> {
  const outdir = mkdtempSync(join(tmpdir(), 'pawl-bundle-'))
  try {
    const counts = packages.map((name) => `[${JSON.stringify(name)}]: Object.keys(await import('${name}')).length`)
    await build({
      stdin: { contents: `console.log(JSON.stringify({ ${counts.join(', ')} }))`, resolveDir: root },
      outdir,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      splitting: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'error',
      plugins,
      banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
    })
    return JSON.parse(execFileSync(process.execPath, [join(outdir, 'stdin.mjs')], { encoding: 'utf8' })) as Record<
      string,
      number
    >
  } finally {
    rmSync(outdir, { recursive: true })
  }
}

test('every package that is loaded on demand keeps its names', async () => {
  const packages = loadedOnDemand()
  expect(packages).toContain('@kubernetes/client-node')
  const expected = await Promise.all(packages.map(async (name) => [name, (await namesOf(name)).length]))
  expect(await namesInBundle(packages, [onDemand])).toEqual(Object.fromEntries(expected))
}, 60_000)

test('without that a CommonJS package has its default alone', async () => {
  expect(await namesInBundle(['google-auth-library'], [])).toEqual({ 'google-auth-library': 1 })
}, 60_000)
