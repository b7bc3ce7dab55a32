// Preflight of a recovery: which backup set to come back to, and what will be lost by it.
import type { DatabaseEvidence } from '../../core/data/tasks.ts'
import { PawlError } from '../../core/errors.ts'
import { canonicalJson } from '../../core/json.ts'
import { known } from '../../core/plan/facts.ts'
import { lossSince } from '../../core/plan/loss.ts'
import type { PlannedDatabase, Writer } from '../../core/plan/plan.ts'
import { databasesOf } from '../../core/profile/databases.ts'
import type { ExpectedDatabase } from '../../core/profile/databases.ts'
import { objectsOf } from '../../core/rendered/objects.ts'
import type { BackupSetStatus, Installation, Refutation } from '../../core/resources.ts'
import { fold } from '../../core/run/fold.ts'
import { isPastPointOfNoReturn } from '../../core/run/protocol.ts'
import type { RecoveryPlan, Run } from '../../core/run/run.ts'
import { attempt, from } from './deps.ts'
import type { PreflightDeps } from './deps.ts'
import { isUnfinished, leadsBack, readBackupSets, readRuns, type Finished } from './kept.ts'
import { readWorkloads } from './live.ts'
import { observeDatabases } from './observed.ts'
import { readRecords, scopeOf } from './record.ts'

export interface RecoveryRequest {
  release: string
  namespace: string
  installation: Installation
  /** Upgrade to get back from; absent: the newest one. */
  of?: string | undefined
  /** From the store, even where copies of the set stand beside the live databases. */
  fromStore?: boolean | undefined
  /** Name of the set; absent: that of the upgrade to get back from, else the newest proven one. */
  set?: string | undefined
  signal?: AbortSignal | undefined
}

/** Changes nothing. Throws `backup-not-found`, `run-unfinished` (one that has to end first), `release-not-found`. */
export async function planRecovery(deps: PreflightDeps, request: RecoveryRequest): Promise<RecoveryPlan> {
  const { profile, cluster } = deps
  const { release, namespace, signal } = request
  const [sets, runs] = await Promise.all([
    readBackupSets(cluster, namespace, release, signal),
    readRuns(cluster, namespace, release, signal),
  ])
  refuseUnfinished(runs, release, namespace)
  const upgrade = runs.findLast(
    (run) => run.spec.kind === 'upgrade' && (request.of === undefined || run.name === request.of),
  )
  const set = chooseSet({ sets, runs, upgrade }, request.set, { release, namespace })
  const { status } = set
  const databases = withMajors(status)
  const now = await attempt(
    async () =>
      await observeDatabases(
        deps,
        databases.map(({ target }) => target),
        signal,
      ),
  )
  const writers = await writersNow(deps, databases, status.writers, signal)
  const own = set.run === upgrade?.name
  // Whatever set it is, the rows that an unfinished upgrade went on are gone with it.
  const of = upgrade !== undefined && (own || isUnfinished(upgrade)) ? upgrade.name : undefined
  const plan: Omit<RecoveryPlan, 'hash'> = {
    release,
    namespace,
    profile: profile.name,
    set: set.name,
    digests: byRole(status.databases, ({ digest }) => digest),
    lastMigrations: byRole(status.databases, ({ migrations }) => migrations?.at(-1) ?? ''),
    to: status.product,
    databases,
    writers,
    loss: { ...lossSince(status.databases, now.known ? now.value : []), served: !own || servedSince(upgrade) },
    createdAt: deps.clock.now().toISOString(),
    ...(status.staged === undefined || request.fromStore === true ? {} : { staged: status.staged }),
    ...(of === undefined ? {} : { of }),
  }
  const { createdAt: _c, loss: _l, ...decides } = plan
  return { ...plan, hash: deps.sha256(canonicalJson(decides)) }
}

/** Writers stop before the backup; the upgrade that took it starts them again with its rollout, and nobody else does. */
function servedSince(upgrade: Run | undefined): boolean {
  if (upgrade === undefined) return true
  return !isUnfinished(upgrade) || upgrade.events.some((entry) => entry.event === 'intent' && entry.step === 'rollout')
}

/** Only an upgrade past its point of no return is recovered from; any other unfinished run is ended first. */
function refuseUnfinished(runs: readonly Run[], release: string, namespace: string): void {
  const other = runs.find(
    (run) => isUnfinished(run) && !(run.spec.kind === 'upgrade' && isPastPointOfNoReturn(fold(run.events).phase)),
  )
  if (other === undefined) return
  throw new PawlError({
    code: 'run-unfinished',
    message: `run ${other.name} (${other.spec.kind}) has not come to an end and has changed no schema`,
    unchanged: 'Nothing was changed.',
    facts: { run: other.name, release, namespace },
  })
}

