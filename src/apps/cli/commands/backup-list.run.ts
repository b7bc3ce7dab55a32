// pawl backup list: the sets that the cluster knows, or those that a store holds, whoever made them.
import { textOption, type Options } from '../define.ts'
import { DEFAULT_IMAGE } from '../defaults.ts'
import { renderBackupList, renderStoredList } from '../render/backup-list.ts'
import { targetOf, type Session } from '../session.ts'
import { storeNamed } from '../store-option.ts'
import { listStored } from '../stored-sets.ts'
import { listSets } from './backup.run.ts'

export async function backupList(session: Session, args: string[], options: Options): Promise<number> {
  const target = await targetOf(session, args[0])
  const from = textOption(options, 'from')
  if (from !== undefined) return await listFrom(session, target, from, options)
  const { terminal, doors, global } = session
  const sets = await listSets(target)
  if (global.output === 'json') terminal.write(`${JSON.stringify(sets)}\n`)
  else terminal.write(renderBackupList(sets, doors.clock.now(), terminal.colour))
  return 0
}

/** Needs neither a key nor that anything is installed. */
async function listFrom(
  { doors, terminal, global, stop }: Session,
  { cluster, namespace, release }: Awaited<ReturnType<typeof targetOf>>,
  text: string,
  options: Options,
): Promise<number> {
  const from = storeNamed(text, options)
  const dataImage = textOption(options, 'dataImage') ?? DEFAULT_IMAGE
  const sets = await doors.storedSets(cluster, { from }, { namespace, dataImage, signal: stop })
  const under = `${namespace}/${release}`
  const found = await listStored(sets, under)
  if (global.output === 'json') terminal.write(`${JSON.stringify(found)}\n`)
  else terminal.write(renderStoredList(found, `${sets.where}, ${under}`, doors.clock.now(), terminal.colour))
  return 0
}
