// Breaking the glass: the guard is opened by a named person for a reason and a time, which is recorded, and ends by itself.
import { PawlError } from '../../core/errors.ts'
import { without, type ReleaseGuard } from '../../core/guard/guard.ts'
import { API_VERSION, RELEASE_LABEL } from '../../core/resources.ts'
import { changeGuard, type GuardPlace } from './guard.ts'
import { metadataOf } from './records.ts'
import { stampOf, type Stamp } from './stamp.ts'

export const LONGEST_OPENING_MS = 24 * 3_600_000

export interface OpenRequest extends GuardPlace {
  by: string
  reason: string
  forMs: number
}

export async function openGuard(request: OpenRequest): Promise<ReleaseGuard> {
  const { by, reason, forMs, release, namespace } = request
  const stamp = await stampOf(request.cluster, namespace)
  const until = new Date(stamp.now.getTime() + forMs).toISOString()
  const opening = { by, reason, until, at: stamp.now.toISOString() }
  const guard = await changeGuard(request, (found) => ({ ...found, opening }))
  if (guard === undefined) throw notInstalled(release, namespace)
  await record(
    request,
    stamp,
    'GuardOpened',
    'Warning',
    `${by} opened the guard of ${release} until ${until}: ${reason}`,
  )
  return guard
}

export interface CloseRequest extends GuardPlace {
  by: string
  /** Runs under way: what they left in the guard is theirs. */
  underWay: ReadonlySet<string>
}

/** Back in force, and tidy: what runs that are over left behind goes as well, and what was done meanwhile counts as known. */
export async function closeGuard(request: CloseRequest): Promise<ReleaseGuard> {
  const { by, release, namespace, underWay } = request
  const stamp = await stampOf(request.cluster, namespace)
  const newest = (await metadataOf(request)).at(-1)
  let was: ReleaseGuard['opening']
  const guard = await changeGuard(request, (found) => {
    was = found.opening
    const closed = without(found, 'opening')
    const open = found.opening !== undefined && newest !== undefined
    const known = open ? { ...closed, revision: newest.revision } : closed
    return tidied(known, underWay)
  })
  if (guard === undefined) throw notInstalled(release, namespace)
  if (was !== undefined) {
    const message = `${by} closed the guard of ${release}, which ${was.by} had opened until ${was.until}: ${was.reason}`
    await record(request, stamp, 'GuardClosed', 'Normal', message)
  }
  return guard
}

function tidied(guard: ReleaseGuard, underWay: ReadonlySet<string>): ReleaseGuard {
  const ticketLeft = guard.ticket !== undefined && !underWay.has(guard.ticket.run)
  const quiescedLeft = guard.quiesced !== undefined && !underWay.has(guard.quiesced.run)
  const first = ticketLeft ? without(guard, 'ticket') : guard
  return quiescedLeft ? without(first, 'quiesced') : first
}

export function notInstalled(release: string, namespace: string): PawlError {
  return new PawlError({
    code: 'guard-not-installed',
    message: `release ${release} in namespace ${namespace} has no guard`,
    unchanged: 'Nothing was changed.',
    facts: { release, namespace },
  })
}

/** Where everybody looks who wonders what happened: `kubectl get events`. */
async function record(
  { cluster, namespace, release }: GuardPlace,
  { now, random }: Stamp,
  reason: string,
  type: 'Normal' | 'Warning',
  message: string,
): Promise<void> {
  const at = now.toISOString().replace(/\.\d{3}Z$/, 'Z')
  await cluster.create({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${release}-guard.${random.slice(0, 8)}`, namespace, labels: { [RELEASE_LABEL]: release } },
    involvedObject: { apiVersion: API_VERSION, kind: 'ReleaseGuard', name: release, namespace },
    reason,
    message,
    type,
    source: { component: 'pawl' },
    firstTimestamp: at,
    lastTimestamp: at,
    count: 1,
  })
}
