// Every finished release of CARTO to every other one, through the code that plans: planned or refused, for the right reason, and fast.
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { buildPlan, refusalOf } from '../../../src/core/plan/build.ts'
import { known } from '../../../src/core/plan/facts.ts'
import type { CheapFacts, PlanFacts } from '../../../src/core/plan/facts.ts'
import { sampleFacts } from '../../../src/core/plan/facts.fixture.ts'
import { resolveTarget } from '../../../src/core/plan/target.ts'
import type { ChartFacts } from '../../../src/core/plan/target.ts'
import { parseHistory, releasesFrom } from '../../../src/core/releases/history.ts'
import type { HistoryRow } from '../../../src/core/releases/history.ts'
import { newestFinishedDay } from '../../../src/core/releases/support.ts'
import { carto } from '../../../src/profiles/carto/profile.ts'
import { CARTO_RELEASES } from '../../../src/profiles/carto/releases.ts'

const TODAY = '2026-08-20'
const rows = parseHistory(CARTO_RELEASES)
const stable = rows.filter(({ kind }) => kind === 'stable')
const releases = releasesFrom(rows, 'calver')
const newestReleaseDay = newestFinishedDay(releases, 'calver')
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

function chartOf({ appVersion, chartVersion, minVersion }: HistoryRow): ChartFacts {
  return { name: 'carto', version: chartVersion, appVersion, annotations: minVersion === '' ? {} : { minVersion } }
}

const source = rows.filter(({ chartVersion }) => chartVersion !== '').map(chartOf)

/** The facts of an installation of `from` whose package is as old as the release, and everything else in order. */
function factsOf(from: HistoryRow, to: HistoryRow, today = TODAY): PlanFacts {
  const { chart } = resolveTarget(`chart:${to.chartVersion}`, source, 'calver')
  const installed = { revision: 4, status: 'deployed', chart: chartOf(from), applyMethod: 'ssa' as const }
  const cheap: Partial<CheapFacts> = {
    today,
    ...(newestReleaseDay === undefined ? {} : { newestReleaseDay }),
    knownReleases: releases,
    latest: installed,
    installed: known(installed),
    runningVersion: known(from.appVersion),
    target: known({ chart, chartDigest: 'b'.repeat(64), namedInFull: true }),
    package: known({ version: from.appVersion, floor: chart.annotations['minVersion'] ?? '' }),
  }
  return sampleFacts({ cheap, profile: carto })
}

/** Numbers of a version in comparable form, without the code under test. */
function key(version: string): string {
  const [core = '', suffix = '0'] = version.split(/-(?:patch)?/)
  const numbers = [...core.split('.').slice(0, 3), core.split('.')[3] ?? suffix]
  return numbers.map((number) => number.padStart(6, '0')).join('.')
}

/** What must come out, told from dates and numbers alone. */
function expectedOf(from: HistoryRow, to: HistoryRow): string {
  const [fromKey, toKey] = [key(from.appVersion), key(to.appVersion)]
  const [fromChart, toChart] = [key(from.chartVersion), key(to.chartVersion)]
  if (fromKey === toKey && fromChart === toChart) return 'target-same'
  if (toKey < fromKey || toChart < fromChart) return 'target-older'
  const [year = 0, month = 0, day = 0] = to.appVersion.split(/[.-]/).map(Number)
  const until = `${year + 1}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`
  if (until < TODAY) return 'target-unsupported'
  if (to.minVersion !== '' && key(from.appVersion) < key(to.minVersion)) return 'package-too-old'
  return 'planned'
}

test('all pairs: the right answer each, in less than 5 ms a pair', () => {
  const wrong: string[] = []
  const counts: Record<string, number> = {}
  // Of this thread: a machine that has much else to do does not count.
  const started = process.threadCpuUsage()
  for (const from of stable) {
    for (const to of stable) {
      const code = refusalOf(buildPlan(factsOf(from, to), [], sha256))?.code ?? 'planned'
      counts[code] = (counts[code] ?? 0) + 1
      const expected = expectedOf(from, to)
      if (code !== expected) wrong.push(`${from.appVersion} -> ${to.appVersion}: ${code}, expected ${expected}`)
    }
  }
  const pairs = stable.length ** 2
  const { user, system } = process.threadCpuUsage(started)
  const each = (user + system) / 1000 / pairs
  console.log(`pairs: ${pairs}, ${each.toFixed(2)} ms each; ${JSON.stringify(counts)}`)
  expect(wrong).toEqual([])
  expect(pairs).toBe(86 ** 2)
  expect(each).toBeLessThan(5)
  // 7,396 plans: what is measured is each, on a machine that may have much else to do.
}, 60_000)

test('an application version in full finds its chart; of several charts the highest', () => {
  const charts = stable.map(({ appVersion }) => resolveTarget(appVersion, source, 'calver').chart)
  expect(charts.map(({ appVersion }) => appVersion)).toEqual(stable.map(({ appVersion }) => appVersion))
  expect(resolveTarget('2025.6.10', source, 'calver').chart.version).toBe('1.188.2')
})
