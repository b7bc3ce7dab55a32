// pawl package: the vendor's packages of values and secrets: which there are, the newest one here, and what it changes.
import { objectionsTo } from '../../../core/package/accept.ts'
import { installedPackages, newestPackage, type ListedPackage, type Listing } from '../../../core/package/choose.ts'
import { ownerOf, versionText } from '../../../core/package/contents.ts'
import { differencesOf, valuesShown } from '../../../core/package/difference.ts'
import { fileNameOf } from '../../../core/package/name.ts'
import { readVersion, type Version } from '../../../core/versions/version.ts'
import { ERRORS, isPawlError } from '../../../core/errors.ts'
import { downloadPackage, openZip, peekPackage } from '../../../steps/package/download.ts'
import { acceptanceOf, listPackages, openPackages, rulesOf, type PackageSource } from '../../../steps/package/source.ts'
import { flag, textOption, type Options } from '../define.ts'
import { packageContext, packageTools, type PackageTools } from '../package-source.ts'
import { renderPackageDiff } from '../render/package-diff.ts'
import { renderDownload, renderPackage, renderPackageList, type PackageRow } from '../render/package.ts'
import type { Session } from '../session.ts'

export async function packageList(session: Session, options: Options): Promise<number> {
  const { deps, source } = await packageContext(session, options)
  const packages = await openPackages(deps, source)
  const listing = await listPackages(deps, packages, source, session.stop)
  const installed = readVersion(source.installedVersion, deps.profile.versionScheme)
  const ofInstalled = installed === undefined ? [] : installedPackages(listing, installed)
  const newest = newestIn(listing)
  const rows = listing.packages.map((listed) => ({
    ...rowOf(listed),
    newest: listed.name === newest?.name,
    installed: ofInstalled.includes(listed),
  }))
  const { mode, warnings } = source
  const { ignored } = listing
  return answer(
    session,
    { where: packages.where, mode, installed: installedOf(source), packages: rows, ignored, warnings },
    renderPackageList,
  )
}

/** A list shows two of one version, too: which of them is meant is asked when one is to be chosen. */
function newestIn(listing: Listing): ListedPackage | undefined {
  try {
    return newestPackage(listing)
  } catch (error) {
    if (isPawlError(error, 'package-ambiguous')) return undefined
    throw error
  }
}

export async function packageDownload(session: Session, options: Options): Promise<number> {
  const { deps, source, directory: under } = await packageContext(session, options)
  const [version, to] = [textOption(options, 'version'), textOption(options, 'to')]
  const dryRun = flag(options, 'dryRun')
  const { contents, ...done } = await downloadPackage(deps, {
    source,
    under,
    zipOnly: flag(options, 'zipOnly'),
    dryRun,
    signal: session.stop,
    ...(version === undefined ? {} : { version }),
    ...(to === undefined ? {} : { to }),
  })
  const changes = differencesOf(source.form, source.installed, contents)
  const passedOn = source.form.files.map(({ name }) => name)
  const warnings = [...source.warnings, ...contents.warnings]
  return answer(
    session,
    {
      ...done,
      package: rowOf(done.package),
      mode: source.mode,
      installed: installedOf(source),
      changes,
      passedOn,
      warnings,
      dryRun,
    },
    renderDownload,
  )
}

export async function packageShow(session: Session, args: string[], options: Options): Promise<number> {
  const tools = await packageTools(session, options)
  const form = rulesOf(tools.deps.profile).forms[tools.mode]
  const { name, zip } = await chosenZip(
    session,
    tools,
    args[0],
    async () => (await packageContext(session, options)).source,
  )
  const { contents, entries } = await openZip(tools.deps, { form }, zip)
  return answer(
    session,
    {
      name,
      mode: tools.mode,
      version: versionText(form, contents.values),
      ...ownerOf(form, contents.values),
      files: Object.entries(entries).map(([file, bytes]) => ({ name: file, sizeBytes: bytes.length })),
      values: valuesShown(form, contents),
      warnings: contents.warnings,
    },
    renderPackage,
  )
}

export async function packageDiff(session: Session, args: string[], options: Options): Promise<number> {
  const context = await packageContext(session, options)
  const { deps, source, mode } = context
  const { name, zip, version } = await chosenZip(session, context, args[0], () => Promise.resolve(source))
  const { contents } = await openZip(deps, source, zip)
  const objections = objectionsTo(contents, version, source.installed, acceptanceOf(deps.profile, source))
  return answer(
    session,
    {
      name,
      mode,
      version: versionText(source.form, contents.values),
      installed: installedOf(source),
      against: source.origin,
      changes: differencesOf(source.form, source.installed, contents),
      objections,
      refused: objections.length === 0 ? null : 'package-refused',
      warnings: contents.warnings,
    },
    renderPackageDiff,
    objections.length === 0 ? 0 : ERRORS['package-refused'].exit,
  )
}

interface ChosenZip {
  name: string
  zip: Uint8Array
  /** What its name says; absent for a file. */
  version?: Version
}

/** A path has a slash or ends in `.zip`; anything else is a version of the vendor's store. */
async function chosenZip(
  session: Session,
  { deps }: PackageTools,
  given: string | undefined,
  source: () => Promise<PackageSource>,
): Promise<ChosenZip> {
  if (given !== undefined && (given.includes('/') || given.endsWith('.zip')))
    return { name: given, zip: await deps.files.readZip(given) }
  const { package: found, zip } = await peekPackage(deps, await source(), given, session.stop)
  return { name: fileNameOf(found.name), zip, version: found.version }
}

function rowOf({ version, name, updated, sizeBytes, generation }: ListedPackage): PackageRow {
  return { version: version.text, name, updated, sizeBytes, generation }
}

function installedOf({ installedVersion }: PackageSource): string | null {
  return installedVersion === '' ? null : installedVersion
}

function answer<T>(
  { global, terminal }: Session,
  what: T,
  render: (what: T, colour: boolean) => string,
  exitCode = 0,
): number {
  terminal.write(global.output === 'json' ? `${JSON.stringify(what)}\n` : render(what, terminal.colour))
  return exitCode
}
