// The first stage: facts that only need reading. A command that is refused by them has written nothing anywhere.
import { canonicalJson } from '../../core/json.ts'
import { dayAt } from '../../core/lifecycle/dates.ts'
import { known, unknown } from '../../core/plan/facts.ts'
import type { CheapFacts, Known } from '../../core/plan/facts.ts'
import { pacesOf } from '../../core/plan/pace.ts'
import { newestRelease, resolveTarget } from '../../core/plan/target.ts'
import type { ResolvedTarget } from '../../core/plan/target.ts'
import { evaluatorFor } from '../../core/profile/cel.ts'
import type { CelScope } from '../../core/profile/cel.ts'
import { databasesOf } from '../../core/profile/databases.ts'
import type { ExpectedDatabase } from '../../core/profile/databases.ts'
import type { LiveDatabase } from '../../core/profile/truth.ts'
import { coalesceValues } from '../../core/profile/values.ts'
import { newestDayKnown } from '../../core/releases/support.ts'
import { objectsOf } from '../../core/rendered/objects.ts'
import { PawlError } from '../../core/errors.ts'
import type { ChartArchive, ChartEntry } from '../../ports/charts.ts'
import { attempt, from } from './deps.ts'
import type { PreflightDeps, ValuesFile } from './deps.ts'
import { isUnfinished, readBackupSets, readRuns, stagedIn, type Finished } from './kept.ts'
import { activeHooks, hasSecretKey, missingSecretKeys, podStrays, readWorkloads, runningVersion } from './live.ts'
import { changedImmutables } from './immutable.ts'
import { liveDatabases, withOverrides } from './live-databases.ts'
import { findManagers, readManagerMarks } from './managers.ts'
import { readRecords, recordFacts, scopeOf } from './record.ts'
import type { Records } from './record.ts'
import { trapsBetween } from './traps.ts'
import { filesOrInstalled, userValues } from './values.ts'

export interface CheapRequest {
  /** As it was typed; absent where nothing is to be upgraded (a backup). */
  to?: string
  valuesFiles: readonly ValuesFile[]
  signal?: AbortSignal | undefined
}

export interface Cheap {
  facts: CheapFacts
  records: Records
  sets: Known<Finished[]>
  /** As they go to Helm, in order. */
  files: ValuesFile[]
  targetArchive?: ChartArchive
  installedArchive?: ChartArchive
}

export async function gatherCheap(deps: PreflightDeps, request: CheapRequest): Promise<Cheap> {
  const { installation, profile, cluster, helm, charts, sha256 } = deps
  const { release, namespace } = installation
  const { signal } = request
  const look = { cluster, namespace, signal }
  const [records, candidates, helmVersion, kubernetes, runs, sets, identityThere] = await Promise.all([
    readRecords(deps, { release, namespace }, signal),
    attempt(() => charts.list(profile.chart, signal)),
    attempt(() => helm.version(signal)),
    attempt(() => cluster.serverVersion(signal)),
    attempt(() => readRuns(cluster, namespace, release, signal)),
    attempt(() => readBackupSets(cluster, namespace, release, signal)),
    attempt(() => hasSecretKey(look, installation.identity.secret, installation.identity.key)),
  ])
  const { latest } = records
  const installed =
    records.installed === undefined ? unknown(`no revision of ${release} was ever deployed`) : known(records.installed)
  const files = filesOrInstalled(request.valuesFiles, (records.installed ?? latest).config)
  const config = userValues(deps, files)
  const [target, installedArchive] = await Promise.all([
    findTarget(deps, request.to, candidates, signal),
    from(installed, ({ chart }) => fetchInstalled(deps, chart, signal)),
  ])
  const before = await from(installed, (record) => scopeOf(record))
  const after = await from(target, ({ archive, resolved }) => scopeAfter(deps, archive, resolved, config))
  const manifest = await from(installed, (record) => objectsOf(deps.parseYaml(record.manifest)))
  const described = await from(before, (scope) => databasesOf(profile, scope))
  const live = await from(described, async (found) => {
    if (!manifest.known) throw new PawlError({ code: 'unknown-state', message: manifest.why })
    return await liveDatabases(look, found, manifest.value)
  })
  const databases = await from(described, (found) => inTruth(found, live))
  const workloads = await from(
    databases,
    async (found) => await readWorkloads(look, manifest.known ? manifest.value : [], found),
  )
  const newest = candidates.known ? newestRelease(candidates.value, profile.versionScheme) : undefined
  const newestDay = newestDayKnown(newest, deps.knownReleases ?? [], profile.versionScheme)
  const facts: CheapFacts = {
    today: dayAt(deps.today()),
    latest: recordFacts(latest),
    installed: await from(installed, recordFacts),
    strays: await from(manifest, async (objects) => await podStrays(look, objects)),
    activeHooks: await attempt(async () => await activeHooks(look, latest)),
    managers: await attempt(async () => {
      const [marks, pods] = await Promise.all([
        readManagerMarks(cluster, namespace, signal),
        cluster.list({ apiVersion: 'v1', kind: 'Pod', namespace }, signal),
      ])
      const own = objectsOf(deps.parseYaml(latest.manifest))
      return await findManagers(cluster, latest, marks, own, pods, signal)
    }),
    target: await from(target, ({ resolved }) => resolved),
    databases,
    databasesAfter: await from(after, async (scope) => await withOverrides(look, databasesOf(profile, scope))),
    liveDatabases: live,
    missingSecretKeys: await from(databases, async (found) => await missingSecretKeys(look, found)),
    changedImmutables: await from(
      before,
      async (scope) => await changedImmutables(look, profile.immutableValues, scope, after),
    ),
    traps: await from(before, async (scope) => await trapsBetween(look, deps, { before: scope, after }, databases)),
    installedChart: await from(installedArchive, ({ digest }) => ({ digest })),
    unfinishedRuns: await from(runs, (found) => found.filter(isUnfinished).map((run) => run.name)),
    stagedSets: await from(sets, stagedIn),
    paces: await from(runs, pacesOf),
    recipients: installation.recipients,
    identityThere,
    helm: helmVersion,
    kubernetes,
    deployments: await from(workloads, (found) => found.deployments),
    writers: await from(workloads, (found) => found.writers),
    otherWriters: await from(workloads, (found) => found.otherWriters),
    valuesFiles: files.map(({ name, content }) => ({ name, digest: sha256(content) })),
    mergedValuesDigest: sha256(canonicalJson(config)),
    dataImage: installation.dataImage,
    ...(newestDay === undefined ? {} : { newestReleaseDay: newestDay }),
    ...(deps.knownReleases === undefined ? {} : { knownReleases: deps.knownReleases }),
    ...(profile.runningVersion === undefined
      ? {}
      : { runningVersion: await from(before, async (scope) => await runningVersion(look, deps, scope)) }),
    ...(profile.package === undefined ? {} : { package: await from(after, (scope) => packageOf(deps, scope)) }),
  }
  return {
    facts,
    records,
    sets,
    files,
    ...(target.known ? { targetArchive: target.value.archive } : {}),
    ...(installedArchive.known ? { installedArchive: installedArchive.value } : {}),
  }
}

