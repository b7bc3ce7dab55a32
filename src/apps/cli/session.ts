// What every command gets: where it talks to, how it prints, and doors that are opened only when used.
import { PawlError } from '../../core/errors.ts'
import type { SecretRef } from '../../core/data/tasks.ts'
import type { ServiceAccount } from '../../core/package/account.ts'
import type { PackageOwner } from '../../core/package/name.ts'
import type { Cycle, InstalledSupport } from '../../core/lifecycle/cycles.ts'
import type { CelScope } from '../../core/profile/cel.ts'
import type { ReadProfile } from '../../core/profile/lint.ts'
import type { Profile } from '../../core/profile/profile.ts'
import type { KnownRelease } from '../../core/releases/release.ts'
import { API_VERSION, parseInstallation, type Installation } from '../../core/resources.ts'
import type { Secret } from '../../core/secret.ts'
import type { Status } from '../../core/status/status.ts'
import type { StoreSpec } from '../../core/store/spec.ts'
import type { ChartArchive, Charts } from '../../ports/charts.ts'
import type { Cluster } from '../../ports/cluster.ts'
import type { DataPlane } from '../../ports/dataplane.ts'
import type { Helm, ReleaseRecords } from '../../ports/helm.ts'
import type { Leases } from '../../ports/lease.ts'
import type { ReadTimetable } from '../../ports/timetable.ts'
import type { PackageFiles, Packages } from '../../ports/packages.ts'
import type { Clock, Ids, Who } from '../../ports/world.ts'
import type { Checkpoint } from '../../engine/loop.ts'
import type { StatusRules } from '../../steps/preflight/status-rules.ts'
import type { WithFiles } from '../../steps/step.ts'
import type { StoredSets } from './stored-sets.ts'

export interface GlobalOptions {
  namespace?: string
  context?: string
  kubeconfig?: string
  output: 'text' | 'json'
  yes: boolean
}

/** Told that a chart source did not answer and what was remembered of it at that time is taken instead. */
export type OnStale = (stale: { where: string; at: string; why: string }) => void

export interface LifecycleFormats {
  /** iCalendar (RFC 5545). */
  calendarOf(product: { name: string; title: string }, cycles: readonly Cycle[]): string
  /** Text exposition of Prometheus. */
  metricsOf(product: string, cycles: readonly Cycle[], installed?: InstalledSupport): Promise<string>
}

