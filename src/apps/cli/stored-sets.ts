// Sets in a store, known to a cluster or not: what commands that move sets or bring a lost release back need of it.
import { countsAsProven, refutationIn, rungOfProofs } from '../../core/backup/rung.ts'
import type { Effort } from '../../core/data/effort.ts'
import type { SurveyedSet } from '../../core/data/housekeeping.ts'
import type { DataProgress, DataResults, Rung, SecretRef, TaskOf } from '../../core/data/tasks.ts'
import { isPawlError, PawlError } from '../../core/errors.ts'
import type { Refutation } from '../../core/resources.ts'
import type { Secret } from '../../core/secret.ts'
import { storeText, type StoreSpec } from '../../core/store/spec.ts'
import { openCarried } from '../../data/housekeeping/release-files.ts'
import type { Cipher } from '../../ports/cipher.ts'
import type { DataPlane } from '../../ports/dataplane.ts'
import type { Clock, Ids } from '../../ports/world.ts'
import { withTaskId } from '../../steps/housekeeping/prune.ts'

export interface StoredSets {
  where: string
  /** Directories below a release's own, those that are no finished sets included. */
  list(under: string): Promise<SurveyedSet[]>
  inspect(set: string): Promise<DataResults['inspect']>
  /** Files of the release, decrypted. Throws `key-wrong`. */
  releaseFiles(set: string, identity: Secret): Promise<Record<string, Uint8Array>>
  /**
   * Copies a set to another store, which the same process must reach, every byte compared with the manifest. Returns how many
   * objects were not there yet.
   */
  copyTo(request: CopyRequest): Promise<number>
  /** The same, with checksums and a page, so that the copy needs nobody to be understood. */
  exportTo(request: CopyRequest): Promise<{ made: number; checksums: string }>
  /** The images that a set holds, as a layout in a place that the same process must reach. */
  takeImages(request: ImagesRequest & { to: StoreSpec }): Promise<DataResults['take-images']>
  pushImages(
    request: ImagesRequest & Pick<TaskOf<'push-images'>, 'registry' | 'reach'>,
  ): Promise<DataResults['push-images']>
}

export interface ImagesRequest extends Pick<Effort, 'maxRate'> {
  set: string
  /** Where the identity is that opens the set. */
  identity: SecretRef
  report: (progress: DataProgress) => void
}

export interface CopyRequest extends Pick<Effort, 'maxRate'> {
  to: StoreSpec
  set: string
  report: (progress: DataProgress) => void
}

/** Whatever reaches the store: work in this process, or Jobs. */
export interface SetsReach {
  dataPlane: DataPlane
  clock: Clock
  ids: Ids
  cipher: Cipher
}

export function storedSetsBy(reach: SetsReach, store: StoreSpec, signal: AbortSignal): StoredSets {
  const { dataPlane, cipher } = reach
  const where = storeText(store)
  const copy = async (page: boolean, { to, set, report, maxRate }: CopyRequest): Promise<DataResults['copy-set']> => {
    const rate = maxRate === undefined ? {} : { maxRate }
    // Whole sets go through no log and no exec: who copies has both stores.
    return await withTaskId(reach, 'copy', async (id) =>
      dataPlane.run<'copy-set'>(
        { kind: 'copy-set', store, to, set, page, ...rate },
        { id, onProgress: report, signal },
      ),
    )
  }
  return {
    where,
    list: async (under) => {
      const survey = await withTaskId(reach, 'survey', async (id) =>
        dataPlane.run<'survey'>({ kind: 'survey', store, under }, { id, signal }),
      )
      return survey.sets
    },
    inspect: async (set) =>
      await withTaskId(reach, 'show', async (id) =>
        dataPlane.run<'inspect'>({ kind: 'inspect', store, set, read: 'manifest' }, { id, signal }),
      ),
    releaseFiles: async (set, identity) => {
      const carried = await withTaskId(reach, 'files', async (id) =>
        dataPlane.run<'release-files'>({ kind: 'release-files', store, set }, { id, signal }),
      )
      return await openCarried(carried, { cipher, set, where }, identity, signal)
    },
    copyTo: async (request) => (await copy(false, request)).made,
    exportTo: async (request) => {
      const { made, checksums = '' } = await copy(true, request)
      return { made, checksums }
    },
    takeImages: async ({ report, ...request }) =>
      await withTaskId(reach, 'images', async (id) =>
        dataPlane.run<'take-images'>({ kind: 'take-images', store, ...request }, { id, onProgress: report, signal }),
      ),
    pushImages: async ({ report, ...request }) =>
      await withTaskId(reach, 'images', async (id) =>
        dataPlane.run<'push-images'>({ kind: 'push-images', store, ...request }, { id, onProgress: report, signal }),
      ),
  }
}

