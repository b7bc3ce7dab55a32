// buildah with a store of its own under the cache, working without a daemon and without asking any registry.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { exists, writeWhole } from './files.ts'
import type { Layout } from './layout.ts'
import { run, tryRun } from './run.ts'
import type { RunResult } from './run.ts'

function storeFlags(layout: Layout): string[] {
  const store = join(layout.cache, 'buildah')
  return ['--root', join(store, 'root'), '--runroot', join(store, 'run'), '--storage-driver', 'overlay']
}

/** The machine's own container settings (mirrors, signature rules) must not change what we build. */
async function environment(layout: Layout): Promise<Record<string, string | undefined>> {
  const directory = join(layout.cache, 'buildah', 'etc')
  const paths = { storage: join(directory, 'storage.conf'), registries: join(directory, 'registries.conf') }
  if (!(await exists(paths.registries))) {
    await mkdir(directory, { recursive: true })
    await writeWhole(paths.storage, '[storage]\ndriver = "overlay"\n')
    await writeWhole(paths.registries, '')
  }
  return {
    ...process.env,
    BUILDAH_ISOLATION: 'chroot',
    CONTAINERS_STORAGE_CONF: paths.storage,
    CONTAINERS_REGISTRIES_CONF: paths.registries,
  }
}

async function policyFile(layout: Layout): Promise<string> {
  const path = join(layout.cache, 'buildah', 'etc', 'policy.json')
  if (!(await exists(path))) await writeWhole(path, JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] }))
  return path
}

export async function hasImage(layout: Layout, name: string): Promise<boolean> {
  const result = await tryBuildah(layout, ['inspect', '--type', 'image', '--format', '{{.FromImageID}}', name])
  return result.exitCode === 0
}

export interface BuildOptions {
  containerfile: string
  context: string
  name: string
  target?: string
  buildArgs?: Record<string, string>
}

/** Builds an image into the store. Equal steps of several images become one layer, which is then stored, pushed and pulled once. */
export async function buildImage(layout: Layout, options: BuildOptions): Promise<void> {
  const policy = ['--signature-policy', await policyFile(layout)]
  const target = options.target === undefined ? [] : ['--target', options.target]
  const buildArgs = Object.entries(options.buildArgs ?? {}).flatMap(([name, value]) => [
    '--build-arg',
    `${name}=${value}`,
  ])
  const args = [
    'bud',
    ...policy,
    '--pull=never',
    '--layers',
    '-f',
    options.containerfile,
    '-t',
    options.name,
    ...target,
    ...buildArgs,
    options.context,
  ]
  await run('buildah', [...storeFlags(layout), ...args], { env: await environment(layout) })
}

/** Pushes with zstd, which both sides unpack in half the time of gzip; layers that the registry has are not sent again. */
export async function pushImage(layout: Layout, image: string, destination: string): Promise<void> {
  const policy = ['--signature-policy', await policyFile(layout)]
  const args = [
    'push',
    ...policy,
    '--tls-verify=false',
    '--compression-format',
    'zstd',
    '--format',
    'oci',
    image,
    `docker://${destination}`,
  ]
  await run('buildah', [...storeFlags(layout), ...args], { env: await environment(layout) })
}

async function tryBuildah(layout: Layout, args: readonly string[]): Promise<RunResult> {
  return tryRun('buildah', [...storeFlags(layout), ...args], { env: await environment(layout) })
}
