// Which package: the newest by number, or the one that was named.
import { PawlError } from '../errors.ts'
import { compareDays, compareVersions, parseVersion, type Version, type VersionScheme } from '../versions/version.ts'
import { versionInName } from './name.ts'

/** An object in the vendor's bucket. */
export interface PackageObject {
  name: string
  sizeBytes: number
  /** The store's number for exactly these bytes. */
  generation: string
  /** ISO 8601. */
  updated: string
  /** Base64, as the store keeps them. */
  crc32c?: string
  md5?: string
}

export interface ListedPackage extends PackageObject {
  version: Version
}

export interface Listing {
  /** Oldest first. */
  packages: ListedPackage[]
  /** Names that begin alike and are of no known form. */
  ignored: string[]
}

export function listingOf(objects: readonly PackageObject[], prefix: string, scheme: VersionScheme): Listing {
  const packages: ListedPackage[] = []
  const ignored: string[] = []
  for (const object of objects) {
    const version = versionInName(object.name, prefix, scheme)
    if (version === undefined) ignored.push(object.name)
    else packages.push({ ...object, version })
  }
  const sorted = packages.toSorted((a, b) => compareVersions(a.version, b.version) || (a.name < b.name ? -1 : 1))
  return { packages: sorted, ignored }
}

/** The newest that is no candidate; `undefined` where there is none. Throws `package-ambiguous` where two have the same version. */
export function newestPackage({ packages }: Pick<Listing, 'packages'>): ListedPackage | undefined {
  const stable = packages.filter(({ version }) => version.stage !== 'rc')
  const newest = stable.at(-1)
  if (newest === undefined) return undefined
  return onlyOne(stable.filter(({ version }) => compareVersions(version, newest.version) === 0))
}

/** Those that can be the installed one: of its version, or of its day where a name leaves out the suffix that the values have. */
export function installedPackages({ packages }: Pick<Listing, 'packages'>, installed: Version): ListedPackage[] {
  const same = packages.filter(({ version }) => compareVersions(version, installed) === 0)
  if (same.length > 0) return same
  return packages.filter(({ version }) => version.stage === 'release' && compareDays(version, installed) === 0)
}

/** Throws `package-not-found`, `package-ambiguous`, `version-unparsable`. */
export function choosePackage(listing: Listing, asked: string | undefined, scheme: VersionScheme): ListedPackage {
  const { packages } = listing
  if (asked === undefined) {
    const newest = newestPackage(listing)
    if (newest !== undefined) return newest
    throw notFound(packages, packages.length === 0 ? 'there is no package' : 'there are only candidates')
  }
  const wanted = parseVersion(asked, scheme)
  const same = packages.filter(({ version }) => compareVersions(version, wanted) === 0)
  const spelt = same.filter(({ version }) => version.text === wanted.text)
  const found = spelt.length === 1 ? spelt : same
  if (found.length === 0) throw notFound(packages, `there is no package ${asked}`)
  return onlyOne(found)
}

function onlyOne(found: readonly ListedPackage[]): ListedPackage {
  const [first, ...more] = found
  if (first !== undefined && more.length === 0) return first
  const names = found.map(({ version, name }) => `${version.text} (${name})`)
  throw new PawlError({
    code: 'package-ambiguous',
    message: `${found.length} packages have the same version: ${names.join(', ')}`,
    unchanged: 'Nothing was downloaded.',
    facts: { versions: found.map(({ version }) => version.text) },
  })
}

function notFound(packages: readonly ListedPackage[], what: string): PawlError {
  const there = packages.map(({ version }) => version.text)
  return new PawlError({
    code: 'package-not-found',
    message: there.length === 0 ? what : `${what}; there are ${there.join(', ')}`,
    unchanged: 'Nothing was downloaded.',
    facts: { versions: there },
  })
}