/** Adapters, built by wire.ts; each is made on first use, so that `--help` and refusals of bad input load nothing. */
export interface Doors {
  clock: Clock
  ids: Ids
  who: Who
  /** The day that support periods are judged by. */
  today(): Date
  cluster(options: GlobalOptions): Promise<Cluster>
  /** `cluster` pins Helm to the context of that connection. */
  helm(options: GlobalOptions, cluster?: Cluster): Promise<Helm>
  records(cluster: Cluster): Promise<ReleaseRecords>
  /** `onStale`: what a source said earlier will do where it does not answer; told when that was. */
  charts(where: string, onStale?: OnStale): Promise<Charts>
  /** Releases that a profile knows of by itself, oldest first; empty where it has no history. */
  history(profile: string): Promise<KnownRelease[]>
  /** The chart's own `values.yaml`. */
  chartValues(archive: ChartArchive): Promise<Record<string, unknown>>
  /** What a profile's rules say of a release, for status; remembered between invocations. */
  statusRules(cluster: Cluster, profile: Profile, scope: CelScope): Promise<StatusRules>
  /** The vendor's store of customer packages, as one service account sees it. */
  packages(account: ServiceAccount, owner: PackageOwner, bucket: string): Promise<Packages>
  /** Also makes `parseYaml` ready. */
  packageFiles(): Promise<PackageFiles>
  leases(cluster: Cluster, namespace: string): Promise<Leases>
  dataPlane(cluster: Cluster, installation: Installation): Promise<DataPlane>
  /** A store and, where sets are to be taken to another one, that: reached from here, or by Jobs where one of them is a volume. */
  storedSets(cluster: Cluster, stores: { from: StoreSpec; to?: StoreSpec }, by: ReachedBy): Promise<StoredSets>
  /** A new age identity, for `pawl init`. */
  generateIdentity(): Promise<{ identity: string; recipient: string }>
  /** What belongs to an identity in the form of a key file. Throws `key-wrong`. */
  readIdentity(text: Secret): Promise<{ identity: Secret; recipient: string }>
  withFiles: WithFiles
  /** A new file that only its owner may read. Throws `input-invalid` where the name is taken. */
  writePrivateFile(path: string, content: Secret): Promise<void>
  readFile(path: string): Promise<Uint8Array>
  /** The whole file or none of it. */
  writeFile(path: string, content: string): Promise<void>
  /** Text exposition of Prometheus. */
  statusMetrics(status: Status, now: Date): Promise<string>
  /** Reads cron expressions. */
  timetable(): Promise<ReadTimetable>
  /** Formats of lifecycle data that a library writes. */
  lifecycleFormats(): Promise<LifecycleFormats>
  parseYaml(text: string): unknown[]
  /** The same parser, for commands that open nothing else. */
  yamlParser(): Promise<(text: string) => unknown[]>
  /** A profile that somebody wrote, with everything that is wrong with it. */
  readProfile(content: string): Promise<ReadProfile>
  sha256(bytes: Uint8Array | string): string
  profiles: readonly Profile[]
  checkpoint: Checkpoint
  /** How long a lease lives without being renewed. */
  leaseMs: number
}

export interface ReachedBy {
  namespace: string
  /** Of the Jobs. */
  dataImage: string
  /** A key that the namespace does not have; only for work in this process. */
  handed?: { ref: SecretRef; value: Secret }
  signal: AbortSignal
}

export interface Terminal {
  write(text: string): void
  writeError(text: string): void
  isTty: boolean
  width(): number
  colour: boolean
  /** Reads one line; `undefined` where nobody can answer. */
  ask(question: string): Promise<string | undefined>
}

export interface Session {
  global: GlobalOptions
  doors: Doors
  terminal: Terminal
  /** Aborted by the first Ctrl-C: work ends at the next safe point. */
  stop: AbortSignal
}

export interface Target {
  release: string
  namespace: string
  cluster: Cluster
}

/** The cluster and the release that the arguments name. */
export async function targetOf(session: Session, release: string | undefined): Promise<Target> {
  if (release === undefined || release === '') throw new PawlError({ code: 'usage', message: 'name the Helm release' })
  const cluster = await session.doors.cluster(session.global)
  return { release, namespace: cluster.where.namespace, cluster }
}

export async function findInstallation(target: Target): Promise<Installation | undefined> {
  const { cluster, namespace, release } = target
  const object = await cluster.get({ apiVersion: API_VERSION, kind: 'Installation', namespace, name: release })
  return object === undefined ? undefined : parseInstallation(object)
}

/** Throws `not-initialised`. */
export async function installationOf(target: Target): Promise<Installation> {
  const installation = await findInstallation(target)
  if (installation !== undefined) return installation
  throw notInitialised(target)
}

export function notInitialised({ release, namespace }: Target): PawlError {
  return new PawlError({
    code: 'not-initialised',
    message: `Pawl does not know release ${release} in namespace ${namespace} yet`,
    unchanged: 'Nothing was changed.',
    facts: { release, namespace },
  })
}

export function profileNamed(session: Session, name: string): Profile {
  const profile = session.doors.profiles.find((candidate) => candidate.name === name)
  if (profile !== undefined) return profile
  const known = session.doors.profiles.map((candidate) => candidate.name).join(', ')
  throw new PawlError({ code: 'product-unknown', message: `there is no profile "${name}"; known: ${known}` })
}
