// The image that holds a pod's namespaces open, made of the one small program and pushed to our registry.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Layout } from './layout.ts'
import { keepManifest, readDigest } from './registry.ts'
import { run } from './run.ts'

const pauseImage = 'pawl/pause:1'

export function pauseImageName(registry: string): string {
  return `${registry}/${pauseImage}`
}

/** Makes the registry have the pause image; gives its full name. */
export async function ensurePauseImage(layout: Layout, registry: string): Promise<string> {
  const name = pauseImageName(registry)
  if ((await readDigest(registry, pauseImage)) !== undefined) return name
  const directory = await mkdtemp(join(tmpdir(), 'pawl-pause-'))
  try {
    const layer = join(directory, 'layer.tar')
    const ownership = ['--owner=0', '--group=0', '--mtime=@0']
    await run('tar', [...ownership, '-C', join(layout.tools, 'pause-1'), '-cf', layer, 'pause'])
    const crane = join(layout.bin, 'crane')
    await run(crane, ['append', '--insecure', '--new_layer', layer, '--new_tag', name])
    await run(crane, ['mutate', '--insecure', '--entrypoint', '/pause', '--tag', name, name])
  } finally {
    await rm(directory, { recursive: true })
  }
  await keepManifest(layout, registry, pauseImage)
  return name
}
