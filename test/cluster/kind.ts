// A cluster by kind (Kubernetes in Docker), where a Docker daemon answers.
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { parseBaseImageName } from './base.ts'
import { hashImageInput } from './contenthash.ts'
import { findProgram } from './files.ts'
import type { ImageSpec } from './images.ts'
import type { Layout } from './layout.ts'
import type { Report } from './report.ts'
import { run, tryRun } from './run.ts'

const clusterName = 'pawl'
/** Images are loaded, not pulled; the name only has to look like one of a registry. */
const registryName = 'localhost:5000'

export async function kindExists(): Promise<boolean> {
  const kind = await findProgram('kind')
  if (kind === undefined) return false
  const result = await tryRun(kind, ['get', 'clusters'], { timeoutMs: 10_000 })
  return result.exitCode === 0 && result.stdout.split('\n').includes(clusterName)
}

export async function ensureKind(layout: Layout, report: Report): Promise<string> {
  await mkdir(dirname(layout.kubeconfig), { recursive: true, mode: 0o700 })
  if (await kindExists()) {
    await run('kind', ['export', 'kubeconfig', '--name', clusterName, '--kubeconfig', layout.kubeconfig])
  } else {
    report('creating the kind cluster (usually 2 min)')
    await run('kind', ['create', 'cluster', '--name', clusterName, '--kubeconfig', layout.kubeconfig, '--wait', '3m'])
  }
  return registryName
}

export async function deleteKind(): Promise<void> {
  await run('kind', ['delete', 'cluster', '--name', clusterName])
}

/** Builds with Docker and loads into the node. An image that the node has with the same content is skipped. */
export async function loadIntoKind(
  layout: Layout,
  registry: string,
  specs: readonly ImageSpec[],
  report: Report,
): Promise<void> {
  for (const spec of specs) {
    for (const value of Object.values(spec.buildArgs ?? {})) await ensureDockerBase(value, report)
    const label = `pawl.dev/input=${await hashImageInput(spec)}`
    const names = [spec.name, ...(spec.alsoAs ?? [])].map((name) => `${registry}/${name}`)
    const known = await run('docker', [
      'image',
      'ls',
      '--filter',
      `label=${label}`,
      '--format',
      '{{.Repository}}:{{.Tag}}',
    ])
    if (names.every((name) => known.split('\n').includes(name))) continue
    report(`building and loading ${spec.name}`)
    const target = spec.target === undefined ? [] : ['--target', spec.target]
    const buildArgs = Object.entries(spec.buildArgs ?? {}).flatMap(([name, value]) => [
      '--build-arg',
      `${name}=${value}`,
    ])
    const tags = names.flatMap((name) => ['--tag', name])
    await run('docker', [
      'build',
      '--file',
      spec.containerfile,
      '--label',
      label,
      ...tags,
      ...target,
      ...buildArgs,
      spec.context,
    ])
    await run('kind', ['load', 'docker-image', '--name', clusterName, ...names])
  }
}

/** With Docker the base comes from the published images: `images/base/Containerfile`. */
async function ensureDockerBase(name: string, report: Report): Promise<void> {
  const major = parseBaseImageName(name)
  if (major === undefined) return
  if ((await tryRun('docker', ['image', 'inspect', name])).exitCode === 0) return
  report(`building ${name} (usually 2 min, once)`)
  const directory = new URL('../../images/base/', import.meta.url).pathname
  await run('docker', ['build', '--tag', name, '--build-arg', `POSTGRES_MAJOR=${major}`, directory])
}
