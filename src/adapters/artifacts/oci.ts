// Charts in an OCI registry, as `helm push` leaves them: a repository for each chart, a tag for each version.
import { PawlError } from '../../core/errors.ts'
import type { RegistryLogin } from '../../core/images/login.ts'
import { readVersion } from '../../core/versions/version.ts'
import type { ChartArchive, ChartEntry, Charts } from '../../ports/charts.ts'
import { entryFrom, readArchive } from './archive.ts'
import { readChartFile, unknownVersion } from './directory.ts'
import { CHART_CONFIG, CHART_CONTENT, ociRegistry, type Manifest, type OciRegistry } from './oci-registry.ts'
import { registryUrl } from './oci-session.ts'

const CONFIG_CAP_BYTES = 4 << 20
const ARCHIVE_CAP_BYTES = 64 << 20
/** Enough to be quick, few enough not to be taken for an attack. */
const AT_ONCE = 8

export interface OciOptions {
  /** Login for a host; absent where nobody has one. */
  login?: (host: string) => Promise<RegistryLogin | undefined>
}

/**
 * `oci://HOST/PATH` is the place charts were pushed to; where its last part is the chart's own name, it is the chart
 * itself. Throws `input-invalid` for what is no such address.
 */
export function chartsInRegistry(address: string, { login }: OciOptions = {}): Charts {
  const { base, path } = placeOf(address)
  const registry = ociRegistry(base, async () => await login?.(base.host))
  const repositoryOf = (chart: string): string =>
    path === chart || path.endsWith(`/${chart}`) ? path : [path, chart].filter((part) => part !== '').join('/')
  return {
    where: address,
    list: async (chart, signal) => {
      const repository = repositoryOf(chart)
      const tags = (await registry.tags(repository, signal)).filter(isVersion)
      const entries = await inTurns(tags, async (tag) => await entryOf(registry, repository, tag, signal))
      return entries.filter((entry) => entry?.name === chart).filter((entry) => entry !== undefined)
    },
    fetch: async (chart, version, signal) => {
      const repository = repositoryOf(chart)
      const manifest = await registry.manifest(repository, tagOf(version), signal)
      const content = manifest === undefined ? undefined : contentOf(manifest)
      if (manifest === undefined || content === undefined) {
        const known = (await registry.tags(repository, signal)).filter(isVersion).map(versionOf)
        throw unknownVersion(chart, version, address, known)
      }
      const bytes = await registry.blob(repository, content, ARCHIVE_CAP_BYTES, signal)
      return checked(readArchive(bytes, `${address} ${version}`, expectationOf(manifest)), chart, version, address)
    },
    read: readChartFile,
  }
}

function placeOf(address: string): { base: URL; path: string } {
  const [, host, path = ''] = /^oci:\/\/([^/@?#\s]+)(?:\/([^?#@\s]*))?$/.exec(address) ?? []
  if (host === undefined || !URL.canParse(`https://${host}`)) {
    throw new PawlError({
      code: 'input-invalid',
      message: 'The address of the chart registry is not of the form oci://HOST/PATH.',
      hint: 'Give host and path only; log in with "helm registry login HOST".',
    })
  }
  return { base: registryUrl(host), path: path.replace(/\/+$/, '') }
}

/** A tag cannot have a plus sign: Helm writes an underscore for it. */
function tagOf(version: string): string {
  return version.replaceAll('+', '_')
}

function versionOf(tag: string): string {
  return tag.replaceAll('_', '+')
}

/** Signatures and `latest` are tags, too. */
function isVersion(tag: string): boolean {
  return readVersion(versionOf(tag), 'semver') !== undefined
}

async function entryOf(
  registry: OciRegistry,
  repository: string,
  tag: string,
  signal?: AbortSignal,
): Promise<ChartEntry | undefined> {
  const manifest = await registry.manifest(repository, tag, signal)
  if (manifest === undefined || contentOf(manifest) === undefined) return undefined
  const config = await registry.blob(repository, manifest.config.digest, CONFIG_CAP_BYTES, signal)
  return { ...entryFrom(parsed(config), `${repository}:${tag}`), ...expectationOf(manifest) }
}

function parsed(config: Buffer): unknown {
  try {
    return JSON.parse(config.toString('utf8'))
  } catch {
    // Then it names no chart, which is said with the place it came from.
    return undefined
  }
}

/** Digest of the archive; undefined where the manifest is not a chart's. */
function contentOf({ config, layers }: Manifest): string | undefined {
  if (config.mediaType !== CHART_CONFIG) return undefined
  return layers.find(({ mediaType }) => mediaType === CHART_CONTENT)?.digest
}

function expectationOf(manifest: Manifest): { digest?: string; created?: string } {
  const digest = contentOf(manifest)?.replace(/^sha256:/, '')
  const created = manifest.annotations['org.opencontainers.image.created']
  return {
    ...(digest === undefined ? {} : { digest }),
    ...(created === undefined || Number.isNaN(Date.parse(created)) ? {} : { created: new Date(created).toISOString() }),
  }
}

function checked(archive: ChartArchive, chart: string, version: string, address: string): ChartArchive {
  const { entry } = archive
  if (entry.name === chart && entry.version === version) return archive
  throw new PawlError({
    code: 'input-invalid',
    message: `${address}: expected chart ${chart} ${version}, got ${entry.name} ${entry.version}.`,
  })
}

/** In the order of the items, a few at a time. */
async function inTurns<A, T>(items: readonly A[], work: (item: A) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  const queue = items.entries()
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const [index, item] of queue) results[index] = await work(item)
    }),
  )
  return results
}
