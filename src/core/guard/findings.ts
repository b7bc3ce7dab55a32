// What is wrong with a guard, or was done past it: everything that no policy can stop is at least said, with what to do.
import { floorFaults, type FloorFault, type RecordedFloor, type SeenFloor } from '../floor/floor.ts'
import type { ResourceObject } from '../resources.ts'
import type { RunKind } from '../run/run.ts'
import type { VersionScheme } from '../versions/version.ts'
import { KEPT_BINDING, namespaceBindings, type GuardedNamespace } from './bindings.ts'
import { belowFloor, numbersOf, readImage } from './floors.ts'
import { stateOf, type Floor, type ReleaseGuard } from './guard.ts'
import { POLICIES } from './policies.ts'
import { partOf } from './same.ts'

export interface SeenPod {
  name: string
  images: string[]
  /** Label `app.kubernetes.io/instance`. */
  instance?: string
}

export interface GuardFacts {
  release: string
  namespace: GuardedNamespace
  now: Date
  guard?: ReleaseGuard
  /** Policies and bindings as they are; undefined where they may not be read. */
  installed?: ResourceObject[]
  /** Newest Helm record of the release. */
  newest?: { revision: number; status: string; description: string; appVersion: string }
  pods: SeenPod[]
  /** Every Run of the release, and whether it has ended. */
  runs: { name: string; ended: boolean; kind?: RunKind }[]
  /** Probes that were answered wrongly. */
  wrong?: { what: string; instead?: string }[]
  /** What the databases say; absent where nobody looked. */
  databases?: { seen: readonly SeenFloor[]; recorded?: RecordedFloor; scheme: VersionScheme }
}

export interface Finding {
  /** Stable name, for scripts. */
  rule: string
  /** `alarm`: what the guard is for is not given. `note`: a person should know. */
  severity: 'alarm' | 'note'
  text: string
  next: string
}

export function findingsOf(facts: GuardFacts): Finding[] {
  const { guard } = facts
  if (guard === undefined) {
    const text = facts.installed?.some(isBinding(facts.namespace.name))
      ? 'the guard of this release is gone while its namespace is bound: nothing can be written'
      : 'this release has no guard'
    return [alarm('absent', text, `pawl guard install ${where(facts)}`), ...databaseFindings(facts)]
  }
  return [
    ...partsMissing(facts),
    ...(facts.wrong ?? []).map(({ what, instead }) =>
      alarm(
        'probe',
        `the guard does not hold: ${what}: ${instead ?? 'no answer'}`,
        `pawl guard install ${where(facts)}`,
      ),
    ),
    ...stateNotes(facts, guard),
    ...recordFindings(facts, guard),
    ...podFindings(facts, guard),
    ...leftovers(facts, guard),
    ...databaseFindings(facts),
  ]
}

function where({ release, namespace }: GuardFacts): string {
  return `${release} -n ${namespace.name}`
}

function alarm(rule: string, text: string, next: string): Finding {
  return { rule, severity: 'alarm', text, next }
}

function note(rule: string, text: string, next: string): Finding {
  return { rule, severity: 'note', text, next }
}

function isBinding(namespace: string): (object: ResourceObject) => boolean {
  const names = new Set(namespaceBindings({ name: namespace }).map(({ metadata }) => metadata.name))
  return ({ metadata }) => names.has(metadata.name)
}

function partsMissing(facts: GuardFacts): Finding[] {
  const { installed } = facts
  const next = `pawl guard install ${where(facts)}`
  if (installed === undefined)
    return [
      note('unread', 'policies and bindings may not be read with these rights', `pawl guard probe ${where(facts)}`),
    ]
  const wanted = [...POLICIES, KEPT_BINDING, ...namespaceBindings(facts.namespace)]
  return wanted.flatMap((ours) => {
    const live = installed.find(({ kind, metadata }) => kind === ours.kind && metadata.name === ours.metadata.name)
    if (live === undefined) return [alarm('tampered', `${ours.kind} ${ours.metadata.name} is missing`, next)]
    const part = partOf(ours, live)
    return typeof part === 'string'
      ? []
      : [alarm('tampered', `${ours.kind} ${ours.metadata.name} is not what Pawl installs: ${part.differs}`, next)]
  })
}

function stateNotes(facts: GuardFacts, guard: ReleaseGuard): Finding[] {
  const state = stateOf(guard, facts.now)
  if (state.is === 'audit')
    return [note('audit', 'the guard only watches and refuses nothing', `pawl guard install ${where(facts)}`)]
  if (state.is === 'enforced' && guard.opening !== undefined)
    return [note('opening-left', `an opening ended at ${guard.opening.until}`, `pawl guard close ${where(facts)}`)]
  if (state.is !== 'open') return []
  const { by, reason, until } = state.opening
  return [alarm('open', `the guard is open until ${until}: ${by}, "${reason}"`, `pawl guard close ${where(facts)}`)]
}

