// Manifests around the chart: the witness, and the Job that fills the ledger.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { witnessImage } from './images.ts'
import { tallyDirectory } from './releases.ts'

/** Where recorder and board find the witness inside its namespace: the value `witness.url`. */
export const witnessUrl = 'http://tally-witness:8080'

/** witness.yaml with the registry put before its image. Apply it in the namespace of the product. */
export function witnessManifest(registry: string): string {
  const text = readFileSync(join(tallyDirectory, 'witness.yaml'), 'utf8')
  return text.replace(`image: ${witnessImage}`, `image: ${registry}/${witnessImage}`)
}

export type SeedOptions = {
  readonly registry: string
  readonly namespace: string
  /** `fullname` of the installation, e.g. `tally`. */
  readonly fullname: string
  /** Its Helm release: names the database Secret. */
  readonly helmRelease: string
  /** The release that runs: its seeder knows the columns. */
  readonly appVersion: string
  readonly rows: number
  /** Plants the amount '12,50' that the third migration of 2026.4.13 cannot read. */
  readonly plantBadAmount?: boolean
  /** Adds a large object of 8 MiB. */
  readonly blob?: boolean
  readonly name?: string
}

/** A Job that runs seed.ts with the settings of an installation with the chart's own PostgreSQL. */
export function seedJob(options: SeedOptions): object {
  const { registry, namespace, fullname, helmRelease, appVersion, rows } = options
  const flags = [...(options.plantBadAmount ? ['--plant-bad-amount'] : []), ...(options.blob ? ['--blob'] : [])]
  const secretEnv = (name: string, secret: string, key: string) => ({
    name,
    valueFrom: { secretKeyRef: { name: secret, key } },
  })
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: options.name ?? 'tally-seed', namespace },
    spec: {
      backoffLimit: 0,
      template: {
        spec: {
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          securityContext: { runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000 },
          containers: [
            {
              name: 'seed',
              image: `${registry}/tally/ledger-db:${appVersion}`,
              command: ['node', 'seed.ts', '--rows', String(rows), ...flags],
              envFrom: [{ configMapRef: { name: `${fullname}-ledger-api` } }],
              env: [
                secretEnv('LEDGER_POSTGRES_PASSWORD', `${helmRelease}-postgresql`, 'password'),
                secretEnv('TALLY_ENCRYPTION_KEY', `${fullname}-ledger-api`, 'TALLY_ENCRYPTION_KEY'),
              ],
            },
          ],
        },
      },
    },
  }
}
