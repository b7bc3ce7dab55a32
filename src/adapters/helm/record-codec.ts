// Helm's release record as it lies in a Secret: base64 of the API around base64 of gzip of JSON (helm/pkg/storage/driver/util.go).
import { gunzipSync, gzipSync } from 'node:zlib'

/** A record is under 1 MiB compressed; this stops a bomb. */
const LARGEST_BYTES = 256 << 20
const GZIP_MAGIC = '1f8b08'

declare global {
  interface JSON {
    /** ES2025 JSON.parse source text access: writes a number exactly as it was read. */
    rawJSON(text: string): unknown
  }
}

/** From `data.release` to the JSON text; throws where it is none of the known forms. */
export function decodeRecord(dataRelease: string): string {
  const outer = Buffer.from(dataRelease, 'base64')
  if (outer[0] === 0x7b) return outer.toString('utf8')
  const inner =
    outer.subarray(0, 3).toString('hex') === GZIP_MAGIC ? outer : Buffer.from(outer.toString('latin1'), 'base64')
  if (inner.subarray(0, 3).toString('hex') !== GZIP_MAGIC) return inner.toString('utf8')
  return gunzipSync(inner, { maxOutputLength: LARGEST_BYTES }).toString('utf8')
}

/** The way back, as Helm writes it. */
export function encodeRecord(json: string): string {
  return Buffer.from(gzipSync(Buffer.from(json), { level: 9 }).toString('base64')).toString('base64')
}

/** Changes `info.status` and `info.description` and leaves every other value as it was, numbers to the last digit. */
export function withInfo(json: string, change: { status: string; description: string }): string {
  const exact = (_key: string, value: unknown, context: { source?: string }): unknown => {
    const source = context?.source
    return typeof value === 'number' && source !== undefined && source !== String(value) ? JSON.rawJSON(source) : value
  }
  const record = JSON.parse(json, exact as (key: string, value: unknown) => unknown) as {
    info?: Record<string, unknown>
  }
  return JSON.stringify({ ...record, info: { ...record.info, ...change } })
}
