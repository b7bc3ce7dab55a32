// What a chart sees: its own values with the user's on top, merged by Helm's rules (helm/pkg/chart/common/util/coalesce.go).

type Values = Record<string, unknown>

/**
 * The user's `config` over the chart's `values.yaml`: mappings merge, anything else replaces, `null` removes the chart's key.
 * Defaults of subcharts are not in it: Helm's record does not hold them. Neither argument is changed.
 */
export function coalesceValues(chartValues: Values, config: Values): Values {
  const result: Values = { ...config }
  for (const [key, ours] of Object.entries(chartValues)) {
    const theirs = config[key]
    if (!(key in config)) result[key] = structuredClone(ours)
    else if (theirs === null) delete result[key]
    else result[key] = merged(ours, theirs)
  }
  return structuredClone(result)
}

function merged(ours: unknown, theirs: unknown): unknown {
  return isMap(ours) && isMap(theirs) ? coalesceNested(ours, theirs) : theirs
}

/** Below the top a `null` removes the key also where the chart does not have it. */
function coalesceNested(chartValues: Values, config: Values): Values {
  const result = coalesceValues(chartValues, config)
  for (const [key, value] of Object.entries(config)) if (value === null) delete result[key]
  return result
}

function isMap(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
