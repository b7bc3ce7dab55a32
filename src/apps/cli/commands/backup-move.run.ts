// pawl backup export and import: a set in a directory, bucket or volume that needs nobody, and back.
import { PawlError } from '../../../core/errors.ts'
import type { Installation } from '../../../core/resources.ts'
import { storeText, type StoreSpec } from '../../../core/store/spec.ts'
import { whyNotTogether } from '../../../core/store/together.ts'
import { registerSet } from '../../../steps/lost/register.ts'
import { textOption, type Options } from '../define.ts'
import type { Cluster } from '../../../ports/cluster.ts'
import { installationOf, targetOf, type ReachedBy, type Session, type Target } from '../session.ts'
import { effortOption } from '../effort-options.ts'
import { storeNamed } from '../store-option.ts'
import { chooseStored, type StoredSets } from '../stored-sets.ts'
import { identityIn } from './keys.run.ts'
import { progressLines, setNamed } from './backup-keep.run.ts'

function named(text: string | undefined, options: Options, what: string): StoreSpec {
  if (text !== undefined && text !== '') return storeNamed(text, options)
  throw new PawlError({ code: 'usage', message: what, unchanged: 'Nothing was changed.' })
}

async function openBoth(
  session: Session,
  { cluster, namespace }: Target,
  { dataImage }: Installation,
  stores: { from: StoreSpec; to: StoreSpec },
): Promise<StoredSets> {
  return await openTogether(session, cluster, stores, { namespace, dataImage, signal: session.stop })
}

/** Throws `input-invalid` where nothing reaches both. */
export async function openTogether(
  { doors }: Session,
  cluster: Cluster,
  stores: { from: StoreSpec; to: StoreSpec },
  reached: ReachedBy,
): Promise<StoredSets> {
  const why = whyNotTogether(stores.from, stores.to)
  if (why === undefined) return await doors.storedSets(cluster, stores, reached)
  throw new PawlError({
    code: 'input-invalid',
    message: why,
    hint: 'Take the set by way of a bucket or of another volume (volume:CLAIM), or mount the volume and name it as a directory.',
    unchanged: 'Nothing was changed.',
  })
}

export async function backupExport(session: Session, args: string[], options: Options): Promise<number> {
  const to = named(textOption(options, 'to'), options, 'say where to with --to STORE, for example a directory')
  const rate = effortOption(options)
  const target = await targetOf(session, args[0])
  const set = await setNamed(target, args[1])
  const sets = await openBoth(session, target, await installationOf(target), { from: set.store, to })
  const json = session.global.output === 'json'
  const exported = await sets.exportTo({ to, set: set.set, report: progressLines(session, json), ...rate })
  const where = to.type === 'directory' ? to.path : storeText(to)
  const said = { set: set.name, where, ...exported }
  if (json) session.terminal.write(`${JSON.stringify(said)}\n`)
  else
    session.terminal.write(
      `${set.name} is in ${where}: ${exported.made} objects new, ${exported.checksums} checks them, ${set.name}.README.md says how to restore by hand\n`,
    )
  return 0
}

export async function backupImport(session: Session, args: string[], options: Options): Promise<number> {
  const from = named(args[1], options, 'name what "pawl backup export" made, for example a directory')
  const rate = effortOption(options)
  const target = await targetOf(session, args[0])
  const { cluster, namespace, release } = target
  const installation = await installationOf(target)
  const { doors, stop, terminal, global } = session
  const json = global.output === 'json'
  const sets = await openBoth(session, target, installation, { from, to: installation.store })
  const { name, stored } = await chooseStored(sets, `${namespace}/${release}`, textOption(options, 'set'))
  const { identity } = await doors.readIdentity(await identityIn(target, installation))
  // What cannot be opened is of no use here: said before anything is copied.
  const files = await sets.releaseFiles(stored.set, identity)
  const made = await sets.copyTo({
    to: installation.store,
    set: stored.set,
    report: progressLines(session, json),
    ...rate,
  })
  const set = await registerSet(
    { cluster, namespace, release, signal: stop },
    { name, store: installation.store, stored, files },
  )
  const rung = set.status?.rung ?? 'archived'
  if (json) terminal.write(`${JSON.stringify({ set: name, made, rung })}\n`)
  else terminal.write(`${name} (${rung}) is in the store: ${made} objects new\n`)
  return 0
}
