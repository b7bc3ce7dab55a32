// The policies evaluated here instead of in the API server: for `pawl guard explain` and for tests, with the same CEL.
import { celEnv, celMethod, CelScalar, isCelError, listType, parse, plan } from '@bufbuild/cel'
import type { CelInput, CelResult } from '@bufbuild/cel'
import { strings } from '@bufbuild/cel/ext'
import { PawlError } from '../errors.ts'
import { toCel } from '../profile/cel.ts'
import { guardObject, type ReleaseGuard } from './guard.ts'
import { KEPT_POLICY, POLICIES, type Policy } from './policies.ts'
import { isWatched, type AdmissionRequest } from './request.ts'

/** Kubernetes' own addition to CEL's strings: all matches of a pattern, at most so many. */
const findAll = celMethod(
  'findAll',
  CelScalar.STRING,
  [CelScalar.STRING, CelScalar.INT],
  listType(CelScalar.STRING),
  function (pattern, limit) {
    return [...this.matchAll(new RegExp(pattern, 'g'))].map(([found]) => found).slice(0, Number(limit))
  },
)

const environment = celEnv({ funcs: [...strings, findAll] })
const programs = new Map<string, (bindings: Record<string, CelInput>) => CelResult>()

function evaluate(expression: string, bindings: Record<string, CelInput>): CelResult {
  let program = programs.get(expression)
  if (program === undefined) {
    program = plan(environment, parse(expression))
    programs.set(expression, program)
  }
  return program(bindings)
}

export interface Refusal {
  policy: string
  /** As it stands in brackets in the message. */
  rule: string
  message: string
}

/**
 * What the API server would answer to a request, given the guards of its namespace; nothing where it would be admitted. An expression
 * that cannot be evaluated refuses, as it does there.
 */
export function judge(
  request: AdmissionRequest,
  guards: readonly ReleaseGuard[],
  policies: readonly Policy[] = POLICIES,
): Refusal[] {
  return policies
    .filter((policy) => isWatched(policy, request))
    .flatMap((policy) =>
      policy.metadata.name === KEPT_POLICY
        ? refusalsOf(policy, request, undefined)
        : guards.flatMap((guard) => refusalsOf(policy, request, guard)),
    )
}

function refusalsOf(policy: Policy, request: AdmissionRequest, guard: ReleaseGuard | undefined): Refusal[] {
  const { spec } = policy
  const bindings: Record<string, CelInput> = {
    object: toCel(request.object ?? null),
    oldObject: toCel(request.oldObject ?? null),
    request: toCel(request.attributes),
    params: toCel(guard === undefined ? null : guardObject(guard)),
    namespaceObject: toCel({ metadata: { name: request.attributes.namespace }, status: { phase: 'Active' } }),
  }
  for (const { expression } of spec.matchConditions ?? []) if (valueOf(policy, expression, bindings) !== true) return []
  const variables = new Map<string, CelInput>()
  bindings['variables'] = variables
  for (const { name, expression } of spec.variables)
    variables.set(name, valueOf(policy, expression, bindings) as CelInput)
  return spec.validations.flatMap(({ expression, messageExpression }) => {
    if (valueOf(policy, expression, bindings) === true) return []
    const said = valueOf(policy, messageExpression, bindings)
    const message = typeof said === 'string' ? said : ''
    return [{ policy: policy.metadata.name, rule: /\[([a-z-]+)\]/.exec(message)?.[1] ?? '', message }]
  })
}

function valueOf(policy: Policy, expression: string, bindings: Record<string, CelInput>): CelResult {
  const value = evaluate(expression, bindings)
  if (!isCelError(value)) return value
  throw new PawlError({
    code: 'unknown-state',
    message: `policy ${policy.metadata.name} cannot be evaluated for this object: ${value.message}; the API server refuses what it cannot evaluate`,
    facts: { policy: policy.metadata.name, expression },
  })
}
