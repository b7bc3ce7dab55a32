// The objects of one backup set in memory, to be damaged: as a disk or a network would, or as a faulty writer would, whose
// manifest agrees with what it wrote.
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { ageCipher } from '../../src/adapters/age/cipher.ts'
import { secret } from '../../src/core/secret.ts'
import { manifestBytes, parseManifest, sha256Of, type Manifest, type StoredPart } from '../../src/data/manifest.ts'

const cipher = ageCipher()

export interface StoredSet {
  /** Directory in the store. */
  name: string
  /** By name in the store; changed in place. */
  objects: Map<string, Buffer>
  keys: { identity: string; recipient: string }
}

export function copyOf(set: StoredSet): StoredSet {
  return { ...set, objects: new Map(set.objects) }
}

export function manifestOf(set: StoredSet): Manifest {
  return parseManifest(set.objects.get(`${set.name}/manifest.json`) ?? Buffer.alloc(0), set.name)
}

function writeManifest(set: StoredSet, manifest: Manifest): void {
  set.objects.set(`${set.name}/manifest.json`, Buffer.from(manifestBytes(manifest)))
}

/** The dump's files with rows in them, biggest first. */
export function dataParts(set: StoredSet): StoredPart[] {
  return manifestOf(set)
    .objects.filter((part) => /\/\d+\.dat\.gz\.age$/.test(part.name))
    .toSorted((left, right) => right.plainBytes - left.plainBytes)
}

export async function plainOf(set: StoredSet, part: string): Promise<Buffer> {
  const stored = set.objects.get(`${set.name}/${part}`)
  if (stored === undefined) throw new Error(`there is no ${part}`)
  return await buffer(await cipher.decrypt(Readable.from([stored]), secret(set.keys.identity)))
}

/** Writes one object anew, under another name where one is given, and lets the manifest agree. */
export async function rewrite(set: StoredSet, part: string, plain: Uint8Array, as = part): Promise<void> {
  const sealed = await buffer(await cipher.encrypt(plain, [set.keys.recipient]))
  const manifest = manifestOf(set)
  set.objects.delete(`${set.name}/${part}`)
  set.objects.set(`${set.name}/${as}`, sealed)
  const entry: StoredPart = {
    name: as,
    sizeBytes: sealed.length,
    sha256: sha256Of(sealed),
    plainBytes: plain.length,
    plainSha256: sha256Of(plain),
  }
  const objects = manifest.objects.map((object) => (object.name === part ? entry : object))
  writeManifest(set, { ...manifest, objects })
}

/** The object is gone, and the manifest does not know of it. */
export function forget(set: StoredSet, part: string): void {
  const manifest = manifestOf(set)
  set.objects.delete(`${set.name}/${part}`)
  writeManifest(set, { ...manifest, objects: manifest.objects.filter((object) => object.name !== part) })
}
