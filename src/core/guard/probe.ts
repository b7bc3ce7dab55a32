// Questions to the guard: dry-run writes with a known answer. They are how Pawl knows that it holds, without changing anything.
import { RELEASE_LABEL, type ResourceObject } from '../resources.ts'
import { stateOf, TICKET_LABEL, type ReleaseGuard, type Ticket } from './guard.ts'
import { RECORD_POLICY } from './policies.ts'

export interface Probe {
  what: string
  object: ResourceObject
  /** Rule that must refuse it; absent: it must pass. */
  refusedBy?: string
}

/** A record as Helm would write it. Empty, because only its labels are looked at. */
function record(guard: ReleaseGuard, status: string, revision: number, ticket?: string): ResourceObject {
  const { namespace, release } = guard
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'helm.sh/release.v1',
    metadata: {
      name: `sh.helm.release.v1.${release}.v${revision}`,
      namespace,
      labels: {
        owner: 'helm',
        name: release,
        status,
        version: String(revision),
        [RELEASE_LABEL]: release,
        ...(ticket === undefined ? {} : { [TICKET_LABEL]: ticket }),
      },
    },
  }
}

/** A revision that no release will ever have: a probe must meet no real record. */
const NEVER = 2_000_000_000

/** What must be refused now; nothing while somebody has opened the guard or chose that it only watches. */
export function mustFail(guard: ReleaseGuard, now: Date): Probe[] {
  if (stateOf(guard, now).is !== 'enforced') return []
  return [
    { what: "Helm's way back", object: record(guard, 'pending-rollback', NEVER), refusedBy: 'no-rollback' },
    { what: 'an upgrade without a ticket', object: record(guard, 'pending-upgrade', NEVER), refusedBy: 'ticket' },
    { what: 'a record out of nothing', object: record(guard, 'deployed', NEVER), refusedBy: 'born-pending' },
  ]
}

export function mustPass(guard: ReleaseGuard, ticket: Ticket): Probe[] {
  const { revision, value } = ticket
  return [{ what: 'the next revision with its ticket', object: record(guard, 'pending-upgrade', revision, value) }]
}

/** The rule a refusal names; undefined where something else than this policy of the guard refused. */
export function ruleIn(message: string, policy = RECORD_POLICY): string | undefined {
  return message.includes(policy) ? /\[([a-z-]+)\]/.exec(message)?.[1] : undefined
}
