// What a chart sees: its own values with the user's on top, merged by Helm's rules (helm/pkg/chart/common/util/coalesce.go).
import { isRecord, type JsonRecord } from '../json.ts'

/**
 * The user's `config` over the chart's `values.yaml`: mappings merge, anything else replaces, a user's `null` removes the
 * chart's key (and stays where the chart has none). A `null` among the chart's own values is no value: so in Helm 4, while
 * Helm 3 hands it to the templates. Defaults of subcharts are not in it: Helm's record does not hold them. Neither argument
 * is changed.
 */
export function coalesceValues(chartValues: JsonRecord, config: JsonRecord): JsonRecord {
  const result: JsonRecord = structuredClone(config)
  for (const [key, ours] of Object.entries(withoutNulls(chartValues))) {
    const theirs = config[key]
    if (!Object.hasOwn(config, key)) result[key] = structuredClone(ours)
    else if (theirs === null) delete result[key]
    else if (isRecord(ours) && isRecord(theirs)) result[key] = coalesceValues(ours, theirs)
  }
  return result
}

/** Only mappings are cleaned; a null in a list keeps its place. */
function withoutNulls(values: JsonRecord): JsonRecord {
  const kept = Object.entries(values).filter(([, value]) => value !== null)
  return Object.fromEntries(kept.map(([key, value]) => [key, isRecord(value) ? withoutNulls(value) : value]))
}
