// Reads a backup set back from the store; nothing of it is used before it was checked against the manifest.
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { DatabaseEvidence, SecretRef, StoreSpec } from '../core/data/tasks.ts'
import { isPawlError, PawlError } from '../core/errors.ts'
import type { Secret } from '../core/secret.ts'
import type { WorkDir } from '../ports/workdir.ts'
import { fetchDocument, fetchPart, type Vault } from './archive.ts'
import type { DataDeps, TaskContext } from './deps.ts'
import { IMAGES } from './images/keep.ts'
import { foldDigests, partsAgree, sumRows } from './digest.ts'
import {
  MANIFEST,
  parseDigests,
  parseGlobals,
  parseManifest,
  placeOf,
  sha256Of,
  type Digests,
  type Globals,
  type Manifest,
  type StoredPart,
} from './manifest.ts'
import { packedObjects, type PackedObjects } from './packed-objects.ts'
import { inParallel, together } from './parallel.ts'
import { schemaDigest } from './schema-text.ts'

const READS_AT_ONCE = 3

/** What a task says of the set that it reads. */
interface SetTask {
  store: StoreSpec
  set: string
  identity: SecretRef
}

export interface StoredSet {
  /** Of its objects: where they lie. */
  vault: Vault
  identity: Secret
  manifest: Manifest
  manifestSha256: string
}

export interface StoredDatabase {
  evidence: DatabaseEvidence
  digests: Digests
  globals: Globals
  /** The dump's files in the store. */
  parts: StoredPart[]
}

function damaged(set: string, why: string): PawlError {
  return new PawlError({ code: 'backup-damaged', message: `${set}: ${why}.`, facts: { set } })
}

/** Throws `backup-not-found` where the set has no manifest, `backup-damaged` where it is not one of this set. */
export async function openSet(task: SetTask, deps: DataDeps, signal: AbortSignal): Promise<StoredSet> {
  const identity = await deps.secrets.resolve(task.identity)
  const vault: Vault = { store: await deps.openStore(task.store), cipher: deps.cipher, set: task.set }
  const name = `${vault.set}/${MANIFEST}`
  let bytes: Uint8Array
  try {
    bytes = await buffer(await vault.store.get(name, signal))
  } catch (error) {
    if (!isPawlError(error, 'backup-damaged')) throw error
    const message = `${vault.store.where} has no finished backup set ${vault.set}: its manifest is missing.`
    throw new PawlError({ code: 'backup-not-found', message, facts: { set: vault.set }, cause: error })
  }
  const manifest = parseManifest(bytes, vault.set)
  const inside = { ...vault, set: placeOf(manifest) }
  await checkPresent(inside, manifest, signal)
  return { vault: inside, identity, manifest, manifestSha256: sha256Of(bytes) }
}

/** Every object of the manifest is there with its size, before anything long begins. */
async function checkPresent(vault: Vault, manifest: Manifest, signal: AbortSignal): Promise<void> {
  const there = new Map(
    (await vault.store.list(`${vault.set}/`, signal)).map((object) => [object.name, object.sizeBytes]),
  )
  for (const part of manifest.objects) {
    const name = `${vault.set}/${part.name}`
    // A listing may lag behind what was written last; asked for by name, an object is there or is not.
    const size = there.get(name) ?? (await vault.store.head(name, signal))?.sizeBytes
    if (size === undefined) throw damaged(vault.set, `the object ${part.name} is missing in the store`)
    if (size !== part.sizeBytes)
      throw damaged(vault.set, `the object ${part.name} has ${size} bytes, expected ${part.sizeBytes}`)
  }
}

/** pg_restore's table of contents of a database's dump. */
function contentsOf(role: string): string {
  return `${role}/data/toc.dat.age`
}

function partNamed(set: StoredSet, name: string): StoredPart {
  const part = set.manifest.objects.find((object) => object.name === name)
  if (part === undefined) throw damaged(set.vault.set, `the manifest names no ${name}`)
  return part
}

