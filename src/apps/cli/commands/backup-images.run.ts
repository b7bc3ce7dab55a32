// pawl backup images: the images of a set, as a directory that every tool reads, or in another registry.
import type { ResultOf } from '../../../core/data/tasks.ts'
import { PawlError } from '../../../core/errors.ts'
import { readImageName } from '../../../core/images/name.ts'
import { DEFAULT_IDENTITY } from '../../../core/resources.ts'
import { storeText, type StoreSpec } from '../../../core/store/spec.ts'
import { needsPod } from '../../../core/store/together.ts'
import { namedLogin } from '../../../steps/backup/images.ts'
import { DEFAULT_IMAGE } from '../defaults.ts'
import { textOption, type Options } from '../define.ts'
import { effortOption } from '../effort-options.ts'
import { registryOption } from '../images-option.ts'
import { renderImages, type ShownImages } from '../render/backup-images.ts'
import { installationOf, targetOf, type ReachedBy, type Session, type Target } from '../session.ts'
import { parseStoreOption, storeNamed } from '../store-option.ts'
import { chooseStored, type ImagesRequest } from '../stored-sets.ts'
import { progressLines, setNamed } from './backup-keep.run.ts'
import { openTogether } from './backup-move.run.ts'
import { keyIn } from './keys.run.ts'

/** Of a set: where it lies, and who opens it. */
interface Source {
  name: string
  store: StoreSpec
  reached: ReachedBy
  request: ImagesRequest
}

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
  const isLayout = !to.startsWith('oci://')
  if (isLayout && Object.keys(registryOption(options)).length > 0)
    throw invalid('a directory is no registry: leave the --registry-* options out')
  const registry = isLayout ? undefined : placeOf(to)
  const from = parseStoreOption(options, 'from')
  const target = await targetOf(session, args[0])
  const source =
    from === undefined
      ? await knownSource(session, target, args[1], options)
      : await lostSource(session, target, { from, name: args[1] }, options)
  // How a store is reached is said of the one that it is read from, where that is named.
  const shown =
    registry === undefined
      ? await take(session, target, source, storeNamed(to, from === undefined ? options : {}))
      : await push(session, target, source, { registry, options })
  const { terminal, global } = session
  if (global.output === 'json') terminal.write(`${JSON.stringify(shown)}\n`)
  else terminal.write(renderImages(shown, isLayout, terminal.colour))
  return 0
}

async function knownSource(
  session: Session,
  target: Target,
  name: string | undefined,
  options: Options,
): Promise<Source> {
  const rate = effortOption(options)
  const { name: found, store, set } = await setNamed(target, name)
  const { dataImage, identity } = await installationOf(target)
  const report = progressLines(session, session.global.output === 'json')
  const reached = { namespace: target.namespace, dataImage, signal: session.stop }
  return { name: found, store, reached, request: { set, identity, report, ...rate } }
}

/** Nothing is left but the store and the key, which stays on this machine. */
async function lostSource(
  session: Session,
  target: Target,
  { from, name }: { from: StoreSpec; name: string | undefined },
  options: Options,
): Promise<Source> {
  const rate = effortOption(options)
  if (needsPod([from])) {
    throw new PawlError({
      code: 'input-invalid',
      message: `only pods of the cluster reach ${storeText(from)}, and the key stays on this machine`,
      hint: 'Mount the volume and name it as a directory, or take the set by way of a bucket.',
      unchanged: 'Nothing was changed.',
    })
  }
  const { identity } = await keyIn(session, options)
  const handed = { ref: DEFAULT_IDENTITY, value: identity }
  const { cluster, namespace, release } = target
  const reached = { namespace, dataImage: DEFAULT_IMAGE, handed, signal: session.stop }
  const sets = await session.doors.storedSets(cluster, { from }, reached)
  const chosen = await chooseStored(sets, `${namespace}/${release}`, name)
  const report = progressLines(session, session.global.output === 'json')
  const request = { set: chosen.stored.set, identity: DEFAULT_IDENTITY, report, ...rate }
  return { name: chosen.name, store: from, reached, request }
}

async function take(
  session: Session,
  { cluster }: Target,
  { name, store, reached, request }: Source,
  to: StoreSpec,
): Promise<ShownImages> {
  const sets = await openTogether(session, cluster, { from: store, to }, reached)
  const result = await sets.takeImages({ to, ...request })
  return { set: name, where: to.type === 'directory' ? to.path : storeText(to), ...result }
}

async function push(
  { doors, stop }: Session,
  { cluster, namespace }: Target,
  { name, store, reached, request }: Source,
  { registry, options }: { registry: Place; options: Options },
): Promise<ShownImages> {
  const { login, ...reach } = registryOption(options)
  const logins = login === undefined ? [] : [await namedLogin(cluster, namespace, login, stop)]
  const sets = await doors.storedSets(cluster, { from: store }, reached)
  const result: ResultOf<'push-images'> = await sets.pushImages({ registry, reach: { logins, ...reach }, ...request })
  const where = [registry.host, registry.path].filter((part) => part !== '').join('/')
  return { set: name, where: `oci://${where}`, ...result }
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
