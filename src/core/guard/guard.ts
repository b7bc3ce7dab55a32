// The ReleaseGuard of one release: what may run, who may write next, and for how long somebody has opened it.
import { listOf, recordOf, textOf } from '../json.ts'
import type { JsonRecord } from '../json.ts'
import { invalid, required } from '../resource-object.ts'
import type { ResourceObject } from '../resource-object.ts'
import { API_VERSION, RELEASE_LABEL } from '../resources.ts'
import type { Numbers } from './floors.ts'

/** Label on a Helm record, with the value of the open ticket. */
export const TICKET_LABEL = 'pawl.dev/ticket'

export type Enforcement = 'Enforce' | 'Audit'

/** Images of this repository below this version may not be started. */
export interface Floor {
  repository: string
  version: Numbers
}

/** The permission for one Helm write: good for one revision, which can be created once. */
export interface Ticket {
  value: string
  run: string
  revision: number
  /** ISO 8601, by the API server's clock. */
  expires: string
}

/** Somebody let everything through for a while. */
export interface Opening {
  by: string
  reason: string
  at: string
  until: string
}

/** Nothing that writes may start. */
export interface Quiesced {
  run: string
  /** Deployments that hold credentials of a database. */
  writers: string[]
  /** Repositories of the images they run. */
  repositories: string[]
  /** `Kind/name` of what the run itself starts meanwhile. */
  mayStart: string[]
  /** Images that may start, where a whole object brings them: the release that a recovery is putting back. */
  mayRun: string[]
}

export interface ReleaseGuard {
  name: string
  namespace: string
  release: string
  enforcement: Enforcement
  floors: Floor[]
  /** Grows with every recovery; only then may floors fall. */
  recoveryEpoch: number
  /** The recovery that made it grow. */
  recoveredBy?: string
  /** Fencing number of the last run that wrote here. */
  fence: number
  /** Newest Helm revision that Pawl has made or found. */
  revision: number
  ticket?: Ticket
  opening?: Opening
  quiesced?: Quiesced
  resourceVersion?: string
  uid?: string
}

function numberIn(part: JsonRecord, field: string): number {
  const value = part[field]
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : 0
}

function texts(value: unknown): string[] {
  return listOf(value).filter((item) => typeof item === 'string')
}

function floorIn(object: ResourceObject, value: unknown): Floor {
  const part = recordOf(value)
  const numbers = listOf(part['version']).filter((item) => typeof item === 'number')
  const [first, second, third, more] = numbers
  if (first === undefined || second === undefined || third === undefined || more !== undefined)
    throw invalid(object, 'expected three numbers in the version of a floor')
  return { repository: required(object, part, 'repository'), version: [first, second, third] }
}

function ticketIn(object: ResourceObject, value: unknown): Ticket {
  const part = recordOf(value)
  return {
    value: required(object, part, 'value'),
    run: required(object, part, 'run'),
    revision: numberIn(part, 'revision'),
    expires: required(object, part, 'expires'),
  }
}

function openingIn(object: ResourceObject, value: unknown): Opening {
  const part = recordOf(value)
  const [by, reason] = [required(object, part, 'by'), required(object, part, 'reason')]
  return { by, reason, at: required(object, part, 'at'), until: required(object, part, 'until') }
}

function quiescedIn(object: ResourceObject, value: unknown): Quiesced {
  const part = recordOf(value)
  return {
    run: required(object, part, 'run'),
    writers: texts(part['writers']),
    repositories: texts(part['repositories']),
    mayStart: texts(part['mayStart']),
    mayRun: texts(part['mayRun']),
  }
}

/** Throws `input-invalid` where a field that is needed is missing. */
export function parseGuard(object: ResourceObject): ReleaseGuard {
  const spec = recordOf(object['spec'])
  const { name, namespace = 'default', resourceVersion } = object.metadata
  const uid = textOf(recordOf(object.metadata)['uid'])
  const recoveredBy = textOf(spec['recoveredBy'])
  const { ticket, opening, quiesced } = spec
  return {
    name,
    namespace,
    release: required(object, spec, 'release'),
    enforcement: spec['enforcement'] === 'Audit' ? 'Audit' : 'Enforce',
    floors: listOf(spec['floors']).map((floor) => floorIn(object, floor)),
    recoveryEpoch: numberIn(spec, 'recoveryEpoch'),
    fence: numberIn(spec, 'fence'),
    revision: numberIn(spec, 'revision'),
    ...(recoveredBy === undefined ? {} : { recoveredBy }),
    ...(ticket === undefined ? {} : { ticket: ticketIn(object, ticket) }),
    ...(opening === undefined ? {} : { opening: openingIn(object, opening) }),
    ...(quiesced === undefined ? {} : { quiesced: quiescedIn(object, quiesced) }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(uid === undefined ? {} : { uid }),
  }
}

export function guardObject(guard: ReleaseGuard): ResourceObject {
  const { name, namespace, resourceVersion, uid: _uid, ...spec } = guard
  return {
    apiVersion: API_VERSION,
    kind: 'ReleaseGuard',
    metadata: {
      name,
      namespace,
      labels: { [RELEASE_LABEL]: spec.release, 'app.kubernetes.io/managed-by': 'pawl' },
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
    spec,
  }
}

/** A guard as it begins: at what runs now. */
export function newGuard(
  place: { namespace: string; release: string },
  now: Pick<ReleaseGuard, 'enforcement' | 'floors' | 'revision'>,
): ReleaseGuard {
  const { namespace, release } = place
  return { name: release, namespace, release, ...now, recoveryEpoch: 0, fence: 0 }
}

/** The same guard without one of the parts that come and go. */
export function without(guard: ReleaseGuard, part: 'ticket' | 'opening' | 'quiesced'): ReleaseGuard {
  const { [part]: _gone, ...rest } = guard
  return rest
}

export type GuardState =
  | { is: 'enforced' }
  | { is: 'open'; opening: Opening }
  /** Watching only: somebody chose so when it was installed. */
  | { is: 'audit' }

/** An opening ends by itself: the policies compare its end with the times that the API server puts on what is written. */
export function stateOf(guard: ReleaseGuard, now: Date): GuardState {
  if (guard.enforcement === 'Audit') return { is: 'audit' }
  if (guard.opening !== undefined && now.getTime() < Date.parse(guard.opening.until))
    return { is: 'open', opening: guard.opening }
  return { is: 'enforced' }
}
