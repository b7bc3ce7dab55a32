// One chart archive: what it says of itself, and its digest.
import { createHash } from 'node:crypto'
import { FAILSAFE_SCHEMA, load } from 'js-yaml'
import { PawlError } from '../../core/errors.ts'
import { recordOf, textOf } from '../../core/json.ts'
import type { ChartArchive, ChartEntry } from '../../ports/charts.ts'
import { parseHelmYaml } from './helm-yaml.ts'
import { fileInTgz } from './tar.ts'

/** `expected`: digest by an index. Throws `input-invalid` for what is not a chart, or not the expected bytes. */
export function readArchive(
  bytes: Uint8Array,
  from: string,
  expected?: { digest?: string; created?: string },
): ChartArchive {
  const digest = createHash('sha256').update(bytes).digest('hex')
  if (expected?.digest !== undefined && expected.digest !== digest) {
    throw new PawlError({
      code: 'input-invalid',
      message: `${from} has changed: expected sha256 ${expected.digest}, got ${digest}.`,
      hint: 'Fetch the archive again; if it stays so, the chart source is damaged or has been tampered with.',
      facts: { expected: expected.digest, got: digest },
    })
  }
  const entry = entryFrom(chartYaml(bytes, from), from)
  const created = expected?.created
  return { entry: { ...entry, digest, ...(created === undefined ? {} : { created }) }, bytes, digest }
}

/** From Chart.yaml or an index entry; the failsafe schema keeps `1.10` from becoming 1.1. Throws `input-invalid`. */
export function entryFrom(value: unknown, from: string): ChartEntry {
  const chart = recordOf(value)
  const name = textOf(chart.name)
  const version = textOf(chart.version)
  if (!name || !version) throw new PawlError({ code: 'input-invalid', message: `${from} names no chart and version.` })
  const annotations = Object.entries(recordOf(chart.annotations)).filter(
    (pair): pair is [string, string] => typeof pair[1] === 'string',
  )
  return { name, version, appVersion: textOf(chart.appVersion) ?? '', annotations: Object.fromEntries(annotations) }
}

/** The chart's own default values; empty where it has none. Throws `input-invalid`. */
export function chartValues({ bytes, entry }: ChartArchive): Record<string, unknown> {
  const from = `${entry.name} ${entry.version}`
  try {
    const file = fileInTgz(bytes, (path) => /^(\.\/)?[^/]+\/values\.yaml$/.test(path))
    return file === undefined ? {} : recordOf(parseHelmYaml(file.toString('utf8'))[0])
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new PawlError({ code: 'input-invalid', message: `the values of chart ${from} cannot be read: ${why}`, cause })
  }
}

function chartYaml(bytes: Uint8Array, from: string): unknown {
  try {
    // Only the chart's own, not those of the charts in its charts/ folder.
    const file = fileInTgz(bytes, (path) => /^(\.\/)?[^/]+\/Chart\.yaml$/.test(path))
    if (file !== undefined) return load(file.toString('utf8'), { schema: FAILSAFE_SCHEMA })
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new PawlError({ code: 'input-invalid', message: `${from} is not a chart archive: ${why}.`, cause })
  }
  throw new PawlError({ code: 'input-invalid', message: `${from} is not a chart archive: it has no Chart.yaml.` })
}
