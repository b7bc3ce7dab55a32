// What the vendor hands to one customer: values and secrets of one installation, in the two files of its package.
import { createHash } from 'node:crypto'
import { stringify } from 'yaml'
import { PROJECT, TENANT } from '../../../support/packages.ts'
import { SECRET_VARIABLES } from './components.ts'

/** Names in `cartoSecrets` for which a package brings a value. */
export const PACKAGED_SECRETS: readonly string[] = [
  ...new Set(
    Object.values(SECRET_VARIABLES)
      .filter((path) => path.startsWith('cartoSecrets.'))
      .map((path) => path.slice('cartoSecrets.'.length)),
  ),
  'defaultGoogleServiceAccount',
]

/** No secret: everybody can compute it. Begins so that a search for it in any output finds it and nothing else. */
export function packagedSecret(name: string): string {
  const digest = createHash('sha256').update(`${name} of ${TENANT}`).digest('hex')
  return name === 'defaultGoogleServiceAccount'
    ? JSON.stringify({ type: 'service_account', private_key: `canary-${digest}` })
    : `canary-${digest}`
}

/** Where the secrets of an installation are that has none in its values. */
export const OWN_SECRET = 'our-own-secrets'

/**
 * Only `customerPackageVersion` differs between versions: keys that encrypt stored data stay for the life of an installation.
 * @param version dotted, as in the values.
 * @param secretsAre in the package, or in a Secret that it refers to.
 */
export function cartoPackage(
  version: string,
  secretsAre: 'values' | 'existing' = 'values',
): Record<'carto-values.yaml' | 'carto-secrets.yaml', string> {
  const secretOf = (key: string): object =>
    secretsAre === 'values' ? { value: packagedSecret(key) } : { value: '', existingSecret: { name: OWN_SECRET, key } }
  const secrets = PACKAGED_SECRETS.map((name) => [name, secretOf(name)])
  return {
    'carto-values.yaml': stringify({
      cartoConfigValues: {
        customerPackageVersion: version,
        selfHostedTenantId: TENANT,
        selfHostedGcpProjectId: PROJECT,
      },
    }),
    'carto-secrets.yaml': stringify({ cartoSecrets: Object.fromEntries(secrets) }),
  }
}
