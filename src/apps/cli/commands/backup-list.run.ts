// pawl backup list: the sets that the cluster knows, or those that a store holds, whoever made them.
import { PawlError } from '../../../core/errors.ts'
import { textOption, type Options } from '../define.ts'
import { DEFAULT_IMAGE } from '../defaults.ts'
import { renderBackupList, renderStoredList } from '../render/backup-list.ts'
import { findInstallation, targetOf, type Session, type Target } from '../session.ts'
import { saysHowToReach, storeNamed } from '../store-option.ts'
import { listStored } from '../stored-sets.ts'
import { progressLines } from './backup-keep.run.ts'
import { listSets } from './backup.run.ts'

export async function backupList(session: Session, args: string[], options: Options): Promise<number> {
  const from = textOption(options, 'from')
  // Who says how a store is reached and forgets which would take what the cluster knows for what is in the store.
  if (from === undefined && (saysHowToReach(options) || textOption(options, 'dataImage') !== undefined))
    throw new PawlError({
      code: 'usage',
      message: 'say which store with --from STORE',
      unchanged: 'Nothing was changed.',
    })
  const target = await targetOf(session, args[0])
  if (from !== undefined) return await listFrom(session, target, from, options)
  const { terminal, doors, global } = session
  const sets = await listSets(target)
  if (global.output === 'json') terminal.write(`${JSON.stringify(sets)}\n`)
  else terminal.write(renderBackupList(sets, doors.clock.now(), terminal.colour))
  return 0
}

/** Needs neither a key nor that anything is installed. */
async function listFrom(session: Session, target: Target, text: string, options: Options): Promise<number> {
  const { doors, terminal, global, stop } = session
  const { cluster, namespace, release } = target
  const from = storeNamed(text, options)
  const dataImage = textOption(options, 'dataImage') ?? (await knownImage(target)) ?? DEFAULT_IMAGE
  const sets = await doors.storedSets(cluster, { from }, { namespace, dataImage, signal: stop })
  const under = `${namespace}/${release}`
  const found = await listStored(sets, under, progressLines(session, global.output === 'json'))
  if (global.output === 'json') terminal.write(`${JSON.stringify(found)}\n`)
  else terminal.write(renderStoredList(found, `${sets.where}, ${under}`, doors.clock.now(), terminal.colour))
  return 0
}

/** On a lost cluster not even the definitions are there. */
async function knownImage(target: Target): Promise<string | undefined> {
  return (await findInstallation(target).catch(() => undefined))?.dataImage
}
