// What `pawl status` says, from one round of reads at once: no Job, no rendering, no database connection.
import { stagedBytes } from '../../core/backup/staged.ts'
import { PawlError } from '../../core/errors.ts'
import { dayAt } from '../../core/lifecycle/dates.ts'
import { known, unknown, valueOf } from '../../core/plan/facts.ts'
import type { Known } from '../../core/plan/facts.ts'
import type { CelScope } from '../../core/profile/cel.ts'
import type { DatabaseLocation } from '../../core/profile/databases.ts'
import type { Profile } from '../../core/profile/profile.ts'
import type { KnownRelease } from '../../core/releases/release.ts'
import { supportOfRelease } from '../../core/releases/support.ts'
import { objectsOf } from '../../core/rendered/objects.ts'
import type { Installation } from '../../core/resources.ts'
import { fold } from '../../core/run/fold.ts'
import type { Run } from '../../core/run/run.ts'
import { newestKnown } from '../../core/status/newest.ts'
import { agreedVersion, seenByBackup, seenByLook } from '../../core/status/status.ts'
import type { DatabaseStatus, LookedAt, Status } from '../../core/status/status.ts'
import type { Charts } from '../../ports/charts.ts'
import type { Cluster } from '../../ports/cluster.ts'
import type { ReleaseRecord } from '../../ports/helm.ts'
import type { ReadTimetable } from '../../ports/timetable.ts'
import { attempt, from } from './deps.ts'
import { deployedIn } from './history.ts'
import { isUnfinished, type Finished } from './kept.ts'
import { findManagers, releaseNotFound } from './managers.ts'
import { scopeOf } from './record.ts'
import { versionIn } from './running.ts'
import { backedUp, timed } from './status-backups.ts'
import { floorStatus } from './status-floor.ts'
import type { StatusReads } from './status-reads.ts'
import type { StatusRules } from './status-rules.ts'
import { readiness, witnessesOf } from './witnesses.ts'

export interface StatusDeps {
  cluster: Cluster
  parseYaml(text: string): unknown[]
  /** What the profile's rules say of a release; evaluated here where absent. */
  rules?: (profile: Profile, scope: CelScope) => Promise<StatusRules>
  today(): Date
  profiles: readonly Profile[]
  /** Releases by a profile's own history, known without asking anybody: a clock that stands before the newest of them is wrong. */
  history?: (profile: string) => Promise<readonly KnownRelease[]>
  /** Absent where nobody said where the charts are: then the newest release is unknown. */
  charts?: Charts
  /** Looks at the databases now, which may take a Job; absent: what the last backup saw of them is said, with its age. */
  look?: (profile: Profile, record: ReleaseRecord) => Promise<LookedAt[]>
  /** Reads a schedule's cron expression; absent: when it is due is unknown. */
  timetable?: () => Promise<ReadTimetable>
  /** Version of the newest customer package, from where the vendor keeps it; absent: not asked. */
  newestPackage?: (profile: Profile, scope: CelScope) => Promise<string>
}

export interface StatusRequest {
  release: string
  namespace: string
  installation?: Installation
  /** Name of a profile; absent: the installation's, else that of the chart. */
  profile?: string
  signal?: AbortSignal
}

/** Throws `release-not-found`, `product-unknown`, `cluster-unreachable`; everything else that fails is said as unknown. */
export async function readStatus(deps: StatusDeps, request: StatusRequest, reads: StatusReads): Promise<Status> {
  const { cluster } = deps
  const { release, namespace, signal } = request
  const [history, pods, sets, runs, guard, found, marks] = await Promise.all([
    reads.history,
    reads.pods,
    reads.sets,
    reads.runs,
    reads.guard,
    reads.schedule,
    reads.managers,
  ])
  const [newestRecord] = history
  if (newestRecord === undefined) throw releaseNotFound({ release, namespace }, valueOf(marks))
  // An upgrade that failed or is under way is Helm's state, not what is installed.
  const record = deployedIn(history) ?? newestRecord
  const profile = profileOf(deps, request, record)
  const scope = scopeOf(record)
  const rules = await (deps.rules ?? evaluated)(profile, scope)
  const asked = [
    from(rules.configMap, async (name) => await versionIn({ cluster, namespace, signal }, name, profile)),
    from(sourceOf(deps), async (charts) => await charts.list(profile.chart, signal)),
    observed(deps, profile, record),
    newestPackage(deps, profile, scope),
    deps.history?.(profile.name) ?? Promise.resolve([]),
  ] as const
  // What needs nobody's answer is done while the answers are on their way.
  const manifest = objectsOf(deps.parseYaml(workloadsOnly(record.manifest)))
  const managers = from(
    marks,
    async (found) => await findManagers(cluster, record, found, manifest, valueOf(pods) ?? [], signal),
  )
  const [configuration, candidates, looked, newestOfPackages, own] = await Promise.all(asked)
  const newest = newestKnown(candidates, own, profile.versionScheme)
  const witnesses = await witnessesOf(profile, record, manifest, pods, configuration)
  const today = dayAt(deps.today())
  const schedule = await from(found, async (one) => (one === 'none' ? one : await timed(deps, one)))
  return {
    release,
    namespace,
    profile: profile.name,
    title: profile.title,
    today,
    chart: { name: record.chart.name, version: record.chart.version },
    helm: {
      revision: newestRecord.revision,
      status: newestRecord.status,
      ...(newestRecord.lastDeployedAt === undefined ? {} : { at: newestRecord.lastDeployedAt }),
      ...touchedAt(newestRecord),
    },
    running: agreedVersion(witnesses),
    witnesses,
    pods: await from(pods, (found) => readiness(manifest, found)),
    support: supportOfRelease(record.chart, profile, today, newest.day),
    newest: newest.version,
    ...(newest.from === undefined ? {} : { newestFrom: newest.from }),
    databases: await from(rules.databases, (found) => databasesSeen(found, sets, looked)),
    features: rules.features,
    ...(profile.package === undefined
      ? {}
      : { package: { installed: packageIn(rules.package), newest: newestOfPackages } }),
    managers: await managers,
    ...(await backedUp(sets, schedule)),
    schedule,
    staged: await from(sets, stagedCopies),
    unfinishedRun: await from(runs, (found) => unfinishedIn(found)),
    guard: await from(guard, ({ state }) => state),
    ...(guard.known && guard.value.opening !== undefined ? { guardOpening: guard.value.opening } : {}),
    ...floorStatus({
      recorded: request.installation?.floor,
      looked,
      runs: valueOf(runs) ?? [],
      running: record.chart.appVersion,
      scheme: profile.versionScheme,
    }),
    initialised: request.installation !== undefined,
  }
}