/** The detail documents of one database, which must add up to what the manifest says of it. */
export async function readDatabase(
  set: StoredSet,
  evidence: DatabaseEvidence,
  signal: AbortSignal,
): Promise<StoredDatabase> {
  const { role } = evidence
  const [digestsName, globalsName] = [`${role}/digests.json.age`, `${role}/globals.json.age`]
  const digests = parseDigests(
    await fetchDocument(set.vault, partNamed(set, digestsName), set.identity, signal),
    digestsName,
  )
  const globals = parseGlobals(
    await fetchDocument(set.vault, partNamed(set, globalsName), set.identity, signal),
    globalsName,
  )
  // For a person to read; nothing here is made of it.
  await fetchDocument(set.vault, partNamed(set, `${role}/globals.sql.age`), set.identity, signal)
  if (digests.role !== role || globals.role !== role)
    throw damaged(set.vault.set, `the documents of ${role} belong to another database`)
  const agree =
    foldDigests(digests.tables) === evidence.digest &&
    sumRows(digests.tables) === evidence.rows &&
    schemaDigest(digests.schema) === evidence.schemaDigest &&
    digests.tables.every(partsAgree)
  if (!agree) throw damaged(set.vault.set, `the digests of ${role} are not those of the manifest`)
  const parts = set.manifest.objects.filter((object) => object.name.startsWith(`${role}/data/`))
  if (!parts.some((part) => part.name === contentsOf(role)))
    throw damaged(set.vault.set, `${role} has no table of contents`)
  return { evidence, digests, globals, parts }
}

/** Says how much of these parts has come; each database's dump is counted by itself, so that it has an end. */
function fetchCount(context: TaskContext, parts: readonly StoredPart[], role?: string): (bytes: number) => void {
  const bytesTotal = parts.reduce((sum, part) => sum + part.sizeBytes, 0)
  let bytes = 0
  return (more) => {
    bytes += more
    context.report({ phase: 'fetch', ...(role === undefined ? {} : { role }), bytes, bytesTotal })
  }
}

/** A dump in the work directory. */
export interface FetchedDump {
  /** Of its directory. */
  name: string
  /** Those that have no files in it yet. */
  objects: PackedObjects
}

export interface FetchDumpOptions {
  /** No proof: of what is compared as rows, the stored bytes are looked at and the decrypted ones are not. */
  recovering?: boolean
  /** What the dump's table of contents is enough for, meanwhile. */
  begin?: (dump: FetchedDump, signal: AbortSignal) => Promise<void>
}

/** Decrypts a database's dump into the work directory; the dump is there when `begin` has ended too. */
export async function fetchDump(
  set: StoredSet,
  database: StoredDatabase,
  work: WorkDir,
  context: TaskContext,
  { begin, recovering = false }: FetchDumpOptions = {},
): Promise<FetchedDump> {
  const { role } = database.evidence
  const count = fetchCount(context, database.parts, role)
  const directory = `archive-${role}`
  const objects = packedObjects(work, directory)
  const dump = { name: directory, objects }
  const fetch = async (part: StoredPart, signal: AbortSignal): Promise<void> => {
    const file = part.name.slice(`${role}/data/`.length).replace(/\.age$/, '')
    const write = (plain: Readable): Promise<void> => work.write(`${directory}/${file}`, plain, signal)
    const unpack = async (plain: Readable): Promise<void> => await objects.add(file, await buffer(plain), signal)
    await fetchPart(set.vault, part, set.identity, signal, file.endsWith('.tar') ? unpack : write, {
      onBytes: count,
      // Not all that the table of contents says can be seen in what is made of it.
      comparedLater: recovering && part.name !== contentsOf(role),
    })
  }
  const contents = database.parts.filter(({ name }) => name === contentsOf(role))
  const others = database.parts.filter(({ name }) => name !== contentsOf(role))
  const biggestFirst = others.toSorted((left, right) => right.sizeBytes - left.sizeBytes)
  for (const part of contents) await fetch(part, context.signal)
  await together<[void, void]>(context.signal, [
    (signal) => inParallel(biggestFirst, READS_AT_ONCE, signal, fetch),
    async (signal) => await begin?.(dump, signal),
  ])
  return dump
}

/** The release's files, and its images where the set holds them: read, decrypted and compared, then forgotten. */
export async function checkReleaseFiles(set: StoredSet, context: TaskContext): Promise<void> {
  const parts = set.manifest.objects.filter(({ name }) => name.startsWith('release/') || name.startsWith(IMAGES))
  const count = fetchCount(context, parts)
  await inParallel(parts, READS_AT_ONCE, context.signal, async (part, signal) => {
    await fetchPart(
      set.vault,
      part,
      set.identity,
      signal,
      async (plain) => {
        for await (const _ of plain) signal.throwIfAborted()
      },
      { onBytes: count },
    )
  })
}
