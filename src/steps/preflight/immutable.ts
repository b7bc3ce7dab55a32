// Whether the values that must stay do stay, wherever they are kept.
import { PawlError } from '../../core/errors.ts'
import type { Known } from '../../core/plan/facts.ts'
import type { CelScope } from '../../core/profile/cel.ts'
import { compareImmutables, refsOf } from '../../core/profile/immutable.ts'
import { secretValue } from './live.ts'
import type { Look } from './live.ts'

/** Paths that would change. Throws `unknown-state` where one cannot be told. */
export async function changedImmutables(
  look: Look,
  paths: readonly string[],
  before: CelScope,
  after: Known<CelScope>,
): Promise<string[]> {
  if (!after.known) throw new PawlError({ code: 'unknown-state', message: after.why })
  const refs = refsOf(paths, before.values, after.value.values)
  const read = new Map(
    await Promise.all(refs.map(async (ref) => [`${ref.secret}/${ref.key}`, await secretValue(look, ref)] as const)),
  )
  const report = compareImmutables(paths, before.values, after.value.values, ({ secret, key }) =>
    read.get(`${secret}/${key}`),
  )
  if (report.changed.length === 0 && report.unknown.length > 0)
    throw new PawlError({ code: 'unknown-state', message: report.unknown.join('; ') })
  return report.changed
}
