// pawl backup export and import: a set as a directory that needs nobody, and back.
import { resolve } from 'node:path'
import { PawlError } from '../../../core/errors.ts'
import { registerSet } from '../../../steps/lost/register.ts'
import { textOption, type Options } from '../define.ts'
import { installationOf, targetOf, type Session } from '../session.ts'
import { chooseStored } from '../stored-sets.ts'
import { identityIn } from './keys.run.ts'
import { progressLines, setNamed } from './backup-keep.run.ts'

function directoryOption(text: string | undefined, what: string): { type: 'directory'; path: string } {
  if (text !== undefined && text !== '') return { type: 'directory', path: resolve(text) }
  throw new PawlError({ code: 'usage', message: what, unchanged: 'Nothing was changed.' })
}

export async function backupExport(session: Session, args: string[], options: Options): Promise<number> {
  const to = directoryOption(textOption(options, 'to'), 'say where to with --to DIRECTORY')
  const target = await targetOf(session, args[0])
  const set = await setNamed(target, args[1])
  const sets = await session.doors.storedSets(target.cluster, target.namespace, set.store, session.stop)
  const json = session.global.output === 'json'
  const exported = await sets.exportTo(to, set.set, progressLines(session, json))
  const said = { set: set.name, directory: to.path, ...exported }
  if (json) session.terminal.write(`${JSON.stringify(said)}\n`)
  else
    session.terminal.write(
      `${set.name} is in ${to.path}: ${exported.made} objects new, ${exported.checksums} checks them, ${set.name}.README.md says how to restore by hand\n`,
    )
  return 0
}

export async function backupImport(session: Session, args: string[], options: Options): Promise<number> {
  const from = directoryOption(args[1], 'name the directory that "pawl backup export" made')
  const target = await targetOf(session, args[0])
  const { cluster, namespace, release } = target
  const installation = await installationOf(target)
  const { doors, stop, terminal, global } = session
  const json = global.output === 'json'
  const sets = await doors.storedSets(cluster, namespace, from, stop)
  const { name, stored } = await chooseStored(sets, `${namespace}/${release}`, textOption(options, 'set'))
  const { identity } = await doors.readIdentity(await identityIn(target, installation))
  // What cannot be opened is of no use here: said before anything is copied.
  const files = await sets.releaseFiles(stored.set, identity)
  const made = await sets.copyTo(installation.store, stored.set, progressLines(session, json))
  const set = await registerSet(
    { cluster, namespace, release, signal: stop },
    { name, store: installation.store, stored, files },
  )
  const rung = set.status?.rung ?? 'archived'
  if (json) terminal.write(`${JSON.stringify({ set: name, made, rung })}\n`)
  else terminal.write(`${name} (${rung}) is in the store: ${made} objects new\n`)
  return 0
}
