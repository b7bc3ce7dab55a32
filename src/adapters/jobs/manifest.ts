// The Job that does one task. Everything it may touch is mounted read-only where it is expected; nothing secret is in its text.
import { createHash } from 'node:crypto'
import type { DataTask, DatabaseTarget, SecretRef } from '../../core/data/tasks.ts'
import type { RegistryReach } from '../../core/images/wish.ts'
import { isRemote, secretsOfStore, type RemoteStoreSpec, type StoreSpec } from '../../core/store/spec.ts'
import type { KubeObject, ObjectMeta } from '../../ports/cluster.ts'

/** Name of the only container. */
export const CONTAINER = 'data'
/** On the Job: which task it does, so that one id never means two things. */
export const TASK_HASH = 'pawl.dev/task-sha256'
export const OPERATION_LABEL = 'pawl.dev/op'

export const PATHS = {
  secrets: '/var/run/pawl/secrets',
  release: '/var/run/pawl/release',
  task: '/var/run/pawl/task',
  store: '/var/lib/pawl/store',
  to: '/var/lib/pawl/to',
  temporary: '/tmp',
} as const

/** Kubernetes allows about 1 MiB per object, and the kernel 128 KiB per environment variable. */
const LARGEST_ENV_BYTES = 100_000
const USER = 1000
/** Longer than any task; ends what nobody looks after any more. */
const DEADLINE_SECONDS = 3 * 24 * 3600
/** Whoever made it takes it away; where that one was killed, the cluster does. Every task may be done again. */
const KEPT_SECONDS = 7 * 24 * 3600

export interface JobSettings {
  namespace: string
  image: string
  labels?: Record<string, string>
  imagePullSecrets?: string[]
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> }
  owner?: NonNullable<ObjectMeta['ownerReferences']>[number]
  /** Instead of the image's own entry point. */
  command?: string[]
}

export interface JobObjects {
  job: KubeObject
  /** Only for a task that is too large for an environment variable. */
  configMap?: KubeObject
}

export function jobName(id: string): string {
  return `pawl-${id}`
}

export function jobFor(task: DataTask, id: string, settings: JobSettings): JobObjects {
  const text = JSON.stringify(task)
  const large = Buffer.byteLength(text) > LARGEST_ENV_BYTES
  const remote = storesOf(task).find(isRemote)
  const labels = {
    ...settings.labels,
    // Asks Azure's webhook for the token of the ServiceAccount; Amazon's and Google's need no label.
    ...(remote?.type === 'azure' && remote.serviceAccount !== undefined
      ? { 'azure.workload.identity/use': 'true' }
      : {}),
    'app.kubernetes.io/managed-by': 'pawl',
    'pawl.dev/task': task.kind,
    [OPERATION_LABEL]: id,
  }
  const metadata = {
    name: jobName(id),
    namespace: settings.namespace,
    labels,
    annotations: { [TASK_HASH]: sha256(text) },
    ...(settings.owner === undefined ? {} : { ownerReferences: [settings.owner] }),
  }
  const mounts = [...secretMounts(task), ...dataMounts(task), ...(large ? [taskMount(id)] : [])]
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata,
    spec: {
      // A second attempt is a decision, and not the Job controller's.
      backoffLimit: 0,
      activeDeadlineSeconds: DEADLINE_SECONDS,
      ttlSecondsAfterFinished: KEPT_SECONDS,
      template: {
        metadata: { labels },
        spec: podSpec(settings, mounts, remote, [
          ...proxyEnv(remote),
          large
            ? { name: 'PAWL_TASK_FILE', value: `${PATHS.task}/task.json` }
            : { name: 'PAWL_TASK', value: literal(text) },
        ]),
      },
    },
  }
  if (!large) return { job }
  return { job, configMap: { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'task.json': text } } }
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Kubernetes expands `$(NAME)` in environment values; `$$` is one dollar sign that stays one. */
function literal(text: string): string {
  return text.replaceAll('$', () => '$$')
}

/** A pod that writes more is evicted. Without a limit it is what the node has for all of them. */
const TEMPORARY_LIMIT = {
  name: 'PAWL_TMP_LIMIT',
  valueFrom: { resourceFieldRef: { resource: 'limits.ephemeral-storage' } },
}

interface Mount {
  volume: { name: string; [source: string]: unknown }
  path: string
  readOnly: boolean
}

