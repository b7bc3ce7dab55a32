// Evaluates the CEL of profiles. Whatever cannot be evaluated is an unknown that is named, never a default.
import { celEnv, isCelError, parse, plan } from '@bufbuild/cel'
import type { CelInput, CelResult } from '@bufbuild/cel'
import { strings } from '@bufbuild/cel/ext'
import { PawlError } from '../errors.ts'
import { isRecord } from '../json.ts'
import type { JsonRecord } from '../json.ts'
import { FUNCTIONS } from './functions.ts'
import type { Cel } from './profile.ts'

/** What an expression can see. */
export interface CelScope {
  release: { name: string; namespace: string }
  /** The chart's defaults with the user's values laid over them. */
  values: JsonRecord
  chart: { name: string; version: string; appVersion: string; annotations: Record<string, string> }
}

/** Where an expression stands, for messages. */
export interface CelPlace {
  profile: string
  field: string
}

export const CEL_ENVIRONMENT = celEnv({ funcs: [...strings, ...FUNCTIONS] })
const programs = new Map<Cel, (bindings: Record<string, CelInput>) => CelResult>()

function programOf(expression: Cel): (bindings: Record<string, CelInput>) => CelResult {
  const known = programs.get(expression)
  if (known !== undefined) return known
  const program = plan(CEL_ENVIRONMENT, parse(expression))
  programs.set(expression, program)
  return program
}

/** Whole numbers become CEL ints, as they are in YAML; everything else what it is. */
export function toCel(value: unknown): CelInput {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (Array.isArray(value)) return value.map(toCel)
  if (isRecord(value)) return new Map(Object.entries(value).map(([key, inner]) => [key, toCel(inner)]))
  return null
}

function unknown(place: CelPlace, expression: Cel, why: string): PawlError {
  return new PawlError({
    code: 'unknown-state',
    message: `profile ${place.profile} cannot tell ${place.field} of this installation: ${why}`,
    facts: { profile: place.profile, field: place.field, expression },
  })
}

function evaluate(place: CelPlace, expression: Cel, bindings: Record<string, CelInput>): CelResult {
  try {
    return programOf(expression)(bindings)
  } catch (error) {
    throw unknown(place, expression, error instanceof Error ? error.message : String(error))
  }
}

/** An evaluator for one installation. Its methods throw `unknown-state`. */
export interface Evaluator {
  text(field: string, expression: Cel): string
  flag(field: string, expression: Cel): boolean
  /** A whole number, also where the values give it as text. */
  integer(field: string, expression: Cel): number
}

export function evaluatorFor(profile: string, { release, values, chart }: CelScope): Evaluator {
  return evaluatorOver(profile, { release, values, chart })
}

/** The same over any variables. */
export function evaluatorOver(profile: string, variables: Record<string, unknown>): Evaluator {
  const bindings = Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, toCel(value)]))
  function result(field: string, expression: Cel): CelResult {
    const value = evaluate({ profile, field }, expression, bindings)
    if (isCelError(value)) throw unknown({ profile, field }, expression, value.message)
    return value
  }
  function mismatch(field: string, expression: Cel, wanted: string): PawlError {
    return unknown({ profile, field }, expression, `expected ${wanted}`)
  }
  return {
    text(field, expression) {
      const value = result(field, expression)
      if (typeof value !== 'string') throw mismatch(field, expression, 'a text')
      return value
    },
    flag(field, expression) {
      const value = result(field, expression)
      if (typeof value !== 'boolean') throw mismatch(field, expression, 'true or false')
      return value
    },
    integer(field, expression) {
      const value = result(field, expression)
      const number = typeof value === 'bigint' || typeof value === 'number' ? Number(value) : Number.NaN
      if (!Number.isSafeInteger(number)) throw mismatch(field, expression, 'a whole number')
      return number
    },
  }
}
