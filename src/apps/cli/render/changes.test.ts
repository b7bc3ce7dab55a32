import { expect, test } from 'vitest'
import type { PlannedChange } from '../../../core/plan/plan.ts'
import { changeLines } from './changes.ts'
import { paintWith } from './style.ts'

const at = 'spec.template.spec.containers[api]'
const DETAILS = [
  `${at}.env[LOG_LEVEL].value: "info" -> "debug"`,
  `${at}.image: "r:5000/carto/api:2026.4.24" -> "r:5000/carto/api:2026.7.16"`,
  `${at}.resources.limits.memory: "1Gi" -> "2Gi"`,
  'spec.strategy.type: "Recreate" -> "RollingUpdate"',
  `${at}.ports[http]: added`,
]

function lines(over: Partial<PlannedChange>, full = false): string[] {
  const change: PlannedChange = { object: 'Deployment/api', change: 'change', details: DETAILS, ...over }
  return changeLines(change, paintWith(false), full)
}

test('one line for each object: versions first, then what else changes', () => {
  expect(lines({})).toEqual(['  ~ Deployment/api  2026.4.24 -> 2026.7.16, env[LOG_LEVEL], memory, type, 1 more field'])
  expect(lines({ change: 'add', details: [] })).toEqual(['  + Deployment/api'])
})

test('storage and databases in full, everything with --diff', () => {
  expect(lines({ topic: 'storage' })).toHaveLength(6)
  expect(lines({ topic: 'database' })[0]).toBe('  ~ Deployment/api (how databases are reached)')
  expect(lines({}, true)).toHaveLength(6)
})
