// What OpenEoX Core 1.0 demands of a document, modelled for tests from the committee's draft (oasis-tcs/openeox, eox-core-v-1-0, May 2026):
// its JSON schema, and its tests of sections 7.1 (mandatory) and 7.2 (recommended).
import type { JsonRecord } from '../json.ts'
import { OPENEOX_CORE } from './openeox.ts'

const timestamp = { type: 'string', oneOf: [{ format: 'date-time' }, { const: 'tba' }] }

export const OPENEOX_SCHEMA = {
  type: 'object',
  required: ['$schema', 'end_of_life', 'end_of_security_support', 'last_updated'],
  properties: {
    $schema: { type: 'string', const: OPENEOX_CORE },
    end_of_life: timestamp,
    end_of_sales: timestamp,
    end_of_security_support: timestamp,
    general_availability: timestamp,
    last_updated: { type: 'string', format: 'date-time' },
  },
  unevaluatedProperties: false,
}

const STAGES = ['end_of_life', 'end_of_sales', 'end_of_security_support', 'general_availability']
/** RFC 3339, section 5.6, with capital T and Z and without leap seconds. */
const DATE_TIME =
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/

function timeOf(document: JsonRecord, stage: string): number | undefined {
  const value = document[stage]
  return typeof value === 'string' && value !== 'tba' ? Date.parse(value) : undefined
}

function times(document: JsonRecord, but: string): number[] {
  return STAGES.filter((stage) => stage !== but).flatMap((stage) => timeOf(document, stage) ?? [])
}

/** By number of the section; each gives true where the document passes. */
export const OPENEOX_TESTS: Record<string, (document: JsonRecord) => boolean> = {
  '7.1.1 inconsistent EoL date': (document) => {
    const end = timeOf(document, 'end_of_life')
    // An end that is yet to be announced comes after everything: so say the committee's own test files.
    return end === undefined || times(document, 'end_of_life').every((time) => time <= end)
  },
  '7.1.2 date and time': (document) =>
    [...STAGES, 'last_updated'].every((key) => {
      const value = document[key]
      return value === undefined || value === 'tba' || (typeof value === 'string' && DATE_TIME.test(value))
    }),
  '7.1.3 inconsistent GA date': (document) => {
    const start = timeOf(document, 'general_availability')
    return start === undefined || times(document, 'general_availability').every((time) => time >= start)
  },
  '7.2.1 tba where EoL is set': (document) =>
    timeOf(document, 'end_of_life') === undefined || STAGES.every((stage) => document[stage] !== 'tba'),
  '7.2.2 tba for GA where another date is set': (document) =>
    document['general_availability'] !== 'tba' || times(document, 'general_availability').length === 0,
}
