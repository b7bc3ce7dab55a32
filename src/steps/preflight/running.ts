// Which version the live release itself says it is. Loads no evaluator of rules, so that status can ask without one.
import { PawlError } from '../../core/errors.ts'
import { recordOf, textOf } from '../../core/json.ts'
import type { JsonRecord } from '../../core/json.ts'
import type { Profile } from '../../core/profile/profile.ts'
import type { Cluster } from '../../ports/cluster.ts'

interface Look {
  cluster: Cluster
  namespace: string
  signal?: AbortSignal | undefined
}

export async function configMapData(
  { cluster, namespace, signal }: Look,
  name: string,
): Promise<JsonRecord | undefined> {
  const object = await cluster.get({ apiVersion: 'v1', kind: 'ConfigMap', namespace, name }, signal)
  return object === undefined ? undefined : recordOf(object['data'])
}

/** Throws `unknown-state` where the ConfigMap does not say it. */
export async function versionIn(look: Look, name: string, { runningVersion }: Profile): Promise<string> {
  const version = textOf((await configMapData(look, name))?.[runningVersion?.key ?? ''])
  if (version !== undefined) return version
  throw new PawlError({
    code: 'unknown-state',
    message: `ConfigMap ${name} does not say which version runs (key ${runningVersion?.key})`,
  })
}
