// Reads the proofs that lie beside a set, in the order in which they were written.
import { buffer } from 'node:stream/consumers'
import { z } from 'zod'
import type { StoredProof } from '../../core/data/housekeeping.ts'
import { RUNGS } from '../../core/data/tasks.ts'
import type { ObjectStore, StoredObject } from '../../ports/store.ts'

const PROOF = /^proof-(\d+)\.json$/

const proofSchema = z.object({
  manifestSha256: z.string(),
  rung: z.enum(RUNGS),
  at: z.string(),
  databases: z.array(z.object({ role: z.string(), notCovered: z.array(z.string()) })),
  rehearsal: z.object({ run: z.string(), seconds: z.number() }).exactOptional(),
  refuted: z
    .object({
      code: z.enum(['proof-mismatch', 'backup-damaged']),
      role: z.string().exactOptional(),
      table: z.string().exactOptional(),
      by: z.string(),
    })
    .exactOptional(),
})

/** By its name inside the set. */
export function isProof(name: string): boolean {
  return PROOF.test(name)
}

/** A listing may lag behind: after the last proof that it names, the next ones are asked for by name until one is absent. */
export async function unlistedProofs(
  store: ObjectStore,
  { set, names }: Pick<ProofsOf, 'set' | 'names'>,
  signal: AbortSignal,
): Promise<StoredObject[]> {
  const found: StoredObject[] = []
  const last = [...names].filter(isProof).reduce((highest, name) => Math.max(highest, numberOf(name)), 0)
  for (;;) {
    const next = await store.head(`${set}/proof-${last + found.length + 1}.json`, signal)
    if (next === undefined) return found
    found.push(next)
  }
}

interface ProofsOf {
  set: string
  manifestSha256: string
  /** Names inside the set. */
  names: Iterable<string>
}

export async function readProofs(
  store: ObjectStore,
  { set, manifestSha256, names }: ProofsOf,
  signal: AbortSignal,
): Promise<StoredProof[]> {
  const proofs: StoredProof[] = []
  // By number, which nobody's clock has a say in.
  for (const name of [...names].filter(isProof).toSorted((left, right) => numberOf(left) - numberOf(right))) {
    const proof = await readProof(store, `${set}/${name}`, signal)
    // A proof of other bytes proves nothing about these.
    if (proof?.manifestSha256 !== manifestSha256) continue
    const { rung, at, databases, rehearsal, refuted } = proof
    const notCovered = Object.fromEntries(databases.map((database) => [database.role, database.notCovered]))
    const more = { ...(rehearsal === undefined ? {} : { rehearsal }), ...(refuted === undefined ? {} : { refuted }) }
    proofs.push({ name, rung, at, notCovered, ...more })
  }
  return proofs
}

function numberOf(name: string): number {
  return Number(PROOF.exec(name)?.[1])
}

/** Undefined where it is no proof that this version understands. */
async function readProof(
  store: ObjectStore,
  name: string,
  signal: AbortSignal,
): Promise<z.infer<typeof proofSchema> | undefined> {
  const text = (await buffer(await store.get(name, signal))).toString()
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  return proofSchema.safeParse(value).data
}
