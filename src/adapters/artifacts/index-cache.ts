// Remembers the index of a chart repository between invocations: asked again only whether it changed, and there when nobody answers.
import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isRecord } from '../../core/json.ts'

export interface Index {
  /** Validators of HTTP, as the server gave them. */
  etag?: string
  lastModified?: string
  body: Buffer
}

export interface CachedIndex extends Index {
  /** When a server last said that this is the index (ISO 8601). */
  at: string
}

export interface IndexCache {
  /** Undefined where nothing is remembered, or what is remembered is damaged. */
  read(key: string): Promise<CachedIndex | undefined>
  /** A cache that cannot be written makes the next time slower, and nothing else. */
  write(key: string, index: Index): Promise<void>
}

/** Small private files in a directory of the user's: a first line of JSON that says what follows, then the index itself. */
export function indexCacheIn(directory: string, now: () => Date): IndexCache {
  const pathOf = (key: string): string => join(directory, `${sha256(key).slice(0, 32)}.index`)
  return {
    read: async (key) => {
      const bytes = await readFile(pathOf(key)).catch(() => undefined)
      return bytes === undefined ? undefined : decode(bytes)
    },
    write: async (key, index) => {
      const path = pathOf(key)
      const aside = `${path}.${process.pid}`
      try {
        await mkdir(directory, { recursive: true, mode: 0o700 })
        await writeFile(aside, encode(index, now()), { mode: 0o600 })
        await rename(aside, path)
      } catch {
        await rm(aside, { force: true }).catch(() => undefined)
      }
    },
  }
}

function encode({ etag, lastModified, body }: Index, now: Date): Buffer {
  const head = JSON.stringify({ at: now.toISOString(), etag, lastModified, sha256: sha256(body) })
  return Buffer.concat([Buffer.from(`${head}\n`), body])
}

function decode(bytes: Buffer): CachedIndex | undefined {
  const end = bytes.indexOf('\n')
  const head = parsed(bytes.subarray(0, Math.max(0, end)).toString('utf8'))
  const body = bytes.subarray(end + 1)
  if (!isRecord(head) || typeof head['at'] !== 'string' || head['sha256'] !== sha256(body)) return undefined
  const { at, etag, lastModified } = head
  return {
    at,
    ...(typeof etag === 'string' ? { etag } : {}),
    ...(typeof lastModified === 'string' ? { lastModified } : {}),
    body,
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}
