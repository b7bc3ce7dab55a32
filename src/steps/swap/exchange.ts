// Exchanging names, for copies of either kind. Of staged copies nothing is believed: what is gone or altered comes from the store.
import { nameBeside, type FoundCopy } from '../../core/data/copies.ts'
import type { DatabaseTarget, DataResults } from '../../core/data/tasks.ts'
import { isPawlError, PawlError } from '../../core/errors.ts'
import { freedTaskId } from '../look.ts'
import { databaseSuffixes, runId } from '../names.ts'
import { recoveryPlanOf, restoreBeside, setOf } from '../restore/index.ts'
import { forgetCopies, listCopiesOfRun, placeOf, type CopyPlace } from '../staged/copies.ts'
import type { StepContext } from '../step.ts'

export interface Exchanged {
  databases: DataResults['swap']['databases']
  exchangedInMs?: number
  /** By role, why the database came from the store after all, or once more. */
  replaced?: Record<string, string>
}

interface Names {
  /** Of the databases that take the live names. */
  suffix: string
  /** Of those that had them. */
  kept: string
}

interface ExchangeRequest extends Names {
  /** Part of the task's name. */
  what: string
  /** Only these; all where absent. */
  roles?: readonly string[]
}

export async function exchange(
  context: StepContext,
  { suffix, kept, what, roles }: ExchangeRequest,
  attempt: number,
): Promise<Exchanged> {
  const { databases, serverMajor } = placeOf(context)
  const id = await freedTaskId(context, what, attempt)
  const { databases: exchanged, exchangedInMs } = await context.dataPlane.run<'swap'>(
    {
      kind: 'swap',
      databases: databases.filter(({ role }) => roles === undefined || roles.includes(role)),
      newSuffix: suffix,
      oldSuffix: kept,
      expect: recoveryPlanOf(context).digests,
    },
    { id, serverMajor, onProgress: context.report, signal: context.signal },
  )
  return { databases: exchanged, ...(exchangedInMs === undefined ? {} : { exchangedInMs }) }
}

/**
 * What the restore has made and compared. Where some of it is gone again, it is made once more, and the exchange decides anew of every
 * database: nothing is compared here afterwards. Throws `unknown-state` where that helps nothing.
 */
export async function exchangeRestored(context: StepContext, names: Names, attempt: number): Promise<Exchanged> {
  try {
    return await exchange(context, { ...names, what: 'swap' }, attempt)
  } catch (error) {
    if (!isGone(error)) throw error
    const roles = await notExchanged(context, names.kept)
    if (roles.length > 0) await restoreAgain(context, { roles, what: 'restored', why: 'gone' }, attempt)
    // Asked also where all seem exchanged: what the first try was answered is remembered, and may be older than a process that died.
    const exchanged = await exchange(context, { ...names, what: 'swap-gone' }, attempt)
    if (roles.length === 0) return exchanged
    return { ...exchanged, replaced: Object.fromEntries(roles.map((role) => [role, error.message])) }
  }
}

/**
 * Done again after a crash anywhere it ends the same: what was exchanged is found exchanged, and the comparison decides once more what
 * is not the set's.
 */
export async function exchangeStaged(context: StepContext, names: Names, attempt: number): Promise<Exchanged> {
  const replaced: Record<string, string> = {}
  const exchanged = await exchangeOrReplace(context, names, attempt, replaced)
  const differing = await compare(context, attempt)
  for (const { role, differs } of differing) replaced[role] = differs
  const roles = differing.map(({ role }) => role)
  if (roles.length > 0)
    await fromStore(context, { roles, kept: await freeAltered(context, roles), why: 'altered' }, attempt)
  // What is left of copies that were not used stays known, until somebody accepts what runs.
  if (Object.keys(replaced).length > 0) return { ...exchanged, replaced }
  await forgetCopies(context.cluster, context.namespace, recoveryPlanOf(context).set, context.signal)
  return exchanged
}

/** Nothing was renamed: since the restore looked, somebody took a copy away or put something else in its place. */
function isGone(error: unknown): error is PawlError {
  return isPawlError(error, 'proof-mismatch') || isPawlError(error, 'unknown-state')
}

