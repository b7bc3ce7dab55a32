// What the cluster itself says of the release: databases it was told, Secrets to log in with, pods, writers, runs.
import type { SecretRef } from '../../core/data/tasks.ts'
import { isRecord, listOf, recordOf, textOf, valueAt } from '../../core/json.ts'
import type { JsonRecord } from '../../core/json.ts'
import type { DeploymentFacts } from '../../core/plan/facts.ts'
import type { Writer } from '../../core/plan/plan.ts'
import { evaluatorFor } from '../../core/profile/cel.ts'
import type { CelScope } from '../../core/profile/cel.ts'
import type { ExpectedDatabase } from '../../core/profile/databases.ts'
import { strays } from '../../core/rendered/live.ts'
import { secret } from '../../core/secret.ts'
import type { Secret } from '../../core/secret.ts'
import { holdsCredentials, otherWriters } from '../../core/rendered/writers.ts'
import type { KubeObject } from '../../ports/cluster.ts'
import type { ReleaseRecord } from '../../ports/helm.ts'
import { readDeployments } from '../workloads/deployments.ts'
import type { PreflightDeps } from './deps.ts'
import { versionIn } from './running.ts'

export type Look = Pick<PreflightDeps, 'cluster'> & { namespace: string; signal?: AbortSignal | undefined }

/** `secret/key` of every login that refers to something that is not there. */
export async function missingSecretKeys(look: Look, databases: readonly ExpectedDatabase[]): Promise<string[]> {
  const refs = databases.map(({ target }) => target.login.password)
  const wanted = new Map(refs.filter((ref) => ref !== undefined).map((ref) => [`${ref.secret}/${ref.key}`, ref]))
  const missing: string[] = []
  for (const [title, { secret, key }] of wanted) if (!(await hasSecretKey(look, secret, key))) missing.push(title)
  return missing
}

export async function hasSecretKey(look: Look, secret: string, key: string): Promise<boolean> {
  return (await secretData(look, secret))?.[key] !== undefined
}

/** Keys and values of a Secret; `undefined` where there is no such Secret. */
export async function secretData(
  { cluster, namespace, signal }: Look,
  name: string,
): Promise<Record<string, Secret> | undefined> {
  const object = await cluster.get({ apiVersion: 'v1', kind: 'Secret', namespace, name }, signal)
  if (object === undefined) return undefined
  const entries = Object.entries(recordOf(object['data'])).map(([key, value]) => [key, textOf(value)] as const)
  return Object.fromEntries(entries.flatMap(([key, value]) => (value === undefined ? [] : [[key, fromBase64(value)]])))
}

/** `undefined` where there is no such Secret or key. */
export async function secretValue(look: Look, { secret: name, key }: SecretRef): Promise<Secret | undefined> {
  return (await secretData(look, name))?.[key]
}

function fromBase64(text: string): Secret {
  return secret(new TextDecoder().decode(Uint8Array.from(atob(text), (character) => character.codePointAt(0) ?? 0)))
}

/** The version the running release names itself; throws `unknown-state` where its ConfigMap does not say. */
export async function runningVersion(
  look: Look,
  { profile }: Pick<PreflightDeps, 'profile'>,
  scope: CelScope,
): Promise<string> {
  const expression = profile.runningVersion?.configMap ?? "''"
  const name = evaluatorFor(profile.name, scope).text('runningVersion.configMap', expression)
  return await versionIn(look, name, profile)
}

/** Lists leave out the kind of each item on some servers' answers; readers here go by it. */
export async function list(
  { cluster, namespace, signal }: Look,
  apiVersion: string,
  kind: string,
): Promise<KubeObject[]> {
  const objects = await cluster.list({ apiVersion, kind, namespace }, signal)
  return objects.map((object) => ({ ...object, apiVersion, kind }))
}

export async function podStrays(look: Look, manifest: readonly JsonRecord[]): Promise<string[]> {
  return strays(manifest, await list(look, 'v1', 'Pod'))
}

/** Hook Jobs of a record that are still at work. */
export async function activeHooks(look: Look, record: ReleaseRecord): Promise<string[]> {
  const names = new Set(record.hooks.filter((hook) => hook.kind === 'Job').map((hook) => hook.name))
  if (names.size === 0) return []
  const jobs = await list(look, 'batch/v1', 'Job')
  const atWork = jobs.filter((job) => names.has(job.metadata.name) && Number(valueAt(job, 'status.active') ?? 0) > 0)
  return atWork.map((job) => job.metadata.name)
}

export interface Workloads {
  deployments: DeploymentFacts[]
  writers: Writer[]
  otherWriters: string[]
}

const OTHER_KINDS: [apiVersion: string, kind: string][] = [
  ['apps/v1', 'StatefulSet'],
  ['apps/v1', 'DaemonSet'],
  ['batch/v1', 'CronJob'],
]

/** Who may write: everything in the namespace that holds credentials, not only what the release itself made. */
export async function readWorkloads(
  look: Look,
  manifest: readonly JsonRecord[],
  databases: readonly ExpectedDatabase[],
): Promise<Workloads> {
  const [all, ...others] = await Promise.all([
    list(look, 'apps/v1', 'Deployment'),
    ...OTHER_KINDS.map(([apiVersion, kind]) => list(look, apiVersion, kind)),
  ])
  const own = new Set(
    manifest
      .filter((object) => object['kind'] === 'Deployment')
      .map((object) => textOf(valueAt(object, 'metadata.name'))),
  )
  const writing = new Set(
    all.filter((object) => holdsCredentials(object, databases)).map((object) => object.metadata.name),
  )
  const wanted = new Set(all.map((object) => object.metadata.name).filter((name) => own.has(name) || writing.has(name)))
  const views = await readDeployments(look.cluster, look.namespace, wanted, look.signal)
  const facts = views.map(({ name, replicas, autoscaler, scaledBy }) => ({
    name,
    replicas,
    ...(autoscaler === undefined ? {} : { autoscaler }),
    ...(scaledBy === undefined ? {} : { scaledBy }),
  }))
  return {
    deployments: facts,
    writers: facts.filter(({ name }) => writing.has(name)).map(({ name, ...rest }) => ({ deployment: name, ...rest })),
    otherWriters: otherWriters(others.flat(), databases),
  }
}

/** Hooks of a rendered chart, with the events they run at. */
export function hooksIn(objects: readonly JsonRecord[]): { name: string; kind: string; events: string[] }[] {
  return objects.map((object) => {
    const annotations = valueAt(object, 'metadata.annotations')
    const events = isRecord(annotations) ? (textOf(annotations['helm.sh/hook']) ?? '') : ''
    return {
      name: textOf(valueAt(object, 'metadata.name')) ?? '',
      kind: textOf(object['kind']) ?? '',
      events: listOf(events.split(',')).map((event) => String(event).trim()),
    }
  })
}
