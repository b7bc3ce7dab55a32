// Tasks as they arrive from outside: checked once, here.
import { z } from 'zod'
import { MAX_SUFFIX_BYTES } from '../core/data/copies.ts'
import { LEAST_RATE, MOST_JOBS } from '../core/data/effort.ts'
import { RUNGS, type DataTask } from '../core/data/tasks.ts'
import { PawlError } from '../core/errors.ts'

const filled = z.string().min(1)
const reach = {
  endpoint: filled.optional(),
  credentials: filled.optional(),
  ca: filled.optional(),
  proxy: filled.optional(),
  serviceAccount: filled.optional(),
  quotaBytes: z.number().positive().optional(),
}

const secretRef = z.strictObject({ secret: z.string().min(1), key: z.string().min(1) })
const login = { user: z.string().min(1), password: secretRef.optional() }

const database = z.strictObject({
  role: z.string().regex(/^[a-z0-9][a-z0-9-]*$/),
  host: z.string().min(1),
  port: z.number().int().min(1).max(65535),
  database: z.string().min(1),
  login: z.strictObject(login),
  admin: z.strictObject({ ...login, database: z.string().min(1) }).optional(),
  tls: z.enum(['disable', 'require']),
  migrations: z.strictObject({ table: z.string().min(1), column: z.string().min(1) }),
})

const prefixed = { prefix: z.string(), ...reach }

const store = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('volume'), claim: z.string() }),
  z.strictObject({ type: z.literal('directory'), path: filled }),
  z.strictObject({ type: z.literal('s3'), bucket: filled, region: z.string().optional(), ...prefixed }),
  z.strictObject({ type: z.literal('gcs'), bucket: filled, ...prefixed }),
  z.strictObject({ type: z.literal('azure'), account: filled, container: filled, ...prefixed }),
])

const databases = z.array(database).min(1)
const effort = {
  jobs: z.number().int().min(1).max(MOST_JOBS).optional(),
  maxRate: z.number().int().min(LEAST_RATE).optional(),
}
const suffix = z
  .string()
  .max(MAX_SUFFIX_BYTES)
  .regex(/^[a-z0-9_-]+$/)
