// The documents of a backup set. `manifest.json` is written last and only once: a set without it is no backup. It ends with a
// checksum of itself, for everything else of a set is checked against it. Version 1.
import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { DatabaseEvidence } from '../core/data/tasks.ts'
import { PawlError } from '../core/errors.ts'
import { PARTS } from './digest.ts'

export const MANIFEST = 'manifest.json'

const decimal = z.string().regex(/^-?\d+$/)
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const imageDigest = z.string().regex(/^sha256:[0-9a-f]{64}$/)
/** A name inside the set: no way out of it, whoever wrote the manifest. */
const objectName = z.string().regex(/^(?!.*(?:^|\/)\.{1,2}(?:\/|$))[A-Za-z0-9._+=@,-]+(?:\/[A-Za-z0-9._+=@,-]+)*$/)

const storedObject = z.object({
  name: objectName,
  /** As stored, encrypted. */
  sizeBytes: z.number().int().nonnegative(),
  sha256,
  /** Before encryption. */
  plainBytes: z.number().int().nonnegative(),
  plainSha256: sha256,
})

const evidence = z.object({
  role: z.string(),
  database: z.string(),
  serverVersion: z.string(),
  serverMajor: z.number().int(),
  snapshotAt: z.string(),
  tables: z.number().int(),
  rows: decimal,
  digest: sha256,
  schemaDigest: sha256,
  archiveBytes: z.number().int(),
  sizeBytes: z.number().int(),
  writeCounter: decimal,
  schemaFingerprint: sha256,
  placement: sha256,
  migrations: z.array(z.string()).optional(),
})

const manifestSchema = z.object({
  version: z.literal(1),
  set: z.string(),
  /** Directory of the set that its objects lie in; absent where they lie in the set's own. */
  below: z
    .string()
    .regex(/^try-\d{1,4}$/)
    .exactOptional(),
  createdAt: z.string(),
  finishedAt: z.string(),
  tool: z.object({
    pawl: z.string(),
    pgDump: z.record(z.string(), z.string()),
    compression: z.record(z.string(), z.string()),
  }),
  recipients: z.array(z.string()).min(1),
  about: z.record(z.string(), z.string()),
  snapshotSpreadMs: z.number(),
  databases: z.array(evidence).min(1),
  /** Those whose bytes the set holds; absent where it was not asked to hold any. */
  images: z
    .array(
      z.object({
        image: z.string(),
        digest: imageDigest,
        kept: imageDigest,
        platforms: z.array(z.string()),
        others: z.array(imageDigest).exactOptional(),
      }),
    )
    .exactOptional(),
  objects: z.array(storedObject).min(1),
})

/** `rows low/high`, one for each part. */
const partsOfTable = z.array(z.string().regex(/^\d+ -?\d+\/-?\d+$/)).length(PARTS)

const digestsSchema = z.object({
  version: z.literal(1),
  role: z.string(),
  tables: z.array(
    z.object({ table: z.string(), rows: decimal, digest: z.string(), parts: partsOfTable.exactOptional() }),
  ),
  views: z.array(z.object({ table: z.string(), populated: z.boolean(), rows: decimal, digest: z.string() })),
  sequences: z.array(
    z.object({ sequence: z.string(), before: decimal, after: decimal, increment: decimal, cycle: z.boolean() }),
  ),
  /**
   * `rows`: digests are of what the source held. `lines`: of the lines of the dump, and in the source rows were only counted; then
   * `columns` has those of each table, in the dump's order.
   */
  method: z.enum(['rows', 'lines']),
  columns: z.record(z.string(), z.array(z.string())).exactOptional(),
  /** Owners and rights of large objects, which the schema does not have. */
  largeObjectRights: z.string(),
  /** Tables with generated columns: a difference there may come from an expression that is not the same everywhere. */
  generated: z.array(z.string()),
  /** Of the indexes of a table, where they are worth mentioning: a restore begins with what takes longest. */
  indexBytes: z.record(z.string(), z.number()).exactOptional(),
  /** Canonical text of the dumped schema. */
  schema: z.string(),
  notCovered: z.array(z.string()),
})

