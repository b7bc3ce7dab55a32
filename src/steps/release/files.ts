// Files of a run and of a backup set, kept in Secrets of the namespace because values hold passwords.
import { PawlError } from '../../core/errors.ts'
import { recordOf } from '../../core/json.ts'
import type { Cluster, KubeObject } from '../../ports/cluster.ts'

export type Files = Record<string, Uint8Array>

export async function readFiles(
  cluster: Cluster,
  namespace: string,
  name: string,
  signal?: AbortSignal,
): Promise<Files | undefined> {
  const object = await cluster.get({ apiVersion: 'v1', kind: 'Secret', namespace, name }, signal)
  if (object === undefined) return undefined
  const data = recordOf(object['data'])
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(String(value), 'base64')]))
}

/** Creates the Secret, unchangeable once written. The same name again must hold the same files. */
export async function writeFiles(
  cluster: Cluster,
  place: { namespace: string; name: string; labels: Record<string, string> },
  files: Files,
  signal?: AbortSignal,
): Promise<void> {
  const { name, namespace, labels } = place
  if ((await readFiles(cluster, namespace, name, signal)) !== undefined) return
  const data = Object.fromEntries(
    Object.entries(files).map(([key, bytes]) => [key, Buffer.from(bytes).toString('base64')]),
  )
  const object: KubeObject = {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    immutable: true,
    metadata: { name, namespace, labels },
    data,
  }
  await cluster.create(object, {}, signal)
}

export function fileOf(files: Files | undefined, secret: string, key: string): Uint8Array {
  const bytes = files?.[key]
  if (bytes === undefined) {
    throw new PawlError({
      code: 'unknown-state',
      message: `Secret ${secret} has no file ${key}: somebody removed what this run needs`,
    })
  }
  return bytes
}

export function textOfFile(files: Files | undefined, secret: string, key: string): string {
  return Buffer.from(fileOf(files, secret, key)).toString('utf8')
}

/** The values files of an upgrade, in the order they were given. */
export function valuesInOrder(files: Files | undefined, secret: string): string[] {
  const keys = Object.keys(files ?? {}).filter((key) => /^values-\d+\.yaml$/.test(key))
  return keys
    .toSorted((a, b) => Number(a.slice(7, -5)) - Number(b.slice(7, -5)))
    .map((key) => textOfFile(files, secret, key))
}
