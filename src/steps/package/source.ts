// For whom packages are looked up and with which key: from the files of a package, or from the values of a release.
import type { Acceptance } from '../../core/package/accept.ts'
import { parseServiceAccount, type ServiceAccount } from '../../core/package/account.ts'
import { listingOf, newestPackage, type ListedPackage, type Listing } from '../../core/package/choose.ts'
import { accountKeyOf, ownerOf, readContents, versionText, type PackageTexts } from '../../core/package/contents.ts'
import type { InstalledValues } from '../../core/package/difference.ts'
import { placeOf, type PackageOwner, type PackagePlace } from '../../core/package/name.ts'
import type { PackageForm, PackageMode, PackageRules } from '../../core/package/rules.ts'
import type { Profile } from '../../core/profile/profile.ts'
import { PawlError } from '../../core/errors.ts'
import type { JsonRecord } from '../../core/json.ts'
import type { Secret } from '../../core/secret.ts'
import type { Packages } from '../../ports/packages.ts'

export interface PackageDeps {
  profile: Profile
  /** Throws for what is no YAML. */
  parseYaml(text: string): unknown[]
  /** Where values name a Secret instead of holding the key. Throws where it cannot be read. */
  readSecret(name: string, key: string): Promise<Secret>
  open(account: ServiceAccount, owner: PackageOwner, bucket: string): Promise<Packages>
}

export interface PackageSource {
  mode: PackageMode
  form: PackageForm
  owner: PackageOwner
  place: PackagePlace
  /** The values that name the account. */
  keyFrom: JsonRecord
  installed: InstalledValues
  /** What `installed` is, for messages. */
  origin: string
  /** As the values write it; empty where they do not. */
  installedVersion: string
  warnings: string[]
  /** What to do where `keyFrom` says too little. */
  hint?: string
}

/** An operator's own files are on top of these in the release only. */
const ASK_RELEASE = 'Where values or key are kept elsewhere, leave out -d and say --release NAME -n NAMESPACE.'

/** Throws `input-invalid` where the product has no customer packages. */
export function rulesOf(profile: Profile): PackageRules {
  if (profile.packages !== undefined) return profile.packages
  throw new PawlError({
    code: 'input-invalid',
    message: `${profile.title} has no customer packages`,
    unchanged: 'Nothing was downloaded.',
  })
}

/** Throws `input-invalid` for files that are not those of a package. */
export function sourceFromFiles(
  { profile, parseYaml }: Pick<PackageDeps, 'profile' | 'parseYaml'>,
  mode: PackageMode,
  texts: PackageTexts,
  origin: string,
): PackageSource {
  const form = rulesOf(profile).forms[mode]
  const more = mode === 'k8s' ? { hint: ASK_RELEASE } : {}
  const contents = readContents(form, texts, { parseYaml, ...more })
  return sourceOf(profile, mode, contents, { origin, warnings: contents.warnings, ...more })
}

/** `values` are those the release runs with, the chart's own below them. */
export function sourceFromRelease(profile: Profile, values: JsonRecord, origin: string): PackageSource {
  return sourceOf(profile, 'k8s', { values }, { origin, warnings: [] })
}

function sourceOf(
  profile: Profile,
  mode: PackageMode,
  installed: InstalledValues,
  said: Pick<PackageSource, 'origin' | 'warnings' | 'hint'>,
): PackageSource {
  const rules = rulesOf(profile)
  const form = rules.forms[mode]
  const owner = ownerOf(form, installed.values, said.hint)
  const place = placeOf(rules, mode, owner)
  const { values, parts } = installed
  return {
    ...said,
    mode,
    form,
    owner,
    place,
    keyFrom: values,
    installed: parts === undefined ? { values } : { values, parts },
    installedVersion: versionText(form, values),
  }
}

/** The account and tenant of one, compared with what the other says is installed. */
export function comparedWith(
  source: PackageSource,
  { installed, origin, installedVersion }: PackageSource,
): PackageSource {
  return { ...source, installed, origin, installedVersion }
}

/** What a package for this installation is held to. */
export function acceptanceOf({ immutableValues, versionScheme }: Profile, { form, origin }: PackageSource): Acceptance {
  return { form, immutable: form.immutable ?? immutableValues, scheme: versionScheme, origin }
}

/** Opens the vendor's store as the source's own account; its key is never written anywhere. */
export async function openPackages(
  deps: PackageDeps,
  { form, keyFrom, owner, place, hint }: PackageSource,
): Promise<Packages> {
  const key = accountKeyOf(form, keyFrom, hint)
  const [text, where] =
    'text' in key
      ? [key.text, key.where]
      : [await deps.readSecret(key.secretName, key.secretKey), `key ${key.secretKey} of Secret ${key.secretName}`]
  return await deps.open(parseServiceAccount(text.reveal(), where), owner, place.bucket)
}

export async function listPackages(
  deps: Pick<PackageDeps, 'profile'>,
  packages: Packages,
  { place }: PackageSource,
  signal?: AbortSignal,
): Promise<Listing> {
  return listingOf(await packages.list(place.prefix, signal), place.prefix, deps.profile.versionScheme)
}

/**
 * The newest package the vendor has for a running release, for status: `undefined` where there is none. Throws what
 * `openPackages` and `Packages.list` throw.
 */
export async function newestPackageFor(
  deps: PackageDeps,
  values: JsonRecord,
  signal?: AbortSignal,
): Promise<ListedPackage | undefined> {
  const source = sourceFromRelease(deps.profile, values, 'the release')
  return newestPackage(await listPackages(deps, await openPackages(deps, source), source, signal))
}
