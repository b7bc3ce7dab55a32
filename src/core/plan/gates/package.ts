// Gates about the customer package: what the vendor's own hook checks, and what it lets pass.
import { compareVersions, readVersion } from '../../versions/version.ts'
import type { Profile } from '../../profile/profile.ts'
import type { PlanFacts, RenderedFacts } from '../facts.ts'
import type { GateAnswer } from '../plan.ts'
import { answersOf } from './gate.ts'

/** What would do, and how to get it. */
function remedyFor(floor: string, { packages }: Profile): string {
  const get = packages === undefined ? 'get the newest' : 'get the newest with "pawl package download"'
  return `Any package of ${floor} or newer will do: ${get}, and pass its files with -f, in order.`
}

/** Fails closed: the vendor's hook passes where the version is missing. */
export function packageNewEnough({ cheap, profile }: PlanFacts): GateAnswer {
  const answers = answersOf('package-new-enough', 'package-too-old')
  if (cheap.package === undefined) return answers.pass('this product has no customer package')
  if (!cheap.package.known) return answers.unknown(cheap.package.why)
  const { version, floor } = cheap.package.value
  if (floor === '') return answers.pass(`the target asks for no package version; the values have ${version || 'none'}`)
  const needed = readVersion(floor, profile.versionScheme)
  if (needed === undefined)
    return answers.unknown(`the target asks for package ${JSON.stringify(floor)}, which is no version`)
  const remedy = remedyFor(floor, profile)
  if (version === '') return answers.refuse(`the values name no package version, the target needs ${floor}`, remedy)
  const given = readVersion(version, profile.versionScheme)
  if (given === undefined)
    return answers.refuse(`the values name package ${JSON.stringify(version)}, which is no version`, remedy)
  const said = `the values are of package ${version}, the target needs ${floor}`
  return compareVersions(given, needed) >= 0 ? answers.pass(said) : answers.refuse(said, remedy)
}

/**
 * The hook sorts texts with `sort -V` and wants the floor first: of two spellings of one day (`2025.09.1`, `2025.9.1`) the one
 * with a zero comes first.
 */
function hookSaysNo({ cheap, profile }: PlanFacts): string | undefined {
  if (cheap.package?.known !== true) return undefined
  const { version, floor } = cheap.package.value
  const [given, needed] = [version, floor].map((text) => readVersion(text, profile.versionScheme))
  if (given === undefined || needed === undefined || compareVersions(given, needed) !== 0) return undefined
  return version < floor ? `it takes package ${version} for older than ${floor}, because of the zeros` : undefined
}

function runsBefore(hook: RenderedFacts['hooks'][number]): boolean {
  return hook.events.includes('pre-upgrade')
}

/** What Helm runs before it changes anything: a hook that says no stops the upgrade with the release marked as failed. */
export function hookWillPass(facts: PlanFacts): GateAnswer {
  const answers = answersOf('hook-will-pass', 'package-too-old')
  const { rendered } = facts
  if (rendered === undefined || !rendered.known) return answers.unknown(rendered?.why ?? 'the target was not rendered')
  const jobs = rendered.value.hooks.filter((hook) => runsBefore(hook) && hook.kind === 'Job').map((hook) => hook.name)
  if (jobs.length === 0) return answers.pass('the target has no hook that runs before the upgrade')
  const verdict = packageNewEnough(facts)
  const named = `before the upgrade Helm runs ${jobs.join(', ')}`
  const remedy = verdict.remedy ?? `Write the package's version as the chart does: without leading zeros.`
  const no = verdict.answer === 'pass' ? hookSaysNo(facts) : verdict.evidence
  if (no === undefined) return answers.pass(`${named}; its package is new enough`)
  return answers.refuse(`${named}, which would say no: ${no}`, remedy)
}
