// Where the values behind SecretRefs come from: mounted files in a Job, the cluster's API on a workstation.
import type { SecretRef } from '../core/data/tasks.ts'
import type { Secret } from '../core/secret.ts'

export interface Secrets {
  /** Throws `input-invalid` naming the secret and key where there is none. */
  resolve(ref: SecretRef): Promise<Secret>
  /** Every key of one secret with its bytes, in name order. Throws `input-invalid` where there is no such secret. */
  files(secret: string): Promise<{ name: string; bytes: Uint8Array }[]>
}