interface Choice {
  sets: readonly Finished[]
  runs: readonly Run[]
  upgrade: Run | undefined
}

function chooseSet(
  { sets, runs, upgrade }: Choice,
  wanted: string | undefined,
  place: { release: string; namespace: string },
): Finished {
  const unfinished = upgrade !== undefined && isUnfinished(upgrade) ? upgrade : undefined
  const own = sets.find((set) => unfinished !== undefined && set.run === unfinished.name)
  if (wanted === undefined && own?.status.refuted !== undefined)
    throw refutedSet({ name: own.name, refuted: own.status.refuted }, place)
  const good = sets.filter((set) => leadsBack(set, runs))
  const found =
    wanted !== undefined
      ? sets.find((set) => set.name === wanted || set.set === wanted)
      : (good.find((set) => set === own) ?? good[0])
  if (found !== undefined) return found
  const what = wanted === undefined ? 'no proven backup set' : `no complete backup set ${wanted}`
  const names = sets.slice(0, 5).map((set) => `${set.name} (${set.status.rung})`)
  const there = names.length === 0 ? 'there is none at all' : `there are ${names.join(', ')}`
  throw new PawlError({
    code: 'backup-not-found',
    message: `${place.release} has ${what}; ${there}`,
    unchanged: 'Nothing was changed.',
    facts: place,
  })
}

/** Every other set lacks what was written since: only a person says which to come back to. */
export function refutedSet(
  { name, refuted: { at, why } }: { name: string; refuted: Refutation },
  place: { release: string; namespace: string },
): PawlError {
  return new PawlError({
    code: 'backup-damaged',
    message: `a proof of ${name} failed at ${at}, and none that compares the rows has succeeded since: ${why}`,
    unchanged: 'Nothing was changed.',
    hint: 'Prove it again ("pawl backup prove {release} -n {namespace}"), or name the set to come back to with --set.',
    facts: { ...place, set: name },
  })
}

function byRole(
  databases: readonly DatabaseEvidence[],
  value: (database: DatabaseEvidence) => string,
): Record<string, string> {
  return Object.fromEntries(databases.map((database) => [database.role, value(database)]))
}

/** Reached as they were when the set was taken. */
function withMajors(status: BackupSetStatus): PlannedDatabase[] {
  return status.targets.map((planned) => {
    const evidence = status.databases.find(({ role }) => role === planned.target.role)
    if (evidence === undefined) return planned
    const last = evidence.migrations?.at(-1)
    const { lastMigration: _, ...rest } = planned
    return {
      ...rest,
      serverMajor: evidence.serverMajor,
      sizeBytes: evidence.sizeBytes,
      ...(last === undefined ? {} : { lastMigration: last }),
    }
  })
}

/**
 * Everybody who may write now must stop, also what only the newer release brought; afterwards runs what ran at the time of
 * the backup, where the set says so.
 */
async function writersNow(
  deps: PreflightDeps,
  databases: readonly PlannedDatabase[],
  then: readonly Writer[],
  signal?: AbortSignal,
): Promise<Writer[]> {
  const { cluster, installation, profile, parseYaml } = deps
  const { namespace, release } = installation
  const { latest } = await readRecords(deps, { release, namespace }, signal)
  // The newest release may reach its databases by other Secrets than the set's does: both count.
  const newest = await from(known(latest), (record) => databasesOf(profile, scopeOf(record)))
  const old: ExpectedDatabase[] = databases.map(({ target, migrator }) => ({ target, migrator }))
  const held = [...old, ...(newest.known ? newest.value : [])]
  const manifest = objectsOf(parseYaml(latest.manifest))
  const { writers } = await readWorkloads({ cluster, namespace, signal }, manifest, held)
  const names = [...new Set([...writers, ...then].map(({ deployment }) => deployment))].toSorted()
  return names.flatMap((name) => {
    const current = writers.find(({ deployment }) => deployment === name)
    const before = then.find(({ deployment }) => deployment === name)
    if (before !== undefined) return [before]
    // Without a memory of the time of the backup, what runs now is the best there is; what the set did not know gets none.
    return current === undefined ? [] : [then.length === 0 ? current : { ...current, replicas: 0 }]
  })
}
