// The newest finished release, by whoever knows the newer one: the chart source, or the history that Pawl itself carries.
import type { Day } from '../lifecycle/dates.ts'
import { unknown } from '../plan/facts.ts'
import type { Known } from '../plan/facts.ts'
import { newestRelease } from '../plan/target.ts'
import type { ChartFacts } from '../plan/target.ts'
import { isFinished } from '../releases/release.ts'
import type { KnownRelease } from '../releases/release.ts'
import { newestDayKnown } from '../releases/support.ts'
import { compareVersions, newestVersion, readVersion } from '../versions/version.ts'
import type { VersionScheme } from '../versions/version.ts'

export interface Newest {
  version: Known<string>
  /** `history`: no newer one than the program itself knows was seen, which may be because nobody could be asked. */
  from?: 'charts' | 'history'
  /** Day of the newest fact: no right clock can be before it. */
  day?: Day
}

export function newestKnown(
  candidates: Known<readonly ChartFacts[]>,
  history: readonly KnownRelease[],
  scheme: VersionScheme,
): Newest {
  const inCharts = candidates.known ? newestRelease(candidates.value, scheme) : undefined
  const versions = history.filter(isFinished).map(({ appVersion }) => readVersion(appVersion, scheme))
  const inHistory = newestVersion(versions.filter((version) => version !== undefined))
  const day = newestDayKnown(inCharts, history, scheme)
  const dated = day === undefined ? {} : { day }
  if (inCharts !== undefined && (inHistory === undefined || compareVersions(inCharts, inHistory) >= 0))
    return { version: { known: true, value: inCharts.text }, from: 'charts', ...dated }
  if (inHistory !== undefined) return { version: { known: true, value: inHistory.text }, from: 'history', ...dated }
  return { version: candidates.known ? unknown('the chart source has no finished release') : candidates, ...dated }
}
