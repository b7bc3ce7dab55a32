// Which sets count: those whose stored bytes were restored and found equal to their source, and what somebody may accept instead.
import type { StoredProof } from '../data/housekeeping.ts'
import { RUNGS, type Rung } from '../data/tasks.ts'
import type { Refutation } from '../resources.ts'
import type { RunSpec } from '../run/run.ts'

/** Who accepts this by name lets an upgrade rest on a set that can show no more than `restored+`. */
export const BACKUP_PROVEN = 'backup-proven'

/** What was shown once stays shown: a proof that shows less than an earlier one takes nothing away. */
export function higherRung(left: Rung, right: Rung): Rung {
  return RUNGS.indexOf(left) < RUNGS.indexOf(right) ? right : left
}

/** Of several databases: what can be said of all of them. */
export function lowestRung(rungs: readonly Rung[]): Rung {
  return RUNGS.find((rung) => rungs.includes(rung)) ?? 'archived'
}

/** The newest proof that shows as much as its set counts for: what shows less makes no proven set look younger. */
export function standingProof<P extends { rung: Rung }>(proofs: readonly P[], rung: Rung): P | undefined {
  return proofs.findLast((proof) => !countsAsProven(rung) || countsAsProven(proof.rung))
}

/** What the proofs beside a set show together, oldest first: all that was shown since the last of them that failed, once that is answered. */
export function rungOfProofs(proofs: readonly Pick<StoredProof, 'rung' | 'refuted'>[]): Rung {
  if (standingRefutation(proofs) !== undefined) return 'archived'
  return proofs.reduce<Rung>(
    (rung, proof) => (proof.refuted === undefined ? higherRung(rung, proof.rung) : 'archived'),
    'archived',
  )
}

/** The last proof that failed, until one that compares the rows succeeds: counting them does not look where the fault was found. */
export function standingRefutation<P extends Pick<StoredProof, 'rung' | 'refuted'>>(
  proofs: readonly P[],
): P | undefined {
  const last = proofs.findLast(({ rung, refuted }) => refuted !== undefined || countsAsCompared(rung))
  return last?.refuted === undefined ? undefined : last
}

/** The same in words. */
export function refutationIn(proofs: readonly StoredProof[]): Refutation | undefined {
  const { at = '', refuted } = standingRefutation(proofs) ?? {}
  if (refuted === undefined) return undefined
  const { code, role, table, by } = refuted
  const where = [
    ...(table === undefined ? [] : [`table ${table}`]),
    ...(role === undefined ? [] : [`database ${role}`]),
  ]
  const what =
    code === 'backup-damaged' ? 'what is stored is not what was written' : 'it does not restore to what was backed up'
  return { at, by, why: [what, ...where].join(', ') }
}

export function countsAsProven(rung: string | undefined): boolean {
  return rung === 'proven' || rung === 'rehearsed'
}

/** Restored and compared: with the source, or at least with what was dumped of it. */
export function countsAsCompared(rung: string | undefined): boolean {
  return rung === 'restored+' || countsAsProven(rung)
}

/**
 * Whether this is what the run asked for. Less than `proven` is enough only where the source was to be spared, and in front of a point
 * of no return only by somebody's word.
 */
export function isEnoughFor({ kind, plan }: RunSpec, rung: string | undefined): boolean {
  if (countsAsProven(rung)) return true
  if (rung !== 'restored+' || kind === 'recovery' || plan.sourceLoad !== 'low') return false
  return kind === 'backup' || plan.accepted.some(({ gate }) => gate === BACKUP_PROVEN)
}
