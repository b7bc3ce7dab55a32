// What a chart source knows of a release.
import { dayAt } from '../lifecycle/dates.ts'
import type { ChartFacts } from '../plan/target.ts'
import type { Profile } from '../profile/profile.ts'
import { kindOf } from './release.ts'
import type { KnownRelease } from './release.ts'

export function releaseFromChart(
  { version, appVersion, annotations, created, digest }: ChartFacts,
  profile: Pick<Profile, 'versionScheme' | 'package'>,
  source: string,
): KnownRelease {
  const minVersion = annotations[profile.package?.minVersionAnnotation ?? '']
  return {
    appVersion,
    chartVersion: version,
    ...(digest === undefined ? {} : { digest }),
    kind: kindOf(appVersion, profile.versionScheme),
    ...(created === undefined ? {} : { published: dayAt(new Date(created)) }),
    ...(minVersion === undefined || minVersion === '' ? {} : { minVersion }),
    sources: [source],
  }
}