const reachOfRegistries = z.strictObject({
  logins: z.array(secretRef),
  ca: filled.optional(),
  proxy: filled.optional(),
  plainHttp: z.array(filled).optional(),
})
const images = z.strictObject({
  of: z.array(z.strictObject({ image: filled, digest: z.string().optional(), others: z.array(z.string()).optional() })),
  platforms: z.union([z.literal('all'), z.array(filled).min(1)]),
  reach: reachOfRegistries,
})
/** Becomes a directory of the store. */
const set = z.string().regex(/^(?!.*(?:^|\/)\.{1,2}(?:\/|$))[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/)
const inSet = { set, store }

const wantedFloor = {
  product: filled,
  release: filled,
  appVersion: filled,
  floor: filled,
  run: filled,
  recoveryEpoch: z.number().int().nonnegative(),
}
const floorWrite = z.discriminatedUnion('how', [
  z.strictObject({
    how: z.literal('raise'),
    floor: z.strictObject(wantedFloor),
    scheme: z.enum(['calver', 'semver']),
    keepEpoch: z.literal(true).optional(),
  }),
  z.strictObject({ how: z.literal('set'), floor: z.strictObject(wantedFloor) }),
  z.strictObject({ how: z.literal('remove') }),
])
const seenFloor = z.strictObject({
  role: filled,
  floor: z
    .strictObject({ ...wantedFloor, at: filled })
    .nullable()
    .optional(),
  why: z.string().optional(),
})

const proofNote = z.discriminatedUnion('found', [
  z.strictObject({
    found: z.literal('rehearsed'),
    manifestSha256: filled,
    rehearsal: z.strictObject({ run: filled, seconds: z.number().nonnegative() }),
    databases: z.array(z.strictObject({ role: filled, rung: z.enum(RUNGS), notCovered: z.array(z.string()) })),
  }),
  z.strictObject({
    found: z.literal('refuted'),
    finding: z.strictObject({
      code: z.enum(['proof-mismatch', 'backup-damaged']),
      role: filled.optional(),
      table: filled.optional(),
      by: filled,
    }),
  }),
])

const taskSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('observe'),
    databases,
    until: z.literal('quiet').optional(),
    timeoutMs: z.number().int().nonnegative().optional(),
  }),
  z.strictObject({ kind: z.literal('activity'), databases, timeoutMs: z.number().int().nonnegative().optional() }),
  z.strictObject({
    kind: z.literal('backup'),
    databases,
    recipients: z.array(z.string()).min(1),
    releaseFiles: z.string().min(1).optional(),
    about: z.record(z.string(), z.string()),
    sourceLoad: z.literal('low').optional(),
    images: images.optional(),
    ...effort,
    ...inSet,
  }),
  z.strictObject({
    kind: z.literal('prove'),
    identity: secretRef,
    rung: z.literal('restored').optional(),
    ...effort,
    ...inSet,
  }),
  z.strictObject({ kind: z.literal('restore'), databases, identity: secretRef, suffix, ...effort, ...inSet }),
  z.strictObject({
    kind: z.literal('swap'),
    databases,
    newSuffix: suffix,
    oldSuffix: suffix,
    expect: z.record(z.string(), z.string()),
  }),
  z.strictObject({
    kind: z.literal('floor'),
    databases,
    write: floorWrite.optional(),
    watch: z.strictObject({ known: z.array(seenFloor), forMs: z.number().int().nonnegative() }).optional(),
  }),
  z.strictObject({ kind: z.literal('check-store'), store }),
  z.strictObject({ kind: z.literal('prove-beside'), databases, identity: secretRef, suffix, ...effort, ...inSet }),
  z.strictObject({ kind: z.literal('compare'), databases, identity: secretRef, ...effort, ...inSet }),
  z.strictObject({ kind: z.literal('list-copies'), databases }),
  z.strictObject({ kind: z.literal('drop-copies'), databases, suffix, set }),
  z.strictObject({ kind: z.literal('survey'), store, under: set, strandedBefore: filled.exactOptional() }),
  z.strictObject({ kind: z.literal('release-files'), ...inSet }),
  z.strictObject({ kind: z.literal('copy-set'), to: store, page: z.boolean(), maxRate: effort.maxRate, ...inSet }),
  z.strictObject({ kind: z.literal('inspect'), read: z.enum(['manifest', 'everything']), ...inSet }),
  z.strictObject({ kind: z.literal('note-proof'), note: proofNote, ...inSet }),
  z.strictObject({
    kind: z.literal('take-images'),
    to: store,
    identity: secretRef,
    maxRate: effort.maxRate,
    ...inSet,
  }),
  z.strictObject({
    kind: z.literal('push-images'),
    registry: z.strictObject({ host: filled, path: z.string() }),
    reach: reachOfRegistries,
    identity: secretRef,
    maxRate: effort.maxRate,
    ...inSet,
  }),
  z.strictObject({
    kind: z.literal('prune'),
    store,
    under: set,
    sets: z.array(set),
    leftovers: z.array(set),
    before: filled,
    keeper: set.optional(),
  }),
])

/** Throws `input-invalid` with the path of the first thing that is wrong. */
export function parseTask(text: string): DataTask {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new PawlError({ code: 'input-invalid', message: 'The task is not JSON.', cause })
  }
  const result = taskSchema.safeParse(value)
  // A missing key and `undefined` are different things to our types and the same to zod.
  if (result.success) return result.data as DataTask
  const first = result.error.issues[0]
  throw new PawlError({
    code: 'input-invalid',
    message: `The task is not valid at "${first?.path.join('.') ?? ''}": ${first?.message ?? ''}.`,
  })
}
