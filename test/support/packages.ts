// A vendor and one of its customers, for tests of packages: files as CARTO's packages have them, zips of them, and the bucket's names.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { zipOf } from './zip.ts'

export const PROJECT = 'carto-tnt-harbour-42'
export const TENANT = 'onp-harbour-42'
export const CLIENT = 'harbour-42'
export const BUCKET = `${PROJECT}-customer-package-storage`
/** Decrypts what the databases hold; the same in every package of the tenant. */
export const ENCRYPTION_KEY = 'canary-encryption-4f0c'

export interface PackageOptions {
  /** Dotted. */
  version: string
  tenant?: string
  encryptionKey?: string
  /** The account's key as text; a reference to a Secret where it is an object. */
  key: string | { name: string; key: string }
}

export type Mode = 'k8s' | 'docker'

/** The files of a package by name. */
export function packageTexts(
  mode: Mode,
  { version, tenant = TENANT, encryptionKey = ENCRYPTION_KEY, key }: PackageOptions,
): Record<string, string> {
  if (mode === 'docker') {
    const env = [
      '# generated',
      `CARTO_SELFHOSTED_CUSTOMER_PACKAGE_VERSION=${version}`,
      `SELFHOSTED_TENANT_ID=${tenant}`,
      `SELFHOSTED_GCP_PROJECT_ID="${PROJECT}"`,
      `ENCRYPTION_SECRET_KEY='${encryptionKey}'`,
    ]
    return { 'customer.env': `${env.join('\n')}\n`, 'key.json': typeof key === 'string' ? key : '' }
  }
  const account =
    typeof key === 'string'
      ? `    value: |-\n      ${key}\n`
      : `    existingSecret:\n      name: ${key.name}\n      key: ${key.key}\n`
  return {
    'carto-values.yaml': `cartoConfigValues:\n  selfHostedTenantId: ${tenant}\n  selfHostedGcpProjectId: ${PROJECT}\n  customerPackageVersion: "${version}"\n`,
    'carto-secrets.yaml': `cartoSecrets:\n  encryptionSecretKey:\n    value: ${encryptionKey}\n  defaultGoogleServiceAccount:\n${account}`,
  }
}

export function packageZip(mode: Mode, options: PackageOptions): Buffer {
  return zipOf(
    Object.entries(packageTexts(mode, options)).map(([name, text]) => ({
      name,
      bytes: Buffer.from(text),
      deflate: true,
    })),
  )
}

/** As the bucket names it; `version` with dashes. */
export function objectName(mode: Mode, version: string, client = CLIENT): string {
  return `customer-package/carto-selfhosted-${mode}-customer-package-${client}-${version}.zip`
}

/** Puts the files of an installed package into a directory, as an operator would have them. */
export async function install(directory: string, mode: Mode, options: PackageOptions): Promise<void> {
  await mkdir(directory, { recursive: true })
  for (const [name, text] of Object.entries(packageTexts(mode, options))) await writeFile(join(directory, name), text)
}

/** Puts an object into a bucket of a test store and takes it out again, as the vendor would. */
export async function upload(endpoint: string, name: string, bytes: Uint8Array): Promise<void> {
  const to = `${endpoint}/upload/storage/v1/b/${BUCKET}/o?uploadType=media&name=${encodeURIComponent(name)}`
  const headers = { 'content-type': 'application/zip' }
  const stored = await fetch(to, { method: 'POST', headers, body: new Uint8Array(bytes) })
  if (!stored.ok) throw new Error(`object ${name}: HTTP ${stored.status}`)
}

export async function withdraw(endpoint: string, name: string): Promise<void> {
  await fetch(`${endpoint}/storage/v1/b/${BUCKET}/o/${encodeURIComponent(name)}`, { method: 'DELETE' })
}
