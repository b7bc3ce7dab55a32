// The --store option of pawl init: one text, checked here once.
import { PawlError } from '../../core/errors.ts'
import type { StoreSpec } from '../../core/data/tasks.ts'
import { textOption, type Options } from './define.ts'

/** `volume[:CLAIM]`, `s3://BUCKET/PREFIX` or `dir:/PATH`; `undefined` where the option was not given. Throws `input-invalid`. */
export function parseStoreOption(options: Options): StoreSpec | undefined {
  const text = textOption(options, 'store')
  if (text === undefined) return undefined
  if (text === 'volume') return { type: 'volume', claim: 'pawl-store' }
  if (text.startsWith('volume:') && text.length > 'volume:'.length)
    return { type: 'volume', claim: text.slice('volume:'.length) }
  if (text.startsWith('dir:/')) return { type: 'directory', path: text.slice('dir:'.length) }
  const s3 = /^s3:\/\/([^/]+)\/?(.*)$/.exec(text)
  if (s3?.[1] !== undefined) {
    const [endpoint, region, credentials] = [
      textOption(options, 'storeEndpoint'),
      textOption(options, 'storeRegion'),
      textOption(options, 'storeCredentials'),
    ]
    return {
      type: 's3',
      bucket: s3[1],
      prefix: (s3[2] ?? '').replace(/\/+$/, ''),
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(region === undefined ? {} : { region }),
      ...(credentials === undefined ? {} : { credentials }),
    }
  }
  throw new PawlError({
    code: 'input-invalid',
    message: `--store takes volume[:CLAIM], s3://BUCKET/PREFIX or dir:/PATH, got "${text}"`,
    unchanged: 'Nothing was changed.',
  })
}
