// The files of the release in a set, decrypted: what stands beside the databases in a recovery pair.
import { posix } from 'node:path'
import { isPawlError, PawlError } from '../../core/errors.ts'
import type { Secret } from '../../core/secret.ts'
import { fetchDocument, type Vault } from '../archive.ts'
import { readSet } from './inspect.ts'

const RELEASE_FILE = /^release\/([A-Za-z0-9._-]+)\.age$/

/** By name. Throws `key-wrong` where the identity opens none of them, `backup-damaged` where one is not what was written. */
export async function readReleaseFiles(
  vault: Vault,
  identity: Secret,
  signal: AbortSignal,
): Promise<Record<string, Uint8Array>> {
  const { manifest } = await readSet(vault.store, vault.set, signal)
  const files: Record<string, Uint8Array> = {}
  for (const part of manifest.objects) {
    const name = RELEASE_FILE.exec(part.name)?.[1]
    if (name === undefined) continue
    try {
      files[name] = await fetchDocument(vault, part, identity, signal)
    } catch (error) {
      if (!isPawlError(error, 'key-wrong')) throw error
      throw new PawlError({
        code: 'key-wrong',
        message: `This identity does not open the set ${posix.basename(vault.set)}; it was encrypted to ${manifest.recipients.join(', ')}.`,
        unchanged: 'Nothing was changed.',
        cause: error,
      })
    }
  }
  return files
}