interface FoundTarget {
  resolved: ResolvedTarget
  archive: ChartArchive
}

async function findTarget(
  { charts, profile }: PreflightDeps,
  to: string | undefined,
  candidates: Known<ChartEntry[]>,
  signal?: AbortSignal,
): Promise<Known<FoundTarget>> {
  if (to === undefined) return unknown('nothing is to be upgraded')
  return await from(candidates, async (entries) => {
    const resolution = resolveTarget(to, entries, profile.versionScheme)
    const archive = await charts.fetch(resolution.chart.name, resolution.chart.version, signal)
    // The archive is what will be installed: where an index says something else of it, the archive is right.
    const chart = { ...resolution.chart, ...archive.entry }
    if (chart.appVersion !== resolution.chart.appVersion) {
      const message = `the chart source lists chart ${chart.version} as ${resolution.chart.appVersion}, its archive is ${chart.appVersion}`
      throw new PawlError({ code: 'input-invalid', message })
    }
    return { resolved: { ...resolution, chart, chartDigest: archive.digest }, archive }
  })
}

/** The archive of what is installed: half of the recovery pair. */
async function fetchInstalled(
  { charts }: PreflightDeps,
  chart: { name: string; version: string; appVersion: string },
  signal?: AbortSignal,
): Promise<ChartArchive> {
  const archive = await charts.fetch(chart.name, chart.version, signal)
  if (archive.entry.appVersion !== chart.appVersion) {
    const message = `the chart source's ${chart.name} ${chart.version} is application ${archive.entry.appVersion}, installed is ${chart.appVersion}`
    throw new PawlError({ code: 'target-unknown', message })
  }
  return archive
}

async function scopeAfter(
  deps: PreflightDeps,
  archive: ChartArchive,
  { chart }: ResolvedTarget,
  config: Record<string, unknown>,
): Promise<CelScope> {
  const { release, namespace } = deps.installation
  const { name, version, appVersion, annotations } = chart
  return {
    release: { name: release, namespace },
    values: coalesceValues(await deps.chartValues(archive), config),
    chart: { name, version, appVersion, annotations },
  }
}

/** What the live release is told counts, where it could be read. */
function inTruth(databases: readonly ExpectedDatabase[], live: Known<LiveDatabase[]>): ExpectedDatabase[] {
  if (!live.known) return [...databases]
  return databases.map((database) => {
    const found = live.value.find(({ role }) => role === database.target.role)
    return found === undefined ? database : { ...database, target: found.target }
  })
}

function packageOf({ profile }: PreflightDeps, scope: CelScope): { version: string; floor: string } {
  const version = evaluatorFor(profile.name, scope).text('package.version', profile.package?.version ?? "''")
  return { version, floor: scope.chart.annotations[profile.package?.minVersionAnnotation ?? ''] ?? '' }
}
