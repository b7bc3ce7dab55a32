// pawl backup images: the images of a set, as a directory that every tool reads, or in another registry.
import type { ResultOf } from '../../../core/data/tasks.ts'
import { PawlError } from '../../../core/errors.ts'
import { readImageName } from '../../../core/images/name.ts'
import { storeText } from '../../../core/store/spec.ts'
import { namedLogin } from '../../../steps/backup/images.ts'
import { textOption, type Options } from '../define.ts'
import { effortOption } from '../effort-options.ts'
import { registryOption } from '../images-option.ts'
import { renderImages } from '../render/backup-images.ts'
import { installationOf, targetOf, type Session, type Target } from '../session.ts'
import { storeNamed } from '../store-option.ts'
import { progressLines, setNamed } from './backup-keep.run.ts'
import { openBoth } from './backup-move.run.ts'

interface Place {
  host: string
  /** Empty where the images lie at the registry's root. */
  path: string
}

export async function backupImages(session: Session, args: string[], options: Options): Promise<number> {
  const to = textOption(options, 'to')
  if (to === undefined) {
    const message = 'say where to with --to: a directory, or oci://REGISTRY/PATH'
    throw new PawlError({ code: 'usage', message, unchanged: 'Nothing was changed.' })
  }
  const registry = to.startsWith('oci://') ? placeOf(to) : undefined
  const target = await targetOf(session, args[0])
  const taken =
    registry === undefined
      ? await take(session, target, args[1], options, to)
      : await push(session, target, args[1], options, registry)
  const { terminal, global } = session
  if (global.output === 'json') terminal.write(`${JSON.stringify(taken)}\n`)
  else terminal.write(renderImages(taken, registry === undefined, terminal.colour))
  return 0
}

interface Taken extends ResultOf<'take-images'> {
  set: string
  where: string
}

async function take(
  session: Session,
  target: Target,
  name: string | undefined,
  options: Options,
  where: string,
): Promise<Taken> {
  if (Object.keys(registryOption(options)).length > 0)
    throw invalid('a directory is no registry: leave the --registry-* options out')
  const to = storeNamed(where, options)
  const rate = effortOption(options)
  const set = await setNamed(target, name)
  const installation = await installationOf(target)
  const sets = await openBoth(session, target, installation, { from: set.store, to })
  const report = progressLines(session, session.global.output === 'json')
  const result = await sets.takeImages({ to, set: set.set, identity: installation.identity, report, ...rate })
  return { set: set.name, where: to.type === 'directory' ? to.path : storeText(to), ...result }
}

async function push(
  session: Session,
  target: Target,
  name: string | undefined,
  options: Options,
  registry: Place,
): Promise<Taken> {
  const { login, ...reach } = registryOption(options)
  const rate = effortOption(options)
  const set = await setNamed(target, name)
  const installation = await installationOf(target)
  const { cluster, namespace } = target
  const { doors, stop, global } = session
  const logins = login === undefined ? [] : [await namedLogin(cluster, namespace, login, stop)]
  const by = { namespace, dataImage: installation.dataImage, signal: stop }
  const sets = await doors.storedSets(cluster, { from: set.store }, by)
  const result = await sets.pushImages({
    registry,
    reach: { logins, ...reach },
    set: set.set,
    identity: installation.identity,
    report: progressLines(session, global.output === 'json'),
    ...rate,
  })
  return { set: set.name, where: `oci://${[registry.host, registry.path].filter(Boolean).join('/')}`, ...result }
}

/** Throws `input-invalid`. */
function placeOf(text: string): Place {
  const [, host = '', path = ''] = /^oci:\/\/([^/@?#\s]+)(?:\/([^?#@\s]*?))?\/*$/.exec(text) ?? []
  // Whatever can be the beginning of an image's name.
  const name = readImageName([host, path, 'x'].filter((part) => part !== '').join('/'))
  if (host !== '' && name?.host === host && name.tag === undefined) return { host, path }
  throw invalid(`expected oci://REGISTRY or oci://REGISTRY/PATH, got "${text}"`)
}

function invalid(message: string): PawlError {
  return new PawlError({ code: 'input-invalid', message, unchanged: 'Nothing was changed.' })
}
