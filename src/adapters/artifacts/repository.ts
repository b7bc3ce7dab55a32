// Charts in a repository on the web: index.yaml and the archives it names.
import { PawlError } from '../../core/errors.ts'
import type { Charts } from '../../ports/charts.ts'
import { readArchive } from './archive.ts'
import { entriesOf, type IndexEntry } from './chart-index.ts'
import { expectation, readChartFile, unknownVersion } from './directory.ts'
import { ask, basicAuth, download, shownUrl, unreadable } from './http.ts'
import type { Index, IndexCache } from './index-cache.ts'

const INDEX_CAP_BYTES = 64 << 20
const ARCHIVE_CAP_BYTES = 64 << 20

/** What was remembered of a place when it did not answer. */
export interface Stale {
  where: string
  /** When it last answered (ISO 8601). */
  at: string
  why: string
}

export interface RepositoryOptions {
  cache?: IndexCache | undefined
  /**
   * Told where nobody answered and the remembered index was taken instead. Absent: then that is an error, because an
   * upgrade must not be planned from what was true once.
   */
  onStale?: ((stale: Stale) => void) | undefined
}

export function chartRepository(address: string, options: RepositoryOptions = {}): Charts {
  const given = new URL(address)
  const authorization =
    given.username === '' && given.password === ''
      ? undefined
      : basicAuth(decodeURIComponent(given.username), decodeURIComponent(given.password))
  const base = new URL(given)
  base.username = ''
  base.password = ''
  if (!base.pathname.endsWith('/')) base.pathname += '/'
  const where = base.href
  const index = new URL('index.yaml', base)
  // Credentials belong to the repository's own host only.
  const headersFor = (url: URL): Record<string, string> =>
    authorization !== undefined && url.origin === base.origin ? { authorization } : {}
  const entries = async (chart: string, signal?: AbortSignal): Promise<IndexEntry[]> => {
    const { kept, ...found } = await readIndex(index, headersFor(index), options, signal)
    const read = entriesOf(found.body.toString('utf8'), chart, index.href)
    // Only what is an index is worth remembering.
    await kept?.(found)
    return read
  }
  return {
    where,
    list: async (chart, signal) => (await entries(chart, signal)).map(({ urls: _urls, ...entry }) => entry),
    fetch: async (chart, version, signal) => {
      const all = await entries(chart, signal)
      const wanted = all.find((entry) => entry.version === version)
      if (wanted === undefined)
        throw unknownVersion(
          chart,
          version,
          where,
          all.map((entry) => entry.version),
        )
      const url = addressOf(wanted, base)
      const bytes = await download({ url, headers: headersFor(url), capBytes: ARCHIVE_CAP_BYTES, signal })
      const archive = readArchive(bytes, shownUrl(url), expectation(wanted))
      if (archive.entry.name === chart && archive.entry.version === version) return archive
      throw new PawlError({
        code: 'input-invalid',
        message: `${shownUrl(url)}: expected chart ${chart} ${version}, got ${archive.entry.name} ${archive.entry.version}.`,
      })
    },
    read: readChartFile,
  }
}

/** The index as it is now, and how to remember it: asks only whether the remembered one still is. */
async function readIndex(
  url: URL,
  headers: Record<string, string>,
  { cache, onStale }: RepositoryOptions,
  signal?: AbortSignal,
): Promise<Index & { kept?: (index: Index) => Promise<void> }> {
  // Who asks with other credentials may be shown another index.
  const key = JSON.stringify([url.href, headers])
  const known = await cache?.read(key)
  const stale = (why: PawlError): Index => {
    if (known === undefined || onStale === undefined) throw why
    onStale({ where: shownUrl(url), at: known.at, why: why.message })
    return known
  }
  const answer = await ask({
    url,
    headers: { ...headers, ...conditionsOf(known) },
    capBytes: INDEX_CAP_BYTES,
    signal,
  }).catch((error: unknown) => {
    if (error instanceof PawlError) return error
    throw error
  })
  if (answer instanceof PawlError) return stale(answer)
  const kept = async (found: Index): Promise<void> => await cache?.write(key, found)
  if (answer.status === 304 && known !== undefined) return { ...known, kept }
  const refused = unreadable(url, `HTTP ${answer.status}`)
  // A server that is at odds with itself says nothing of the index; one that refuses says something of who asks.
  if (answer.status >= 500 || answer.status === 429) return stale(refused)
  if (answer.status < 200 || answer.status > 299) throw refused
  const [etag, lastModified] = [answer.headers.get('etag'), answer.headers.get('last-modified')]
  return {
    ...(etag === null ? {} : { etag }),
    ...(lastModified === null ? {} : { lastModified }),
    body: answer.body,
    kept,
  }
}

function conditionsOf(known: Index | undefined): Record<string, string> {
  return {
    ...(known?.etag === undefined ? {} : { 'if-none-match': known.etag }),
    ...(known?.lastModified === undefined ? {} : { 'if-modified-since': known.lastModified }),
  }
}

function addressOf({ name, version, urls }: IndexEntry, base: URL): URL {
  const usable = urls.filter((url) => URL.canParse(url, base.href)).map((url) => new URL(url, base))
  const web = usable.find(({ protocol }) => protocol === 'http:' || protocol === 'https:')
  if (web !== undefined) return web
  throw new PawlError({
    code: 'input-invalid',
    message: `The index of ${base.href} names no web address for ${name} ${version}.`,
  })
}
