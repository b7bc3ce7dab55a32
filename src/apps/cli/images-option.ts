// --images and --registry-*: whether a set holds the images of the release, for which platforms, and how their registries are reached.
import { isPawlError, PawlError } from '../../core/errors.ts'
import type { Platforms } from '../../core/images/oci.ts'
import type { ImagesWish, RegistryOptions } from '../../core/images/wish.ts'
import { textOf, valueAt } from '../../core/json.ts'
import type { Cluster } from '../../ports/cluster.ts'
import { listOption, textOption, type OptionDefinition, type Options } from './define.ts'

export const REGISTRY_OPTIONS: OptionDefinition[] = [
  { flags: '--registry-login <secret>', text: 'image pull secret with a login for the registries' },
  { flags: '--registry-ca <secret>', text: 'Secret with ca.crt: authorities to trust beside the usual ones' },
  { flags: '--registry-proxy <url>', text: 'proxy to the registries' },
  { flags: '--registry-http <host>', text: 'registry that is asked without encryption; may be repeated', many: true },
]

export const IMAGES_OPTIONS: OptionDefinition[] = [
  {
    flags: '--images <platforms>',
    text: 'keep the images of the release in the set: nodes (for the platforms of the nodes), all, or a list such as linux/amd64,linux/arm64',
  },
  ...REGISTRY_OPTIONS,
]

type Asked = RegistryOptions & { platforms: Platforms | 'nodes' }

/** Throws `input-invalid`; asks nobody. */
export function imagesOption(options: Options): Asked | undefined {
  const registry = registryOption(options)
  const text = textOption(options, 'images')
  if (text === undefined) {
    if (Object.keys(registry).length > 0)
      throw invalid('--registry-* options are for --images: name its platforms, too')
    return undefined
  }
  if (text === 'all' || text === 'nodes') return { platforms: text, ...registry }
  const platforms = text.split(',')
  if (platforms.every((platform) => /^[a-z0-9]+\/[a-z0-9_]+$/.test(platform))) return { platforms, ...registry }
  throw invalid(`--images takes "nodes", "all" or platforms such as linux/amd64,linux/arm64; got "${text}"`)
}

/** With the platforms of the nodes in the place of their name: what is taken is said beforehand. Throws `cluster-refused`. */
export async function settledImages(cluster: Cluster, asked: Asked | undefined): Promise<{ images?: ImagesWish }> {
  if (asked === undefined) return {}
  const { platforms, ...registry } = asked
  return { images: { platforms: platforms === 'nodes' ? await platformsOfNodes(cluster) : platforms, ...registry } }
}

export function registryOption(options: Options): RegistryOptions {
  const [login, ca, proxy] = ['registryLogin', 'registryCa', 'registryProxy'].map((name) => textOption(options, name))
  const plainHttp = listOption(options, 'registryHttp')
  if (proxy !== undefined && !/^https?:\/\/[^@/]+\/?$/.test(proxy))
    throw invalid('--registry-proxy takes an http or https URL without user and password: the run is no secret')
  return {
    ...(login === undefined ? {} : { login }),
    ...(ca === undefined ? {} : { ca }),
    ...(proxy === undefined ? {} : { proxy }),
    ...(plainHttp.length === 0 ? {} : { plainHttp }),
  }
}

async function platformsOfNodes(cluster: Cluster): Promise<string[]> {
  const nodes = await cluster.list({ apiVersion: 'v1', kind: 'Node' }).catch((error: unknown) => {
    if (!isPawlError(error, 'cluster-refused')) throw error
    const hint = 'Name the platforms, for example with --images linux/amd64.'
    throw new PawlError({
      code: error.code,
      message: error.message,
      hint,
      unchanged: 'Nothing was changed.',
      cause: error,
    })
  })
  const found = nodes.flatMap((node) => {
    const [os, architecture] = ['operatingSystem', 'architecture'].map((name) =>
      textOf(valueAt(node, `status.nodeInfo.${name}`)),
    )
    return os === undefined || architecture === undefined ? [] : [`${os}/${architecture}`]
  })
  if (found.length > 0) return [...new Set(found)].toSorted()
  throw new PawlError({
    code: 'unknown-state',
    message: 'no node says which platform it is',
    hint: 'Name the platforms, for example with --images linux/amd64.',
    unchanged: 'Nothing was changed.',
  })
}

function invalid(message: string): PawlError {
  return new PawlError({ code: 'input-invalid', message, unchanged: 'Nothing was changed.' })
}
