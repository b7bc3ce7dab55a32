// Translates what the API server or the network said into the error table. The server's own words are kept in full.
import { PawlError, type ErrorCode } from '../../core/errors.ts'
import { ConnectionError, type ApiResponse } from './transport.ts'

/** What was attempted, for messages. */
export interface Attempt {
  verb: string
  /** Plural resource name, with `/subresource` where there is one. */
  resource: string
  name?: string | undefined
  namespace?: string | undefined
  server: string
}

interface Status {
  message?: string
  reason?: string
  details?: { kind?: string; causes?: { reason?: string; message?: string; field?: string }[] }
}

export function failureOf(response: ApiResponse, attempt: Attempt): PawlError {
  const status = parseStatus(response)
  const said = messageOf(status, response)
  const facts: Record<string, unknown> = { ...factsOf(attempt), status: response.status, reason: status.reason ?? '' }
  const make = (code: ErrorCode, message: string, more: { hint?: string } = {}): PawlError =>
    new PawlError({ code, message, facts, ...more })
  if (response.status === 401)
    return make('cluster-refused', `The cluster does not accept these credentials (${describe(attempt)}): ${said}`)
  if (response.status === 403 || isAdmission(said)) {
    if (isMissingRight(said)) facts['right'] = `${attempt.verb} ${attempt.resource}`
    if (!isAdmission(said)) return make('cluster-refused', `Not allowed to ${describe(attempt)}: ${said}`)
    const hint = 'An admission policy of the cluster refused this write; its message says why. Nothing was written.'
    return make('cluster-refused', said, { hint })
  }
  if (response.status === 409 || response.status === 412)
    return make('cluster-conflict', `Could not ${describe(attempt)}: ${said}`)
  if (response.status === 410) return make('cluster-conflict', `Could not ${describe(attempt)}: ${said}`)
  if (response.status === 422 && isFailedTest(status))
    return make('cluster-conflict', `Could not ${describe(attempt)}: ${said}`)
  if (response.status === 404) return notFound(attempt, said, facts)
  if (response.status === 400 || response.status === 413 || response.status === 415 || response.status === 422) {
    return make('input-invalid', `The cluster refused to ${describe(attempt)}: ${said}`)
  }
  if (response.status === 429 || response.status >= 500) {
    const reads = attempt.verb === 'get' || attempt.verb === 'list'
    facts.outcome = response.status === 429 || reads ? 'not-done' : 'unknown'
    return make('cluster-unreachable', `The cluster could not ${describe(attempt)} (HTTP ${response.status}): ${said}`)
  }
  return make('internal', `Unexpected answer ${response.status} to ${describe(attempt)}: ${said}`)
}

export function connectionFailure(error: unknown, attempt: Attempt): unknown {
  if (!(error instanceof ConnectionError)) return error
  // "outcome" tells a caller that repeats a write whether it may already have happened.
  const outcome = error.sent && attempt.verb !== 'get' && attempt.verb !== 'list' ? 'unknown' : 'not-done'
  return new PawlError({
    code: 'cluster-unreachable',
    message: `No answer from ${attempt.server} (${describe(attempt)}): ${error.message}`,
    facts: { ...factsOf(attempt), connection: error.code, outcome },
    cause: error,
  })
}

/** "create secrets carto/sh.helm.release.v1.carto.v3" */
export function describe({ verb, resource, name, namespace }: Attempt): string {
  const object = [namespace, name].filter((part) => part !== undefined && part !== '').join('/')
  return object === '' ? `${verb} ${resource}` : `${verb} ${resource} ${object}`
}

function notFound(attempt: Attempt, said: string, facts: Record<string, unknown>): PawlError {
  const missingKind = said.includes('could not find the requested resource') || said.includes('404 page not found')
  if (missingKind) {
    const ours = attempt.resource.includes('pawl.dev')
    return new PawlError({
      code: ours ? 'not-initialised' : 'input-invalid',
      message: `The cluster has no kind for ${attempt.resource}.`,
      facts,
    })
  }
  if (attempt.verb === 'create')
    return new PawlError({ code: 'input-invalid', message: `Could not ${describe(attempt)}: ${said}`, facts })
  // What was to be changed is gone: to a writer that is the same as having been changed by somebody else.
  return new PawlError({
    code: 'cluster-conflict',
    message: `Could not ${describe(attempt)}: ${said}`,
    facts: { ...facts, gone: true },
  })
}

function parseStatus(response: ApiResponse): Status {
  if (!response.text.startsWith('{')) return {}
  try {
    return JSON.parse(response.text) as Status
  } catch {
    return {}
  }
}

function messageOf(status: Status, response: ApiResponse): string {
  const causes = (status.details?.causes ?? []).map((cause) => cause.message ?? '').filter((text) => text !== '')
  const message = status.message ?? response.text.trim().slice(0, 500)
  const missing = causes.filter((text) => !message.includes(text))
  return [message || `HTTP ${response.status}`, ...missing].join('; ')
}

/** The authorizer's words (k8s.io/apiserver/pkg/endpoints/handlers/responsewriters); quotas are refused with 403, too. */
function isMissingRight(message: string): boolean {
  return /User "[^"]*" cannot \w+ resource/.test(message)
}

function isAdmission(message: string): boolean {
  return message.includes('ValidatingAdmissionPolicy') || message.includes('admission webhook')
}

/**
 * A JSON patch that does not fit the object (a `test` that does not hold, a path that is not there) comes as 422 with this
 * generic message and no cause, seen on kube-apiserver 1.35; a refused value has a message of its own.
 */
function isFailedTest(status: Status): boolean {
  const causes = (status.details?.causes ?? []).map((cause) => cause.message ?? '')
  const unfit = status.message === 'the server rejected our request due to an error in our request'
  return unfit || [status.message ?? '', ...causes].some((text) => /testing (value|path)/.test(text))
}

function factsOf({ verb, resource, name, namespace }: Attempt): Record<string, unknown> {
  return { verb, resource, ...(name === undefined ? {} : { name }), ...(namespace === undefined ? {} : { namespace }) }
}
