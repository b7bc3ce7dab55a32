// The migrator alone: a Job made from the init container that the staged Deployment itself would run, with nothing beside it.
import { PawlError } from '../../core/errors.ts'
import { isRecord, listOf, recordOf, valueAt } from '../../core/json.ts'
import type { PlannedDatabase } from '../../core/plan/plan.ts'
import type { KubeObject } from '../../ports/cluster.ts'
import { MIGRATOR_LABEL, runId } from '../names.ts'
import type { StepContext } from '../step.ts'

export function migratorName(context: StepContext, role: string, attempt: number): string {
  return `pawl-${runId(context.run, context.release)}-migrate-${role}-${attempt}`.slice(0, 63)
}

/** Pure: Deployment in, Job out. Throws `unknown-state` where the named init container is not there. */
export function migratorJob(
  deployment: KubeObject,
  container: string,
  place: { name: string; namespace: string; release: string; run: string; role: string },
): KubeObject {
  const pod = recordOf(valueAt(deployment, 'spec.template.spec'))
  const found = listOf(pod['initContainers']).find((candidate) => recordOf(candidate)['name'] === container)
  if (!isRecord(found)) {
    throw new PawlError({
      code: 'unknown-state',
      message: `Deployment ${deployment.metadata.name} has no init container ${container}: cannot run its migrations alone`,
    })
  }
  const { initContainers: _init, containers: _containers, restartPolicy: _policy, ...rest } = pod
  const labels = {
    'app.kubernetes.io/managed-by': 'pawl',
    'pawl.dev/release': place.release,
    'pawl.dev/run': place.run.slice(-63),
    [MIGRATOR_LABEL]: place.role,
  }
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: place.name, namespace: place.namespace, labels },
    spec: {
      // One try and no deadline: a migration that takes long is not a migration that failed (incident S4).
      backoffLimit: 0,
      template: { metadata: { labels }, spec: { ...rest, restartPolicy: 'Never', containers: [found] } },
    },
  }
}

export type MigratorState =
  | { is: 'absent' }
  | { is: 'running' }
  | { is: 'succeeded' }
  | { is: 'failed'; lastLines: string }

export async function migratorState(
  context: StepContext,
  database: PlannedDatabase,
  attempt: number,
): Promise<MigratorState> {
  const name = migratorName(context, database.target.role, attempt)
  const job = await context.cluster.get(
    { apiVersion: 'batch/v1', kind: 'Job', namespace: context.namespace, name },
    context.signal,
  )
  if (job === undefined) return { is: 'absent' }
  const conditions = listOf(valueAt(job, 'status.conditions')).map(recordOf)
  if (conditions.some(({ type, status }) => type === 'Complete' && status === 'True')) return { is: 'succeeded' }
  if (conditions.some(({ type, status }) => type === 'Failed' && status === 'True')) {
    return { is: 'failed', lastLines: await lastLines(context, name, job) }
  }
  return { is: 'running' }
}

async function lastLines(context: StepContext, job: string, object: KubeObject): Promise<string> {
  const pods = await context.cluster.list(
    { apiVersion: 'v1', kind: 'Pod', namespace: context.namespace, labelSelector: `job-name=${job}` },
    context.signal,
  )
  const container = String(valueAt(listOf(valueAt(object, 'spec.template.spec.containers'))[0], 'name'))
  const pod = pods.at(-1)
  if (pod === undefined) return '(its pod is gone)'
  const text = await context.cluster.readLog(
    { namespace: context.namespace, name: pod.metadata.name, container, tailLines: 200 },
    context.signal,
  )
  return tellingLines(withoutSecrets(text))
}

const LINES_TOLD = 12

/** The last lines that say something: frames of a stack trace tell a person with an upgrade in front of them nothing. */
export function tellingLines(log: string): string {
  const lines = log.split('\n').filter((line) => line.trim() !== '' && !/^\s*at\s.+[:)\]]/.test(line))
  return lines.slice(-LINES_TOLD).join('\n')
}

/** URLs and assignments that may carry a password are cut before the text leaves this room. */
export function withoutSecrets(text: string): string {
  return text
    .replaceAll(/(\w+:\/\/[^:\s/]+:)[^@\s]+@/g, '$1[redacted]@')
    .replaceAll(/((?:password|passwd|pwd|secret|token|key)["']?\s*[=:]\s*["']?)[^\s"',;]+/gi, '$1[redacted]')
}
