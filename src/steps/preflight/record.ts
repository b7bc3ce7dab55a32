// What Helm's records say of a release: the newest, and the newest that was deployed.
import { PawlError } from '../../core/errors.ts'
import type { RecordFacts } from '../../core/plan/facts.ts'
import { coalesceValues } from '../../core/profile/values.ts'
import type { CelScope } from '../../core/profile/cel.ts'
import type { ReleaseRecord } from '../../ports/helm.ts'
import type { PreflightDeps } from './deps.ts'
import { deployedIn, readHistory } from './history.ts'

export interface Records {
  latest: ReleaseRecord
  /** Absent where nothing of the release was ever deployed. */
  installed?: ReleaseRecord
}

interface Place {
  release: string
  namespace: string
}

/** Decodes old records only where the newest is not the deployed one. Throws `release-not-found`, `product-unknown`. */
export async function readRecords(
  { records, profile }: Pick<PreflightDeps, 'records' | 'profile'>,
  { release, namespace }: Place,
  signal?: AbortSignal,
): Promise<Records> {
  const history = await readHistory(records, { release, namespace }, signal)
  const [latest] = history
  if (latest === undefined) {
    const message = `there is no Helm release ${release} in namespace ${namespace}`
    throw new PawlError({ code: 'release-not-found', message, facts: { release, namespace } })
  }
  if (latest.chart.name !== profile.chart) {
    const message = `release ${release} is of chart ${latest.chart.name}; profile ${profile.name} is for chart ${profile.chart}`
    throw new PawlError({ code: 'product-unknown', message, facts: { release, namespace, chart: latest.chart.name } })
  }
  const installed = deployedIn(history)
  return installed === undefined ? { latest } : { latest, installed }
}

export function recordFacts({ revision, status, chart, applyMethod }: ReleaseRecord): RecordFacts {
  const { name, version, appVersion, annotations } = chart
  return { revision, status, chart: { name, version, appVersion, annotations }, applyMethod }
}

/** What the profile's expressions see of an installed release. */
export function scopeOf({ name, namespace, chart, config }: ReleaseRecord): CelScope {
  const { name: chartName, version, appVersion, annotations, values } = chart
  return {
    release: { name, namespace },
    values: coalesceValues(values, config),
    chart: { name: chartName, version, appVersion, annotations },
  }
}
