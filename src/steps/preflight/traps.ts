// Whether the traps a profile knows are there: its conditions over installed and target values, and over what the cluster holds.
import { PawlError } from '../../core/errors.ts'
import { valueOf } from '../../core/plan/facts.ts'
import type { Known } from '../../core/plan/facts.ts'
import type { CelScope } from '../../core/profile/cel.ts'
import type { ExpectedDatabase } from '../../core/profile/databases.ts'
import { findTraps } from '../../core/profile/traps.ts'
import type { LiveTraits, TrapReport } from '../../core/profile/traps.ts'
import type { PreflightDeps } from './deps.ts'
import { secretValue } from './live.ts'
import type { Look } from './live.ts'

/** Throws `unknown-state` where the target is not known. */
export async function trapsBetween(
  look: Look,
  { profile }: Pick<PreflightDeps, 'profile'>,
  { before, after }: { before: CelScope; after: Known<CelScope> },
  databases: Known<ExpectedDatabase[]>,
): Promise<TrapReport> {
  if (!after.known) throw new PawlError({ code: 'unknown-state', message: after.why })
  const live = await traitsOf(look, valueOf(databases) ?? [])
  return findTraps(profile, { ...after.value, before: { values: before.values, chart: before.chart }, live })
}

/** Reads passwords, and gives nothing of them but the answer. */
export async function traitsOf(look: Look, databases: readonly ExpectedDatabase[]): Promise<LiveTraits> {
  const passwordUrlSafe: Record<string, boolean> = {}
  for (const { target } of databases) {
    const { password } = target.login
    const value = password === undefined ? undefined : await secretValue(look, password)
    if (value !== undefined) passwordUrlSafe[target.role] = isUrlSafe(value.reveal())
  }
  return { passwordUrlSafe }
}

/** What may stand in the user part of a URL without being written as %XX (RFC 3986, 2.3 and 2.2: unreserved, sub-delims). */
function isUrlSafe(text: string): boolean {
  return /^[A-Za-z0-9._~!$&'()*+,;=-]*$/.test(text)
}
