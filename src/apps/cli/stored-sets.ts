// A store that this process reaches by itself: for commands that must work where no cluster is left to run a Job.
import { countsAsProven } from '../../core/backup/rung.ts'
import type { SurveyedSet } from '../../core/data/housekeeping.ts'
import type { DataProgress, DataResults } from '../../core/data/tasks.ts'
import { PawlError } from '../../core/errors.ts'
import type { Secret } from '../../core/secret.ts'
import { storeText, type StoreSpec } from '../../core/store/spec.ts'
import type { DataDeps } from '../../data/deps.ts'
import { copySet } from '../../data/housekeeping/copy.ts'
import { exportSet } from '../../data/housekeeping/export.ts'
import { readReleaseFiles } from '../../data/housekeeping/release-files.ts'
import { runDataTask } from '../../data/run.ts'

export interface StoredSets {
  where: string
  /** Directories below a release's own, those that are no finished sets included. */
  list(under: string): Promise<SurveyedSet[]>
  inspect(set: string): Promise<DataResults['inspect']>
  /** Files of the release, decrypted. Throws `key-wrong`. */
  releaseFiles(set: string, identity: Secret): Promise<Record<string, Uint8Array>>
  /** Copies a set to another store, every byte compared with the manifest. Returns how many objects were not there yet. */
  copyTo(to: StoreSpec, set: string, report: (progress: DataProgress) => void): Promise<number>
  /** Copies a set into a directory that needs nobody to be understood. */
  exportTo(
    to: StoreSpec,
    set: string,
    report: (progress: DataProgress) => void,
  ): Promise<{ made: number; checksums: string }>
}

/** Throws `input-invalid` for a volume: only pods of its cluster reach that. */
function refuseVolume(spec: StoreSpec): void {
  if (spec.type === 'volume') throw notReached(spec)
}

export function notReached(spec: StoreSpec): PawlError {
  return new PawlError({
    code: 'input-invalid',
    message: `the store ${storeText(spec)} is a volume, which only pods of its cluster reach`,
    hint: 'Keep sets in a bucket ("pawl init --store"), or mount the volume and name it as a directory.',
    unchanged: 'Nothing was changed.',
  })
}

export async function storedSetsOf(deps: DataDeps, spec: StoreSpec, signal: AbortSignal): Promise<StoredSets> {
  refuseVolume(spec)
  const store = await deps.openStore(spec)
  return {
    where: store.where,
    list: async (under) => {
      const strandedBefore = new Date(0).toISOString()
      return (await runDataTask<'survey'>({ kind: 'survey', store: spec, under, strandedBefore }, deps, { signal }))
        .sets
    },
    inspect: async (set) =>
      await runDataTask<'inspect'>({ kind: 'inspect', store: spec, set, read: 'manifest' }, deps, { signal }),
    releaseFiles: async (set, identity) =>
      await readReleaseFiles({ store, cipher: deps.cipher, set }, identity, signal),
    copyTo: async (to, set, report) => {
      refuseVolume(to)
      return await copySet({ from: store, to: await deps.openStore(to), set }, { report, signal })
    },
    exportTo: async (to, set, report) => await exportSet(store, await deps.openStore(to), set, { report, signal }),
  }
}

/**
 * The set to bring back: the named one, or the newest that was proven. Throws `backup-not-found`; a set that was never proven must
 * be named.
 */
export async function chooseStored(
  sets: StoredSets,
  under: string,
  name: string | undefined,
): Promise<{ name: string; stored: DataResults['inspect'] }> {
  const finished = (await sets.list(under)).filter((set) => set.hasManifest)
  const wanted = finished.filter((set) => name === undefined || set.name === name)
  const found: { name: string; stored: DataResults['inspect'] }[] = []
  for (const set of wanted) found.push({ name: set.name, stored: await sets.inspect(`${under}/${set.name}`) })
  const newestFirst = found.toSorted((a, b) => (a.stored.finishedAt < b.stored.finishedAt ? 1 : -1))
  const chosen = name === undefined ? newestFirst.find(({ stored }) => stored.proofs.some(isProof)) : newestFirst[0]
  if (chosen === undefined) {
    const what = name === undefined ? 'no proven set' : `no finished set ${name}`
    const there =
      finished.length === 0 ? 'there is none at all' : `there are ${finished.map((set) => set.name).join(', ')}`
    throw new PawlError({
      code: 'backup-not-found',
      message: `${sets.where} has ${what} of ${under}; ${there}`,
      unchanged: 'Nothing was changed.',
    })
  }
  const [problem] = chosen.stored.problems
  if (problem === undefined) return chosen
  throw new PawlError({
    code: 'backup-damaged',
    message: `the set ${chosen.name} is not whole: ${problem}`,
    unchanged: 'Nothing was changed.',
  })
}

function isProof({ rung }: { rung: string }): boolean {
  return countsAsProven(rung)
}
