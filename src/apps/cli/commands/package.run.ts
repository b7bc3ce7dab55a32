// pawl package: the vendor's packages of values and secrets: which there are, the newest one here, and what it changes.
import { newestPackage, type ListedPackage, type Listing } from '../../../core/package/choose.ts'
import { compareVersions, readVersion } from '../../../core/versions/version.ts'
import { isPawlError } from '../../../core/errors.ts'
import { listPackages, openPackages } from '../../../steps/package/source.ts'
import type { Options } from '../define.ts'
import { packageContext } from '../package-source.ts'
import { renderPackageList, type PackageRow } from '../render/package.ts'
import type { Session } from '../session.ts'

export async function packageList(session: Session, options: Options): Promise<number> {
  const { deps, source } = await packageContext(session, options)
  const packages = await openPackages(deps, source)
  const listing = await listPackages(deps, packages, source, session.stop)
  const installed = readVersion(source.installedVersion, deps.profile.versionScheme)
  const newest = newestIn(listing)
  const rows = listing.packages.map((listed): PackageRow => {
    const { version, name, sizeBytes, generation, updated } = listed
    return {
      version: version.text,
      name,
      updated,
      sizeBytes,
      generation,
      newest: listed.name === newest?.name,
      installed: installed !== undefined && compareVersions(version, installed) === 0,
    }
  })
  const { mode, installedVersion, warnings } = source
  const answer = {
    where: packages.where,
    mode,
    installed: installedVersion === '' ? null : installedVersion,
    packages: rows,
    ignored: listing.ignored,
    warnings,
  }
  if (session.global.output === 'json') session.terminal.write(`${JSON.stringify(answer)}\n`)
  else session.terminal.write(renderPackageList(answer, session.terminal.colour))
  return 0
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