/** A directory of a release in a store. */
export interface ListedSet extends Pick<SurveyedSet, 'name' | 'objects' | 'bytes' | 'newestAt'> {
  /** Absent where it was never finished, or cannot be read. */
  stored?: DataResults['inspect']
  /** Of one that is whole. */
  rung?: Rung
  refuted?: Refutation
  /** What is wrong with it. */
  why?: string
}

/** All that lies in a store of one release, oldest first; what is wrong with one hides no other. */
export async function listStored(
  sets: StoredSets,
  under: string,
  report: (progress: DataProgress) => void,
): Promise<ListedSet[]> {
  const listed: ListedSet[] = []
  const found = (await sets.list(under)).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  for (const [at, { hasManifest, ...set }] of found.entries()) {
    report({ phase: 'look', note: `${set.name} (${at + 1} of ${found.length})` })
    const inside = hasManifest ? await lookInto(sets, `${under}/${set.name}`) : {}
    if (inside !== undefined) listed.push({ ...set, ...inside })
  }
  return listed
}

/** Undefined where somebody has removed it meanwhile. */
async function lookInto(sets: StoredSets, set: string): Promise<Omit<ListedSet, keyof SurveyedSet> | undefined> {
  try {
    const stored = await sets.inspect(set)
    const [why] = stored.problems
    if (why !== undefined) return { stored, why }
    const refuted = refutationIn(stored.proofs)
    return { stored, rung: rungOfProofs(stored.proofs), ...(refuted === undefined ? {} : { refuted }) }
  } catch (error) {
    if (isPawlError(error, 'backup-not-found')) return undefined
    if (!isPawlError(error, 'backup-damaged') && !isPawlError(error, 'store-unreadable')) throw error
    return { why: error.message }
  }
}

interface Found {
  name: string
  stored: DataResults['inspect']
}

export interface Chosen extends Found {
  /** Newer ones that were proven, until a proof failed. */
  refuted: (Refutation & { name: string })[]
}

/**
 * The set to bring back: the named one, or the newest that is proven. Throws `backup-not-found`; a set that was never proven, or of
 * which a proof failed, must be named.
 */
export async function chooseStored(sets: StoredSets, under: string, name: string | undefined): Promise<Chosen> {
  const finished = (await sets.list(under)).filter((set) => set.hasManifest)
  const wanted = finished.filter((set) => name === undefined || set.name === name)
  const found: Found[] = []
  for (const set of wanted) found.push({ name: set.name, stored: await sets.inspect(`${under}/${set.name}`) })
  const newestFirst = found.toSorted((a, b) => (a.stored.finishedAt < b.stored.finishedAt ? 1 : -1))
  const chosen = name === undefined ? newestFirst.find(isProven) : newestFirst[0]
  if (chosen === undefined) {
    const what = name === undefined ? 'no proven set' : `no finished set ${name}`
    const there =
      finished.length === 0 ? 'there is none at all' : `there are ${finished.map((set) => set.name).join(', ')}`
    throw new PawlError({
      code: 'backup-not-found',
      message: `${sets.where} has ${what} of ${under}; ${there}`,
      unchanged: 'Nothing was changed.',
      ...(finished.length === 0
        ? {}
        : { hint: 'Name the one to take with --set: it counts however far it was proven.' }),
    })
  }
  const [problem] = chosen.stored.problems
  if (problem === undefined) return { ...chosen, refuted: refutedIn(newestFirst.slice(0, newestFirst.indexOf(chosen))) }
  throw new PawlError({
    code: 'backup-damaged',
    message: `the set ${chosen.name} is not whole: ${problem}`,
    unchanged: 'Nothing was changed.',
  })
}

function isProven({ stored }: Found): boolean {
  return countsAsProven(rungOfProofs(stored.proofs))
}

function refutedIn(sets: readonly Found[]): Chosen['refuted'] {
  return sets.flatMap(({ name, stored }) => {
    const refuted = refutationIn(stored.proofs)
    return refuted === undefined ? [] : [{ ...refuted, name }]
  })
}
