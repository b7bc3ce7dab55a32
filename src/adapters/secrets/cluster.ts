// Secrets read through the Kubernetes API, for data work that is done on the operator's own machine. Values stay in memory.
import { PawlError } from '../../core/errors.ts'
import { recordOf } from '../../core/json.ts'
import type { SecretRef } from '../../core/data/tasks.ts'
import { secret, type Secret } from '../../core/secret.ts'
import type { Cluster } from '../../ports/cluster.ts'
import type { Secrets } from '../../ports/secrets.ts'

export interface Handed {
  ref: SecretRef
  value: Secret
}

/** `handed` is one that the namespace need not have: a person gave it. */
export function clusterSecrets(cluster: Cluster, namespace: string, handed?: Handed): Secrets {
  async function read(name: string): Promise<Record<string, unknown>> {
    const object = await cluster.get({ apiVersion: 'v1', kind: 'Secret', namespace, name })
    if (object === undefined)
      throw new PawlError({ code: 'input-invalid', message: `There is no secret "${name}" in namespace ${namespace}.` })
    return recordOf(object['data'])
  }
  return {
    async resolve(ref) {
      if (handed !== undefined && handed.ref.secret === ref.secret && handed.ref.key === ref.key) return handed.value
      const value = (await read(ref.secret))[ref.key]
      if (typeof value !== 'string')
        throw new PawlError({
          code: 'input-invalid',
          message: `There is no key "${ref.key}" in the secret "${ref.secret}".`,
        })
      return secret(Buffer.from(value, 'base64').toString('utf8'))
    },
    async files(name) {
      const data = await read(name)
      const names = Object.keys(data).toSorted()
      return names.map((entry) => ({ name: entry, bytes: Buffer.from(String(data[entry]), 'base64') }))
    },
  }
}
