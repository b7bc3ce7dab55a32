// Whether a package may be taken for an installation: its own tenant's, not older, with the keys that must stay.
import { PawlError } from '../errors.ts'
import { valueAt, type JsonRecord } from '../json.ts'
import { compareImmutables, holderAt } from '../profile/immutable.ts'
import { compareDays, compareVersions, readVersion, type Version, type VersionScheme } from '../versions/version.ts'
import { versionText, type PackageContents } from './contents.ts'
import type { InstalledValues } from './difference.ts'
import type { PackageForm } from './rules.ts'

export interface Acceptance {
  form: PackageForm
  /** Value paths that may never change. */
  immutable: readonly string[]
  scheme: VersionScheme
  /** Where `installed` comes from, for messages. */
  origin: string
}

/** Every reason against it, in words; empty where it may be taken. `named` is the version in the package's file name. */
export function objectionsTo(
  incoming: PackageContents,
  named: Version | undefined,
  installed: InstalledValues,
  { form, immutable, scheme, origin }: Acceptance,
): string[] {
  const objections: string[] = []
  const [theirs, ours] = [incoming.values, installed.values].map((values) => textAt(values, form.tenant))
  if (theirs !== ours) objections.push(`it is of tenant ${theirs || 'nobody'}, ${origin} is of ${ours || 'nobody'}`)
  const changed = changedImmutables(immutable, installed.values, incoming.values).filter((path) => path !== form.tenant)
  if (changed.length > 0) objections.push(`it changes what must stay as in ${origin}: ${changed.join(', ')}`)
  const age = tooOld(incoming, named, readVersion(versionText(form, installed.values), scheme), { form, scheme })
  if (age !== undefined) objections.push(`${age}, ${origin} has ${versionText(form, installed.values)}`)
  return objections
}

function textAt(values: JsonRecord, path: string): string {
  const found = valueAt(values, path)
  return typeof found === 'string' || typeof found === 'number' ? String(found) : ''
}

function tooOld(
  incoming: PackageContents,
  named: Version | undefined,
  installed: Version | undefined,
  { form, scheme }: { form: PackageForm; scheme: VersionScheme },
): string | undefined {
  const text = versionText(form, incoming.values)
  const inside = readVersion(text, scheme)
  if (inside === undefined) return `its values name ${text === '' ? 'no version' : `version ${JSON.stringify(text)}`}`
  if (installed === undefined) return undefined
  if (compareVersions(inside, installed) < 0) return `it is of version ${inside.text}`
  return named !== undefined && isNamedOlder(named, installed) ? `it is of version ${named.text}` : undefined
}

/** By its day only: the name of a file may leave out the suffix that its values have (`2022.04.04-12`). */
export function isNamedOlder(named: Version, installed: Version): boolean {
  return compareDays(named, installed) < 0
}

/** Paths whose value would be another one, or a reference to one. What the installation keeps in a Secret of its own no package changes. */
export function changedImmutables(paths: readonly string[], before: JsonRecord, after: JsonRecord): string[] {
  const own = paths.filter((path) => {
    const holder = holderAt(before, path)
    return holder !== undefined && 'value' in holder
  })
  return own.filter((path) => {
    const { changed, unknown } = compareImmutables([path], before, after, () => undefined)
    return changed.length + unknown.length > 0
  })
}

/** Throws `package-refused` with every reason. */
export function refuseObjections(objections: readonly string[], fileName: string): void {
  if (objections.length === 0) return
  throw new PawlError({
    code: 'package-refused',
    message: `${fileName} is not for this installation: ${objections.join('; ')}`,
    unchanged: 'Nothing was put in place.',
    facts: { file: fileName, reasons: [...objections] },
  })
}