/** Roles beside whose live database stands none of this suffix. Databases of two servers may have one name. */
function rolesWithout({ databases }: CopyPlace, found: readonly FoundCopy[], suffix: string): string[] {
  const isThere = ({ role, database }: DatabaseTarget): boolean =>
    found.some((copy) => copy.role === role && copy.database === nameBeside(database, suffix))
  return databases.filter((database) => !isThere(database)).map(({ role }) => role)
}

/** By the databases that were kept. */
async function notExchanged(context: StepContext, kept: string): Promise<string[]> {
  return rolesWithout(placeOf(context), await listCopiesOfRun(context), kept)
}

async function exchangeOrReplace(
  context: StepContext,
  names: Names,
  attempt: number,
  replaced: Record<string, string>,
): Promise<Exchanged> {
  try {
    return await exchange(context, { ...names, what: 'swap' }, attempt)
  } catch (error) {
    if (!isGone(error)) throw error
    const roles = await notExchanged(context, names.kept)
    for (const role of roles) replaced[role] = error.message
    const request: Replacement = { roles, kept: names.kept, why: 'gone' }
    const fresh = roles.length > 0 ? await fromStore(context, request, attempt) : []
    const { digests } = recoveryPlanOf(context)
    return {
      databases: placeOf(context).databases.map(({ role, database: live }) => {
        const before = { role, live, kept: nameBeside(live, names.kept), digest: digests[role] ?? '' }
        return fresh.find((one) => one.role === role) ?? before
      }),
    }
  }
}

/** What was live under the live name once more differed, in this very recovery: what an earlier time has kept stays, too. */
async function freeAltered(context: StepContext, roles: readonly string[]): Promise<string> {
  const found = await listCopiesOfRun(context)
  const { altered } = databaseSuffixes(runId(context.run, context.release))
  const free = altered.find((suffix) => {
    const without = rolesWithout(placeOf(context), found, suffix)
    return roles.every((role) => without.includes(role))
  })
  if (free !== undefined) return free
  throw new PawlError({
    code: 'unknown-state',
    message: `of ${roles.join(', ')} ${altered.length} databases that were not the backup are kept already: something goes on writing`,
    unchanged: 'No database was renamed.',
    hint: 'Find out what writes and end it, drop what was kept ("pawl runs accept" names it), then resume.',
  })
}

interface Replacement {
  roles: readonly string[]
  kept: string
  why: 'gone' | 'altered'
}

async function fromStore(
  context: StepContext,
  { roles, kept, why }: Replacement,
  attempt: number,
): Promise<Exchanged['databases']> {
  await restoreAgain(context, { roles, what: 'staged', why }, attempt)
  const names = { suffix: databaseSuffixes(runId(context.run, context.release)).fresh, kept }
  return (await exchange(context, { ...names, what: `swap-${why}`, roles }, attempt)).databases
}

interface Again extends Pick<Replacement, 'roles' | 'why'> {
  what: 'staged' | 'restored'
}

async function restoreAgain(context: StepContext, { roles, what, why }: Again, attempt: number): Promise<void> {
  context.report({
    phase: 'restore',
    note: `the ${what} copy of ${roles.join(', ')} is ${why}: restored from the store`,
  })
  await restoreBeside(context, { set: await setOf(context), roles, id: await freedTaskId(context, why, attempt) })
}

/** Every row of what has the live names now, before anything is started on it. */
async function compare(context: StepContext, attempt: number): Promise<{ role: string; differs: string }[]> {
  const { databases, serverMajor } = placeOf(context)
  const { set, store } = await setOf(context)
  const { identity } = context.installation
  const id = await freedTaskId(context, 'compare', attempt)
  const result = await context.dataPlane.run<'compare'>(
    { kind: 'compare', databases, identity, set, store, ...context.spec.effort },
    { id, serverMajor, onProgress: context.report, signal: context.signal },
  )
  return result.databases.flatMap(({ role, differs }) => (differs === undefined ? [] : [{ role, differs }]))
}
