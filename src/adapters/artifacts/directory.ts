// Charts in a directory of archives, as `helm package` leaves them; an index.yaml beside them is used where there is one.
import { readFile, readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { PawlError } from '../../core/errors.ts'
import type { ChartArchive, ChartEntry, Charts } from '../../ports/charts.ts'
import { readArchive } from './archive.ts'
import { entriesOf, type IndexEntry } from './chart-index.ts'

export function chartDirectory(path: string): Charts {
  const archives = async (chart: string): Promise<ChartArchive[]> => {
    const names = (await filesIn(path)).filter((name) => name.startsWith(`${chart}-`) && name.endsWith('.tgz'))
    const index = await indexIn(path, chart)
    const found: ChartArchive[] = []
    for (const name of names) {
      const known = index.find((entry) => entry.urls.some((url) => basename(url) === name))
      const archive = readArchive(await fileBytes(join(path, name)), join(path, name), expectation(known))
      if (archive.entry.name === chart) found.push(archive)
    }
    refuseTwins(found, path)
    return found
  }
  /** What the index says, where it names every archive that is there: a list is no promise, `fetch` checks the bytes. */
  const listed = async (chart: string): Promise<ChartEntry[] | undefined> => {
    const names = (await filesIn(path)).filter((name) => name.startsWith(`${chart}-`) && name.endsWith('.tgz'))
    const index = await indexIn(path, chart)
    const entries = names.map((name) => index.find((entry) => entry.urls.some((url) => basename(url) === name)))
    if (entries.some((entry) => entry?.digest === undefined)) return undefined
    return entries.flatMap((entry) => (entry === undefined ? [] : [withoutUrls(entry)]))
  }
  return {
    where: path,
    list: async (chart) => (await listed(chart)) ?? (await archives(chart)).map(({ entry }) => entry),
    fetch: async (chart, version) => {
      const all = await archives(chart)
      const wanted = all.find(({ entry }) => entry.version === version)
      if (wanted !== undefined) return wanted
      throw unknownVersion(
        chart,
        version,
        path,
        all.map(({ entry }) => entry.version),
      )
    },
    read: readChartFile,
  }
}

function withoutUrls({ urls: _urls, ...entry }: IndexEntry): ChartEntry {
  return entry
}

/** A single archive as a source: it has one version of one chart. */
export function chartFile(path: string): Charts {
  return {
    where: path,
    list: async (chart) => {
      const { entry } = await readChartFile(path)
      return entry.name === chart ? [entry] : []
    },
    fetch: async (chart, version) => {
      const archive = await readChartFile(path)
      const { entry } = archive
      if (entry.name === chart && entry.version === version) return archive
      throw unknownVersion(chart, version, path, [`${entry.name} ${entry.version}`])
    },
    read: readChartFile,
  }
}

export async function readChartFile(path: string): Promise<ChartArchive> {
  return readArchive(await fileBytes(path), path)
}

export function unknownVersion(chart: string, version: string, where: string, known: string[]): PawlError {
  const list = known.length === 0 ? 'nothing' : known.slice(-10).join(', ')
  return new PawlError({
    code: 'target-unknown',
    message: `${where} has no version ${version} of chart ${chart}; it has ${list}.`,
    facts: { chart, version, known: known.length },
  })
}

export function expectation(known: IndexEntry | undefined): { digest?: string; created?: string } {
  const { digest, created } = known ?? {}
  return { ...(digest === undefined ? {} : { digest }), ...(created === undefined ? {} : { created }) }
}

async function indexIn(path: string, chart: string): Promise<IndexEntry[]> {
  const file = join(path, 'index.yaml')
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined
    throw unreadable(file, error)
  })
  return text === undefined ? [] : entriesOf(text, chart, file)
}

async function filesIn(path: string): Promise<string[]> {
  const names = await readdir(path).catch((error: unknown) => {
    throw unreadable(path, error)
  })
  return names.toSorted()
}

async function fileBytes(path: string): Promise<Uint8Array> {
  return await readFile(path).catch((error: unknown) => {
    throw unreadable(path, error)
  })
}

/** Two different archives that claim to be the same version: nobody can say which one is meant. */
function refuseTwins(archives: ChartArchive[], path: string): void {
  const seen = new Map<string, string>()
  for (const { entry, digest } of archives) {
    const other = seen.get(entry.version)
    if (other !== undefined && other !== digest) {
      throw new PawlError({
        code: 'input-invalid',
        message: `${path} has two different archives of ${entry.name} ${entry.version}.`,
      })
    }
    seen.set(entry.version, digest)
  }
}

function unreadable(path: string, error: unknown): PawlError {
  const code = codeOf(error)
  if (code === 'EISDIR')
    return new PawlError({ code: 'input-invalid', message: `${path} is a directory, not a chart archive.` })
  const why = code === 'ENOENT' ? 'there is no such file or directory' : code
  return new PawlError({
    code: 'store-unreadable',
    message: `Charts cannot be read from ${path}: ${why}.`,
    cause: error,
  })
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
