// The options that all package commands share: for which installation of which product, and in which directory its package is.
import { PawlError } from '../../core/errors.ts'
import type { PackageMode } from '../../core/package/rules.ts'
import type { Profile } from '../../core/profile/profile.ts'
import { recordOf, textOf } from '../../core/json.ts'
import { secret, type Secret } from '../../core/secret.ts'
import type { PackageFiles } from '../../ports/packages.ts'
import {
  comparedWith,
  rulesOf,
  sourceFromFiles,
  sourceFromRelease,
  type PackageSource,
} from '../../steps/package/source.ts'
import type { DownloadDeps } from '../../steps/package/download.ts'
import { readRecords, scopeOf } from '../../steps/preflight/record.ts'
import { textOption, type Options } from './define.ts'
import { profileNamed, targetOf, type Session } from './session.ts'

export interface PackageTools {
  mode: PackageMode
  deps: DownloadDeps
}

export interface PackageContext extends PackageTools {
  source: PackageSource
  directory: string
}

/** What needs no installed package. Throws `usage`, `product-unknown`. */
export async function packageTools(session: Session, options: Options): Promise<PackageTools> {
  const { doors } = session
  const profile = profileWithPackages(session, textOption(options, 'profile'))
  const mode = modeOf(options)
  const deps: DownloadDeps = {
    profile,
    files: await doors.packageFiles(),
    clock: doors.clock,
    parseYaml: (text) => doors.parseYaml(text),
    readSecret: async (name, key) => await readSecret(session, name, key),
    open: async (...whose) => await doors.packages(...whose),
  }
  return { mode, deps }
}

/** Throws as `packageTools`, `input-invalid`, and what reading a release throws. */
export async function packageContext(session: Session, options: Options): Promise<PackageContext> {
  const { deps, mode } = await packageTools(session, options)
  const { profile, files } = deps
  const [release, given] = [textOption(options, 'release'), textOption(options, 'dir')]
  const directory = given ?? '.'
  const ofRelease = release === undefined ? undefined : await releaseSource(session, profile, mode, release)
  if (ofRelease !== undefined && given === undefined) return { deps, mode, source: ofRelease, directory }
  const texts = await files.read(
    directory,
    rulesOf(profile).forms[mode].files.map(({ name }) => name),
  )
  if (Object.keys(texts).length === 0) await refuseOtherMode(files, profile, mode, directory)
  const ofFiles = sourceFromFiles(deps, mode, texts, `the package in ${directory}`)
  return { deps, mode, source: ofRelease === undefined ? ofFiles : comparedWith(ofFiles, ofRelease), directory }
}

function profileWithPackages(session: Session, name: string | undefined): Profile {
  if (name !== undefined) return profileNamed(session, name)
  const [only, ...more] = session.doors.profiles.filter(({ packages }) => packages !== undefined)
  if (only !== undefined && more.length === 0) return only
  throw new PawlError({ code: 'product-unknown', message: 'more than one product has customer packages' })
}

function modeOf(options: Options): PackageMode {
  const mode = textOption(options, 'mode')
  if (mode === 'k8s' || mode === 'docker') return mode
  throw new PawlError({
    code: 'usage',
    message: `-s takes k8s or docker, got ${JSON.stringify(mode ?? '')}`,
    unchanged: 'Nothing was downloaded.',
  })
}

async function releaseSource(
  session: Session,
  profile: Profile,
  mode: PackageMode,
  name: string,
): Promise<PackageSource> {
  if (mode !== 'k8s') throw new PawlError({ code: 'usage', message: '--release is of Helm: it goes with -s k8s only' })
  const { release, namespace, cluster } = await targetOf(session, name)
  const records = await session.doors.records(cluster)
  const { installed, latest } = await readRecords({ records, profile }, { release, namespace }, session.stop)
  return sourceFromRelease(profile, scopeOf(installed ?? latest).values, `release ${release}`)
}

/** Somebody who relied on the other default of the vendor's script is told, instead of being told that a file is missing. */
async function refuseOtherMode(
  files: PackageFiles,
  profile: Profile,
  mode: PackageMode,
  directory: string,
): Promise<void> {
  const other = mode === 'k8s' ? 'docker' : 'k8s'
  const names = rulesOf(profile).forms[other].files.map(({ name }) => name)
  if (Object.keys(await files.read(directory, names)).length === 0) return
  throw new PawlError({
    code: 'input-invalid',
    message: `${directory} has the files of a ${other} package, and none of a ${mode} package`,
    unchanged: 'Nothing was downloaded.',
    hint: `Say -s ${other}.`,
  })
}

async function readSecret(session: Session, name: string, key: string): Promise<Secret> {
  const where = `key ${key} of Secret ${name}`
  try {
    const cluster = await session.doors.cluster(session.global)
    const { namespace } = cluster.where
    const object = await cluster.get({ apiVersion: 'v1', kind: 'Secret', namespace, name }, session.stop)
    const found = textOf(recordOf(object?.['data'])[key])
    if (found !== undefined) return secret(Buffer.from(found, 'base64').toString('utf8'))
    throw new PawlError({ code: 'input-invalid', message: `there is no ${where} in namespace ${namespace}` })
  } catch (cause) {
    if (!(cause instanceof PawlError)) throw cause
    throw new PawlError({
      code: cause.code,
      message: `the values keep the service account's key in ${where}, which cannot be read: ${cause.message}`,
      unchanged: 'Nothing was downloaded.',
      hint: 'Name the namespace with -n (and --context) where that Secret is, and check the right to read it.',
      facts: { secret: name, key },
      cause,
    })
  }
}