const globalsSchema = z.object({
  version: z.literal(1),
  role: z.string(),
  database: z.object({
    name: z.string(),
    owner: z.string(),
    encoding: z.string(),
    collate: z.string(),
    ctype: z.string(),
    /** `c` libc, `i` ICU, `b` built in. */
    provider: z.enum(['c', 'i', 'b']),
    locale: z.string().nullable(),
    /** Of ICU, added to those of the locale. */
    rules: z.string().nullable(),
    /** Somebody's own, not Pawl's. */
    comment: z.string().nullable(),
    /** Under which its indexes were made, and of the library that the server has; the two may part. */
    collationVersion: z.string().nullable(),
    actualCollationVersion: z.string().nullable(),
    tablespace: z.string(),
    connectionLimit: z.number().int(),
    /** Absent: the default rights. */
    grants: z.array(z.object({ grantee: z.string(), privilege: z.string(), grantable: z.boolean() })).nullable(),
  }),
  settings: z.array(z.object({ role: z.string().nullable(), setting: z.string(), value: z.string() })),
  /** Of roles in every database. */
  roleSettings: z.array(z.object({ role: z.string(), setting: z.string(), value: z.string() })),
  bootstrap: z.string(),
  /** Whether the login could read them. */
  passwords: z.boolean(),
  roles: z.array(
    z.object({
      name: z.string(),
      attributes: z.array(z.string()),
      connectionLimit: z.number().int(),
      validUntil: z.string().nullable(),
      /** As the server keeps it (SCRAM or MD5), never in clear. */
      password: z.string().exactOptional(),
    }),
  ),
  memberships: z.array(
    z.object({
      role: z.string(),
      member: z.string(),
      admin: z.boolean(),
      inherit: z.boolean().exactOptional(),
      set: z.boolean().exactOptional(),
    }),
  ),
  /** Those that something of this database lies in. */
  tablespaces: z.array(z.object({ name: z.string(), owner: z.string(), location: z.string() })),
  /** Of the database's own collations: under which version each was made, and which the server has. */
  collations: z.array(z.object({ name: z.string(), version: z.string(), actual: z.string().nullable() })),
  extensions: z.record(z.string(), z.string()),
})

export type StoredPart = z.infer<typeof storedObject>
export type Manifest = Omit<z.infer<typeof manifestSchema>, 'databases'> & { databases: DatabaseEvidence[] }
export type Digests = z.infer<typeof digestsSchema>
export type Globals = z.infer<typeof globalsSchema>

/** The directory that the objects of a set lie in: manifest and proofs always lie in the set's own. */
export function placeOf({ set, below }: Pick<Manifest, 'set' | 'below'>): string {
  return below === undefined ? set : `${set}/${below}`
}

function damaged(name: string, why: string): PawlError {
  return new PawlError({
    code: 'backup-damaged',
    message: `${name} is not what was written: ${why}.`,
    facts: { object: name },
  })
}

function parse<T>(schema: z.ZodType<T>, name: string, bytes: Uint8Array): T {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw damaged(name, 'it is not JSON')
  }
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const first = result.error.issues[0]
  throw damaged(name, `${first?.path.join('.') ?? ''}: ${first?.message ?? 'unknown form'}`)
}

/** The manifest as it is stored. */
export function manifestBytes(manifest: Manifest): Uint8Array {
  return toBytes({ ...manifest, checksum: sha256Of(toBytes(manifest)) })
}

/** True where every byte is as `manifestBytes` wrote it: nothing, not even a blank, may differ. */
function isWhole(bytes: Uint8Array): boolean {
  const written = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>
  const { checksum, ...manifest } = written
  return checksum === sha256Of(toBytes(manifest)) && Buffer.compare(toBytes(written), bytes) === 0
}

/** Throws `backup-damaged` where the bytes are no manifest, not what was written, or the manifest of another set. */
export function parseManifest(bytes: Uint8Array, set: string): Manifest {
  const manifest = parse(manifestSchema, `${set}/${MANIFEST}`, bytes)
  if (!isWhole(bytes)) throw damaged(`${set}/${MANIFEST}`, 'its checksum does not fit')
  if (manifest.set !== set) throw damaged(`${set}/${MANIFEST}`, `it belongs to the set ${manifest.set}`)
  const names = new Set(manifest.objects.map((object) => object.name))
  if (names.size !== manifest.objects.length) throw damaged(`${set}/${MANIFEST}`, 'it names an object twice')
  // A missing key and `undefined` are different things to our types and the same to zod.
  return manifest as Manifest
}

export function parseDigests(bytes: Uint8Array, name: string): Digests {
  return parse(digestsSchema, name, bytes)
}

export function parseGlobals(bytes: Uint8Array, name: string): Globals {
  return parse(globalsSchema, name, bytes)
}

export function toBytes(document: Manifest | Digests | Globals | object): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(document, undefined, 1)}\n`)
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
