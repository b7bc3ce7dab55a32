// Names of packages in the vendor's bucket: whose package it is, for what, and which version. Read as parts, never by searching in them.
import { PawlError } from '../errors.ts'
import { readVersion, type Version, type VersionScheme } from '../versions/version.ts'
import type { PackageMode, PackageRules } from './rules.ts'

/** Who asks for packages: the tenant and the vendor's project it belongs to. */
export interface PackageOwner {
  tenant: string
  project: string
}

export interface PackagePlace {
  bucket: string
  /** What every object of this tenant begins with. */
  prefix: string
}

// https://cloud.google.com/storage/docs/buckets#naming: nothing else can be a bucket, or name another place than the one that is meant.
const PROJECT = /^[a-z0-9](?:[a-z0-9._-]{0,40}[a-z0-9])?$/
const TENANT = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?$/

/** Throws `input-invalid` for a tenant or project that cannot be part of a name. */
export function placeOf(rules: PackageRules, mode: PackageMode, { tenant, project }: PackageOwner): PackagePlace {
  if (!PROJECT.test(project)) throw unusable('project', project)
  if (!TENANT.test(tenant)) throw unusable('tenant', tenant)
  const client = tenant.startsWith(rules.tenantPrefix) ? tenant.slice(rules.tenantPrefix.length) : tenant
  return {
    bucket: rules.bucket.replace('{project}', project),
    prefix: rules.object.replace('{mode}', mode).replace('{client}', client),
  }
}

function unusable(what: string, given: string): PawlError {
  return new PawlError({
    code: 'input-invalid',
    message: `the ${what} ${JSON.stringify(given)} can be no part of a package's name`,
    unchanged: 'Nothing was downloaded.',
    hint: 'Use the files of the package that was installed, as the vendor sent them.',
  })
}

const ZIP = '.zip'

/**
 * The version in an object's name, or `undefined` where what follows the prefix is none: another tenant whose name begins
 * alike, or a spelling nobody knows. Names have dashes where values have dots: `2025-11-11-patch1`, `2026-8-11-rc7`.
 */
export function versionInName(name: string, prefix: string, scheme: VersionScheme): Version | undefined {
  if (!name.startsWith(prefix) || !name.endsWith(ZIP)) return undefined
  const text = name.slice(prefix.length, -ZIP.length)
  const [, numbers, rest = ''] = /^(\d+[-.]\d+[-.]\d+)(.*)$/.exec(text) ?? []
  if (numbers === undefined) return undefined
  return readVersion(`${numbers.replaceAll('-', '.')}${rest.replace(/^-rc[-.]?(?=\d)/, '-rc.')}`, scheme)
}

/** The last part of an object's name: the file it is stored as. */
export function fileNameOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1)
}

/** The file's name without `.zip`: what its folder is called. */
export function folderNameOf(name: string): string {
  return fileNameOf(name).slice(0, -ZIP.length)
}
