// Remembers what a profile's rules said of a release, so that the next `pawl status` need not load their evaluator. One small file for
// each release; what is in it counts only for the very same profile, values and chart.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isRecord } from '../../core/json.ts'
import type { CelScope } from '../../core/profile/cel.ts'
import type { Known } from '../../core/plan/facts.ts'
import type { Profile } from '../../core/profile/profile.ts'
import type { StatusRules } from '../../steps/preflight/status-rules.ts'

/** Raised whenever StatusRules gets another shape: what an older program kept is no answer any more. */
const SHAPE = 3

export async function rememberedRules(
  path: string,
  digest: (text: string) => string,
  profile: Profile,
  scope: CelScope,
): Promise<StatusRules> {
  // Values hold passwords: only their digest is kept.
  const key = digest(JSON.stringify([SHAPE, profile, scope]))
  const kept = await readKept(path)
  if (kept !== undefined && kept.key === key) return kept.rules
  const { evaluateStatusRules } = await import('../../steps/preflight/status-rules.ts')
  const rules = await evaluateStatusRules(profile, scope)
  if (Object.values(rules).every((rule: Known<unknown>) => rule.known)) await keep(path, JSON.stringify({ key, rules }))
  return rules
}

async function readKept(path: string): Promise<{ key: unknown; rules: StatusRules } | undefined> {
  try {
    const kept: unknown = JSON.parse(await readFile(path, 'utf8'))
    return isRecord(kept) && isRecord(kept['rules'])
      ? { key: kept['key'], rules: kept['rules'] as unknown as StatusRules }
      : undefined
  } catch {
    // Missing or torn: it is made anew.
    return undefined
  }
}

async function keep(path: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await writeFile(`${path}.${process.pid}`, text, { mode: 0o600 })
    await rename(`${path}.${process.pid}`, path)
  } catch {
    // A home that cannot be written makes status slower, and nothing else.
  }
}
