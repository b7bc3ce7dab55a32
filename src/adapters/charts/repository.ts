// Charts in a repository on the web: index.yaml and the archives it names.
import { PawlError } from '../../core/errors.ts'
import type { Charts } from '../../ports/charts.ts'
import { readArchive } from './archive.ts'
import { entriesOf, type IndexEntry } from './chart-index.ts'
import { expectation, readChartFile, unknownVersion } from './directory.ts'

const INDEX_CAP_BYTES = 64 << 20
const ARCHIVE_CAP_BYTES = 64 << 20
const TIMEOUT_MS = 60_000

export function chartRepository(address: string): Charts {
  const given = new URL(address)
  const authorization = basicAuth(given)
  const base = new URL(given)
  base.username = ''
  base.password = ''
  if (!base.pathname.endsWith('/')) base.pathname += '/'
  const where = base.href
  const download = async (url: URL, capBytes: number, signal?: AbortSignal): Promise<Buffer> => {
    // Credentials belong to the repository's own host only.
    const headers: Record<string, string> =
      authorization !== undefined && url.origin === base.origin ? { authorization } : {}
    return await get(url, headers, capBytes, signal)
  }
  const entries = async (chart: string, signal?: AbortSignal): Promise<IndexEntry[]> => {
    const index = new URL('index.yaml', base)
    return entriesOf((await download(index, INDEX_CAP_BYTES, signal)).toString('utf8'), chart, index.href)
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
      const archive = readArchive(await download(url, ARCHIVE_CAP_BYTES, signal), shown(url), expectation(wanted))
      if (archive.entry.name === chart && archive.entry.version === version) return archive
      throw new PawlError({
        code: 'input-invalid',
        message: `${shown(url)}: expected chart ${chart} ${version}, got ${archive.entry.name} ${archive.entry.version}.`,
      })
    },
    read: readChartFile,
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

function basicAuth({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined
  return `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}`
}

/** For messages: without credentials and without a signed query. */
function shown(url: URL): string {
  return `${url.origin}${url.pathname}`
}

/** A kept connection may have been closed by the other side meanwhile: then it is asked once more on a new one. */
async function get(url: URL, headers: Record<string, string>, capBytes: number, signal?: AbortSignal): Promise<Buffer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await getOnce(url, headers, capBytes, signal)
    } catch (error) {
      signal?.throwIfAborted()
      if (error instanceof PawlError) throw error
      const closed = ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes(codeOf(error))
      if (!closed || attempt > 1) throw unreadable(url, reasonOf(error), error)
    }
  }
}

async function getOnce(
  url: URL,
  headers: Record<string, string>,
  capBytes: number,
  signal?: AbortSignal,
): Promise<Buffer> {
  const limit = AbortSignal.timeout(TIMEOUT_MS)
  const response = await fetch(url, {
    headers,
    signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
  })
  if (!response.ok) throw unreadable(url, `HTTP ${response.status} ${response.statusText}`.trim())
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > capBytes) throw unreadable(url, `it is larger than ${capBytes >> 20} MiB`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** fetch hides what happened in the cause. */
function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? error.cause : error
}

function codeOf(error: unknown): string {
  const cause = causeOf(error)
  return cause instanceof Error && 'code' in cause ? String(cause.code) : ''
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `no answer within ${TIMEOUT_MS / 1000} s`
  const cause = causeOf(error)
  const code = codeOf(error)
  if (code === 'ECONNREFUSED') return 'connection refused'
  if (code === 'ENOTFOUND') return 'no such host'
  const message = cause instanceof Error ? cause.message : String(cause)
  return code === '' ? message : `${message} (${code})`
}

function unreadable(url: URL, why: string, cause?: unknown): PawlError {
  return new PawlError({ code: 'store-unreadable', message: `${shown(url)} cannot be read: ${why}.`, cause })
}
