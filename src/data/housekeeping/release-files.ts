// The files of the release in a set: what stands beside the databases in a recovery pair. Carried, as they are stored, to who has the
// key, and decrypted there.
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { CarriedPart } from '../../core/data/housekeeping.ts'
import type { ResultOf, TaskOf } from '../../core/data/tasks.ts'
import { isPawlError, PawlError } from '../../core/errors.ts'
import type { Secret } from '../../core/secret.ts'
import type { Cipher } from '../../ports/cipher.ts'
import type { ObjectStore } from '../../ports/store.ts'
import { fetchDocument, type Vault } from '../archive.ts'
import type { DataDeps, TaskContext } from '../deps.ts'
import { placeOf, type StoredPart } from '../manifest.ts'
import { readSet } from './inspect.ts'

const RELEASE_FILE = /^release\/([A-Za-z0-9._-]+)\.age$/
/** A Secret holds less than 1 MiB, and so do the files that were once in one; a result travels through the log of a Job. */
const MOST_CARRIED_BYTES = 4 * 1024 * 1024

/** By name. Throws `key-wrong` where the identity opens none of them, `backup-damaged` where one is not what was written. */
async function openFiles(
  vault: Vault,
  { objects, recipients }: { objects: readonly StoredPart[]; recipients: readonly string[] },
  identity: Secret,
  signal: AbortSignal,
): Promise<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {}
  for (const part of objects) {
    const name = RELEASE_FILE.exec(part.name)?.[1]
    if (name === undefined) continue
    try {
      files[name] = await fetchDocument(vault, part, identity, signal)
    } catch (error) {
      if (!isPawlError(error, 'key-wrong')) throw error
      throw new PawlError({
        code: 'key-wrong',
        message: `This identity does not open the set in ${vault.set}; it was encrypted to ${recipients.join(', ')}.`,
        unchanged: 'Nothing was changed.',
        cause: error,
      })
    }
  }
  return files
}

/** As they are stored: nothing is decrypted, so that nothing secret is in the result. */
export async function runReleaseFiles(
  task: TaskOf<'release-files'>,
  deps: DataDeps,
  { signal }: TaskContext,
): Promise<ResultOf<'release-files'>> {
  const store = await deps.openStore(task.store)
  const { manifest } = await readSet(store, task.set, signal)
  const wanted = manifest.objects.filter((part) => RELEASE_FILE.test(part.name))
  if (wanted.reduce((sum, part) => sum + part.sizeBytes, 0) > MOST_CARRIED_BYTES)
    throw new PawlError({
      code: 'input-invalid',
      message: `The release's files of ${task.set} are too large to be carried.`,
    })
  const parts: CarriedPart[] = []
  for (const part of wanted) {
    const bytes = await buffer(await store.get(`${placeOf(manifest)}/${part.name}`, signal))
    const { name, sizeBytes, sha256, plainBytes, plainSha256 } = part
    parts.push({ name, sizeBytes, sha256, plainBytes, plainSha256, base64: bytes.toString('base64') })
  }
  return { recipients: manifest.recipients, parts }
}

/** What `runReleaseFiles` has carried, checked and decrypted as if it came from the store. */
export async function openCarried(
  { recipients, parts }: ResultOf<'release-files'>,
  opener: { cipher: Cipher; set: string; where: string },
  identity: Secret,
  signal: AbortSignal,
): Promise<Record<string, Uint8Array>> {
  const { cipher, set, where } = opener
  const vault = { cipher, set, store: carriedStore(where, set, parts) }
  return await openFiles(vault, { objects: parts, recipients }, identity, signal)
}

/** Holds what was carried, to be read. */
function carriedStore(where: string, set: string, parts: readonly CarriedPart[]): ObjectStore {
  const none = (): Promise<never> =>
    Promise.reject(new PawlError({ code: 'internal', message: `${where} is not reached from here` }))
  return {
    where,
    put: none,
    head: none,
    list: none,
    remove: none,
    stranded: none,
    freeBytes: none,
    get: (name) => {
      const part = parts.find((one) => `${set}/${one.name}` === name)
      return part === undefined ? none() : Promise.resolve(Readable.from([Buffer.from(part.base64, 'base64')]))
    },
  }
}
