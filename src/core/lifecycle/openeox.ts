// The lifecycle of one release as OpenEoX Core 1.0 (OASIS OpenEoX TC): the product is named by whoever asks, not in the document.
import type { JsonRecord } from '../json.ts'
import type { Cycle } from './cycles.ts'
import type { Day } from './dates.ts'

export const OPENEOX_CORE = 'https://docs.oasis-open.org/openeox/v1.0/schema/core.json'

/** Keys in the standard's order. The vendor ends everything on one day, so that support and security support end together. */
export function openEoxCore({ released, until }: Cycle, asOf: Day): JsonRecord {
  return {
    $schema: OPENEOX_CORE,
    end_of_life: endOf(until),
    end_of_security_support: endOf(until),
    general_availability: `${released}T00:00:00Z`,
    last_updated: `${asOf}T00:00:00Z`,
  }
}

/** The last day counts whole. The standard knows no leap seconds. */
function endOf(day: Day): string {
  return `${day}T23:59:59Z`
}
