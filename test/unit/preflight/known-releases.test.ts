// What is known of a product's releases besides the chart source takes part in plan and status.
import { expect, test } from 'vitest'
import { buildPlan, refusalOf } from '../../../src/core/plan/build.ts'
import type { KnownRelease } from '../../../src/core/releases/release.ts'
import { readStatus } from '../../../src/steps/preflight/status.ts'
import { beginStatusReads } from '../../../src/steps/preflight/status-reads.ts'
import { gatherFacts } from '../../../src/steps/preflight/upgrade.ts'
import { tally } from '../../../src/profiles/tally/profile.ts'
import { NAMESPACE, world } from './world.ts'

function release(appVersion: string, chartVersion: string, over: Partial<KnownRelease> = {}): KnownRelease {
  return { appVersion, chartVersion, kind: 'stable', sources: ['snapshot'], ...over }
}

async function verdictOf(knownReleases: readonly KnownRelease[]): Promise<string> {
  const here = world()
  const { facts } = await gatherFacts({ ...here.deps, knownReleases }, { to: '2026.3.9', valuesFiles: [] })
  const refusal = refusalOf(buildPlan(facts, [], here.deps.sha256))
  return refusal === undefined ? 'planned' : `${String(refusal.facts['gate'])} ${refusal.code}`
}

test.each([
  ['the same as the chart source', [release('2026.3.9', '1.52.2')], 'planned'],
  ['other bytes', [release('2026.3.9', '1.52.2', { digest: '0'.repeat(64) })], 'target-genuine gate-refused'],
  ['a history that goes on without it', [release('2026.3.20', '1.53.1')], 'target-published gate-unaccepted'],
  [
    'a release of a day that is yet to come',
    [release('2026.3.9', '1.52.2'), release('2026.12.1', '1.90.1')],
    'target-supported unknown-state',
  ],
] as [string, KnownRelease[], string][])('plan, known is %s', async (_, knownReleases, expected) => {
  expect(await verdictOf(knownReleases)).toBe(expected)
})

test.each([
  ['2026.3.9', 'supported'],
  ['2026.12.1', 'unknown'],
])('status, a history up to %s: %s', async (appVersion, state) => {
  const { deps } = world()
  const request = { release: 'prod', namespace: NAMESPACE }
  const reads = beginStatusReads(deps.cluster, deps.records, request)
  const history = async (): Promise<KnownRelease[]> => [release(appVersion, '1.90.1')]
  const status = await readStatus({ ...deps, profiles: [tally], history }, request, reads)
  expect(status.support.state).toBe(state)
})
