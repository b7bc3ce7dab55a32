// What a backup task is told of the images of the release: those that ran, and the logins of the Secrets that the pods pull with.
import { parseSetFacts, SET_FACTS } from '../../core/backup/set-facts.ts'
import type { WantedImages } from '../../core/data/images.ts'
import type { SecretRef } from '../../core/data/tasks.ts'
import { PawlError } from '../../core/errors.ts'
import { pullSecretsOf } from '../../core/images/release.ts'
import type { ImagesWish } from '../../core/images/wish.ts'
import { recordOf, textOf } from '../../core/json.ts'
import { objectsOf } from '../../core/rendered/objects.ts'
import type { Cluster } from '../../ports/cluster.ts'
import { readFiles, textOfFile } from '../release/files.ts'
import { releaseFilesSecret, runId } from '../names.ts'
import type { StepContext } from '../step.ts'

/** Where a Secret of each type has a Docker configuration. */
const LOGIN_KEYS: Record<string, string> = {
  'kubernetes.io/dockerconfigjson': '.dockerconfigjson',
  'kubernetes.io/dockercfg': '.dockercfg',
}

/** Throws `input-invalid` where the Secret that was named has no login. */
export async function wantedImages(context: StepContext, wish: ImagesWish): Promise<WantedImages> {
  const { cluster, namespace, signal } = context
  const secret = releaseFilesSecret(runId(context.run, context.release))
  const files = await readFiles(cluster, namespace, secret, signal)
  const manifest = objectsOf(context.parseYaml(textOfFile(files, secret, 'manifest.yaml')))
  const pods = await cluster.list({ apiVersion: 'v1', kind: 'Pod', namespace }, signal)
  const { platforms, login, ca, proxy, plainHttp } = wish
  const named = login === undefined ? [] : [await namedLogin(cluster, namespace, login, signal)]
  const found: SecretRef[] = []
  for (const name of pullSecretsOf(manifest, pods)) {
    const ref = await loginIn(cluster, namespace, name, signal)
    // Pods are started without a pull secret that is not there, too.
    if (ref !== undefined) found.push(ref)
  }
  return {
    of: parseSetFacts(files?.[SET_FACTS]).images,
    platforms,
    reach: {
      logins: [...named, ...found],
      ...(ca === undefined ? {} : { ca }),
      ...(proxy === undefined ? {} : { proxy }),
      ...(plainHttp === undefined ? {} : { plainHttp }),
    },
  }
}

/** Throws `input-invalid` where the Secret is not there, or of another type. */
export async function namedLogin(
  cluster: Cluster,
  namespace: string,
  name: string,
  signal?: AbortSignal,
): Promise<SecretRef> {
  const ref = await loginIn(cluster, namespace, name, signal)
  if (ref !== undefined) return ref
  throw new PawlError({
    code: 'input-invalid',
    message: `there is no image pull secret ${name} in namespace ${namespace}`,
    hint: 'Make one with "kubectl create secret docker-registry", and name it with --registry-login.',
    unchanged: 'Nothing was changed.',
  })
}

async function loginIn(
  cluster: Cluster,
  namespace: string,
  name: string,
  signal?: AbortSignal,
): Promise<SecretRef | undefined> {
  const object = await cluster.get({ apiVersion: 'v1', kind: 'Secret', namespace, name }, signal)
  const key = LOGIN_KEYS[textOf(object?.['type']) ?? '']
  return key === undefined || recordOf(object?.['data'])[key] === undefined ? undefined : { secret: name, key }
}