async function evaluated(profile: Profile, scope: CelScope): Promise<StatusRules> {
  const { evaluateStatusRules } = await import('./status-rules.ts')
  return await evaluateStatusRules(profile, scope)
}

/** Helm stamps its records in seconds (helm/pkg/storage/driver/secrets.go). */
function touchedAt({ labels }: ReleaseRecord): { touchedAt?: string } {
  const seconds = Number(labels['modifiedAt'] ?? labels['createdAt'])
  return Number.isSafeInteger(seconds) && seconds > 0 ? { touchedAt: new Date(seconds * 1000).toISOString() } : {}
}

async function observed(
  { look }: StatusDeps,
  profile: Profile,
  record: ReleaseRecord,
): Promise<Known<LookedAt[]> | undefined> {
  return look === undefined ? undefined : await attempt(async () => await look(profile, record))
}

function databasesSeen(
  locations: readonly DatabaseLocation[],
  sets: Known<Finished[]>,
  looked: Known<LookedAt[]> | undefined,
): DatabaseStatus[] {
  const evidence = (valueOf(sets) ?? []).flatMap(({ status }) => status.databases)
  return locations.map((location) =>
    looked === undefined ? { ...location, seen: seenByBackup(location, evidence) } : seenByLook(location, looked),
  )
}

function packageIn(version: Known<string>): Known<string> {
  return version.known && version.value === '' ? unknown('the values name no package version') : version
}

async function newestPackage(
  { newestPackage: ask }: StatusDeps,
  profile: Profile,
  scope: CelScope,
): Promise<Known<string>> {
  if (ask === undefined) return unknown('asked for with --look only')
  return await attempt(async () => await ask(profile, scope))
}

/** Parsing is the dear part of a manifest: only the documents that may have pods are parsed. */
function workloadsOnly(manifest: string): string {
  return manifest
    .split(/^---.*$/m)
    .filter((document) => /["']?kind["']?\s*:\s*["']?(Deployment|StatefulSet|DaemonSet)\b/.test(document))
    .join('\n---\n')
}

function profileOf({ profiles }: StatusDeps, request: StatusRequest, record: ReleaseRecord): Profile {
  const name = request.profile ?? request.installation?.profile
  const found = profiles.find((profile) =>
    name === undefined ? profile.chart === record.chart.name : profile.name === name,
  )
  if (found !== undefined) return found
  const message = name === undefined ? `no profile is for chart ${record.chart.name}` : `there is no profile ${name}`
  throw new PawlError({
    code: 'product-unknown',
    message,
    facts: { release: request.release, namespace: request.namespace },
  })
}

function sourceOf({ charts }: StatusDeps): Known<Charts> {
  return charts === undefined ? unknown('where the charts are was not said') : known(charts)
}

function stagedCopies(sets: readonly Finished[]): Exclude<Status['staged'], { known: false }>['value'] {
  return sets.flatMap(({ name, status: { staged } }) => {
    if (staged === undefined) return []
    const databases = staged.copies.map(({ database }) => database)
    return [{ set: name, at: staged.at, sizeBytes: stagedBytes(staged), databases }]
  })
}

function unfinishedIn(runs: readonly Run[]): Exclude<Status['unfinishedRun'], { known: false }>['value'] {
  const run = runs.findLast(isUnfinished)
  if (run === undefined) return 'none'
  const { phase, parked } = fold(run.events)
  return {
    name: run.name,
    kind: run.spec.kind,
    phase,
    parked: parked !== undefined,
    ...(parked === undefined ? {} : { next: parked.next }),
  }
}
