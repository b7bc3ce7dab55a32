// Makes the customer packages of the sample product: what a vendor hands to one customer, values and secrets in a zip.
import { createHash } from 'node:crypto'
import { stringify } from 'yaml'
import { writeZip } from './zip.ts'

export type CustomerPackage = {
  /** As a bucket would list it; dashes here, dots inside. */
  readonly fileName: string
  readonly zip: Buffer
  /** Contents by file name, in the order in which Helm wants them. */
  readonly files: { readonly 'tally-values.yaml': string; readonly 'tally-secrets.yaml': string }
}

/** Versions that exist: one too old for all releases of 2026, one for those up to June, one for all. */
export const packageVersions = ['2024.12.1', '2026.1.1', '2026.7.5'] as const

const tenantId = 'onp-harbour-42'

/**
 * The package of one version. Only `customerPackageVersion` differs between versions: the key that encrypts stored
 * data stays for the life of an installation.
 * @param version dotted, `YYYY.M.D`.
 */
export function customerPackage(version: string): CustomerPackage {
  if (!/^\d{4}\.\d{1,2}\.\d{1,2}$/.test(version))
    throw new Error(`a package version looks like 2026.7.5, not ${version}`)
  const files = {
    'tally-values.yaml': stringify({
      tallyConfigValues: { customerPackageVersion: version, selfHostedTenantId: tenantId },
    }),
    'tally-secrets.yaml': stringify({ tallySecrets: { encryptionKey: { value: sampleKey() } } }),
  }
  const zip = writeZip(Object.entries(files).map(([name, text]) => ({ name, bytes: Buffer.from(text, 'utf8') })))
  const client = tenantId.replace(/^onp-/, '')
  return { fileName: `tally-selfhosted-k8s-customer-package-${client}-${version.replaceAll('.', '-')}.zip`, zip, files }
}

/** No secret: everybody can compute it. It only has to look like one and never change. */
function sampleKey(): string {
  return createHash('sha256').update(`tally sample key of ${tenantId}`).digest('hex')
}
