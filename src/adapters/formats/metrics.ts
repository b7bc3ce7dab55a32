// The ends of support as metrics (Prometheus text exposition), for alerts that go off before a release is out of support.
import { Gauge, Registry } from 'prom-client'
import type { Cycle, InstalledSupport } from '../../core/lifecycle/cycles.ts'
import { addDays } from '../../core/lifecycle/dates.ts'
import type { Day } from '../../core/lifecycle/dates.ts'

/** A state that is not known is not there: an alert on `absent()` is right, one on a made-up number is not. */
export async function metricsOf(
  product: string,
  cycles: readonly Cycle[],
  installed?: InstalledSupport,
): Promise<string> {
  const registry = new Registry()
  const gauge = <L extends string>(name: string, help: string, labelNames: L[]): Gauge<L> =>
    new Gauge({ name, help, labelNames, registers: [registry] })
  const until = gauge(
    'pawl_release_support_end_timestamp_seconds',
    'First second that is out of support (Unix time).',
    ['product', 'release'],
  )
  const released = gauge(
    'pawl_release_timestamp_seconds',
    'Start of the day that support is counted from (Unix time).',
    ['product', 'release'],
  )
  const supported = gauge('pawl_release_supported', '1 while the release is supported, else 0; absent where unknown.', [
    'product',
    'release',
  ])
  for (const { name, support, ...cycle } of cycles) {
    const labels = { product, release: name }
    until.set(labels, secondsOf(addDays(cycle.until, 1)))
    released.set(labels, secondsOf(cycle.released))
    if (support.daysLeft !== undefined) supported.set(labels, support.daysLeft < 0 ? 0 : 1)
  }
  if (installed !== undefined) {
    const names: ('product' | 'namespace' | 'helm_release' | 'version')[] = [
      'product',
      'namespace',
      'helm_release',
      'version',
    ]
    const labels = {
      product,
      namespace: installed.namespace,
      helm_release: installed.release,
      version: installed.version,
    }
    const end = gauge(
      'pawl_installed_support_end_timestamp_seconds',
      'First second without support (Unix time).',
      names,
    )
    const days = gauge('pawl_installed_support_days', 'Days of support left; negative when it ended.', names)
    const { until: last, daysLeft } = installed.support
    if (last !== undefined) end.set(labels, secondsOf(addDays(last, 1)))
    if (daysLeft !== undefined) days.set(labels, daysLeft)
  }
  return await registry.metrics()
}

function secondsOf(day: Day): number {
  return Date.parse(`${day}T00:00:00Z`) / 1000
}