function podSpec(
  settings: JobSettings,
  mounts: Mount[],
  store: RemoteStoreSpec | undefined,
  taskEnv: { name: string; value: string }[],
): Record<string, unknown> {
  const { image, command, imagePullSecrets = [], resources } = settings
  return {
    restartPolicy: 'Never',
    serviceAccountName: store?.serviceAccount ?? 'default',
    // For the API of the cluster. What a cloud's webhook projects for its own is another token.
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: USER,
      runAsGroup: USER,
      fsGroup: USER,
      // A large store would otherwise have every file's owner changed at every start.
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    },
    ...(imagePullSecrets.length === 0 ? {} : { imagePullSecrets: imagePullSecrets.map((name) => ({ name })) }),
    containers: [
      {
        name: CONTAINER,
        image,
        ...(command === undefined ? {} : { command }),
        env: [
          { name: 'TMPDIR', value: PATHS.temporary },
          { name: 'HOME', value: PATHS.temporary },
          TEMPORARY_LIMIT,
          ...taskEnv,
        ],
        resources: {
          requests: { memory: '256Mi', cpu: '100m', ...resources?.requests },
          ...(resources?.limits === undefined ? {} : { limits: resources.limits }),
        },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        terminationMessagePolicy: 'File',
        volumeMounts: [
          { name: 'tmp', mountPath: PATHS.temporary },
          ...mounts.map(({ volume, path, readOnly }) => ({
            name: volume.name,
            mountPath: path,
            ...(readOnly ? { readOnly } : {}),
          })),
        ],
      },
    ],
    volumes: [{ name: 'tmp', emptyDir: {} }, ...mounts.map(({ volume }) => volume)],
  }
}

function proxyEnv(store: RemoteStoreSpec | undefined): { name: string; value: string }[] {
  if (store?.proxy === undefined) return []
  return ['HTTPS_PROXY', 'HTTP_PROXY'].map((name) => ({ name, value: literal(store.proxy ?? '') }))
}

/** One volume per Secret, with only the keys that are asked for (all of them where the whole Secret is). */
function secretMounts(task: DataTask): Mount[] {
  const keys = new Map<string, Set<string> | 'all'>()
  for (const { secret, key } of secretRefsOf(task)) {
    const known = keys.get(secret) ?? new Set<string>()
    keys.set(secret, known === 'all' ? 'all' : known.add(key))
  }
  for (const secret of [...storesOf(task).flatMap(secretsOfStore), ...authoritiesOf(task)]) keys.set(secret, 'all')
  return [...keys].map(([secretName, wanted], index) => {
    const items = wanted === 'all' ? {} : { items: [...wanted].map((key) => ({ key, path: key })) }
    const projected = { defaultMode: 0o440, sources: [{ secret: { name: secretName, ...items } }] }
    return { volume: { name: `secret-${index}`, projected }, path: `${PATHS.secrets}/${secretName}`, readOnly: true }
  })
}

/** A task that copies has two, at most one of them across the network: two such are copied without a pod. */
function storesOf(task: DataTask): StoreSpec[] {
  return [...('store' in task ? [task.store] : []), ...('to' in task ? [task.to] : [])]
}

function dataMounts(task: DataTask): Mount[] {
  const mounts: Mount[] = []
  for (const [index, store] of storesOf(task).entries()) {
    if (store.type !== 'volume') continue
    const name = index === 0 ? 'store' : 'to'
    const volume = { name, persistentVolumeClaim: { claimName: store.claim } }
    mounts.push({ volume, path: PATHS[name], readOnly: false })
  }
  if (task.kind === 'backup' && task.releaseFiles !== undefined) {
    const secret = { secretName: task.releaseFiles, defaultMode: 0o440 }
    mounts.push({ volume: { name: 'release', secret }, path: PATHS.release, readOnly: true })
  }
  return mounts
}

function taskMount(id: string): Mount {
  return { volume: { name: 'task', configMap: { name: jobName(id) } }, path: PATHS.task, readOnly: true }
}

/** Every Secret key the task names. */
export function secretRefsOf(task: DataTask): SecretRef[] {
  const databases: DatabaseTarget[] = 'databases' in task ? task.databases : []
  const logins = databases.flatMap(({ login, admin }) => [login.password, admin?.password])
  const registries = reachesOf(task).flatMap((reach) => reach.logins)
  return [...logins, ...registries, 'identity' in task ? task.identity : undefined].filter((ref) => ref !== undefined)
}

function authoritiesOf(task: DataTask): string[] {
  return reachesOf(task).flatMap(({ ca }) => ca ?? [])
}

function reachesOf(task: DataTask): RegistryReach[] {
  if (task.kind === 'push-images') return [task.reach]
  return task.kind === 'backup' && task.images !== undefined ? [task.images.reach] : []
}