function recordFindings(facts: GuardFacts, guard: ReleaseGuard): Finding[] {
  const { newest } = facts
  const next = `pawl status ${where(facts)}`
  if (newest === undefined)
    return [alarm('release-gone', 'the release has no Helm record any more: somebody uninstalled it', next)]
  if (newest.status.startsWith('uninstall')) return [alarm('release-gone', `the release is ${newest.status}`, next)]
  const { revision, description } = newest
  const found: Finding[] = []
  if (newest.status === 'pending-rollback' || description.startsWith('Rollback to'))
    found.push(
      alarm(
        'rolled-back',
        `revision ${revision} went back past the guard (${description})`,
        `pawl recover ${where(facts)}`,
      ),
    )
  if (revision < guard.revision)
    found.push(
      alarm(
        'reinstalled',
        `Helm is at revision ${revision}, but ${guard.revision} was there: the release was uninstalled and installed anew`,
        next,
      ),
    )
  if (revision > guard.revision)
    found.push(
      alarm(
        'foreign-revision',
        `revision ${revision} was made without Pawl (the last known one is ${guard.revision})`,
        next,
      ),
    )
  return found
}

const CANDIDATE = /-(rc|alpha|beta|pre|dev)/

/** The policies compare tags of the repositories they know; here, names under other registries and digests are looked at as well. */
function podFindings(facts: GuardFacts, guard: ReleaseGuard): Finding[] {
  const next = `pawl status ${where(facts)}`
  return facts.pods.flatMap(({ name, images, instance }) =>
    images.flatMap((image) => {
      const floor = guard.floors.find((candidate) => sameProduct(image, candidate))
      if (floor === undefined) return []
      const why = whyBelow(image, floor)
      if (why !== undefined) return [alarm('below-floor', `pod ${name} runs ${image}, which is ${why}`, next)]
      return instance === undefined || instance === guard.release
        ? []
        : [note('other-release', `pod ${name} of release ${instance} runs ${image}, an image of this product`, next)]
    }),
  )
}

function sameProduct(image: string, floor: Floor): boolean {
  const { repository } = readImage(image)
  // The last two parts: what stays when images are taken from another registry.
  const tail = (text: string): string => text.split('/').slice(-2).join('/')
  return repository === floor.repository || (repository.includes('/') && tail(repository) === tail(floor.repository))
}

function whyBelow(image: string, floor: Floor): string | undefined {
  const { tag, digest } = readImage(image)
  const lowest = floor.version.join('.')
  if (tag === undefined)
    return digest === undefined ? 'of no version' : 'named by its digest alone: its version is not known'
  const below = belowFloor(`${floor.repository}:${tag}`, [floor])
  if (below !== undefined) return below.why === 'older' ? `below ${lowest}` : 'of no version'
  const candidate = CANDIDATE.test(tag) && numbersOf(tag)?.join('.') === lowest
  return candidate ? `a candidate of ${lowest}, hence older` : undefined
}

function leftovers(facts: GuardFacts, guard: ReleaseGuard): Finding[] {
  const { ticket, quiesced, recoveredBy, recoveryEpoch } = guard
  const found: Finding[] = []
  const runs = new Map(facts.runs.map((run) => [run.name, run]))
  if (ticket !== undefined && Date.parse(ticket.expires) <= facts.now.getTime())
    found.push(
      note('ticket-left', `run ${ticket.run} left a ticket behind; it has expired`, `pawl guard close ${where(facts)}`),
    )
  if (quiesced !== undefined && runs.get(quiesced.run)?.ended !== false)
    found.push(
      alarm(
        'quiesced-left',
        `writers are kept stopped for run ${quiesced.run}, which is not under way`,
        `pawl guard close ${where(facts)}`,
      ),
    )
  if (recoveryEpoch > 0 && (recoveredBy === undefined || !runs.has(recoveredBy)))
    found.push(alarm('epoch', 'the floors were lowered without a recovery of Pawl', `pawl status ${where(facts)}`))
  return found
}

/** Seen with the guard or without: the row in the database is what nobody forgets who restores one by hand. */
function databaseFindings(facts: GuardFacts): Finding[] {
  const { databases, newest, runs } = facts
  if (databases === undefined || newest === undefined) return []
  const { seen, recorded, scheme } = databases
  const recovering = runs.some(({ ended, kind }) => !ended && kind === 'recovery')
  const faults = floorFaults({ seen, recorded, running: newest.appVersion, recovering, scheme })
  const missing = Object.entries(recorded?.missing ?? {}).map(([role, why]) =>
    note('floor-missing', `${role} has no floor: ${why}`, `pawl guard install ${where(facts)}`),
  )
  const none = note('floor-missing', 'no floor was written into the databases', `pawl guard install ${where(facts)}`)
  return [...faults.map((fault) => faultFinding(fault, facts)), ...(recorded === undefined ? [none] : missing)]
}

function faultFinding({ is, text }: FloorFault, facts: GuardFacts): Finding {
  if (is === 'unknown') return note('database-unseen', text, `pawl status ${where(facts)} --look`)
  return alarm(is === 'newer' ? 'database-newer' : 'database-restored', text, `pawl recover ${where(facts)}`)
}
