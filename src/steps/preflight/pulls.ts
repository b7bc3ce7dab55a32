// Asks the cluster's own nodes whether they can pull what the target needs: a pod with the images, and a command that does not exist.
import { listOf, recordOf, textOf, valueAt } from '../../core/json.ts'
import { isOnEveryNode, pullOf } from '../../core/plan/pulls.ts'
import type { PullFacts, PullGroup } from '../../core/plan/pulls.ts'
import { RELEASE_LABEL } from '../../core/resources.ts'
import type { Cluster, KubeObject, ObjectRef } from '../../ports/cluster.ts'
import type { PreflightDeps } from './deps.ts'

const POLL_MS = 500
/** Large images take their time; what is not there by then is told as not known, and is closer at the next try. */
const PATIENCE_MS = 120_000
/** A pod that no node takes is not going to pull anything. */
const UNPLACED_MS = 15_000
/** A pod that a killed process leaves behind ends by itself. */
const DEADLINE_SECONDS = 180
const PURPOSE_LABEL = 'pawl.dev/asks-for'

/** Throws `cluster-refused` where pods may not be made. */
export async function askForImages(
  deps: Pick<PreflightDeps, 'cluster' | 'clock' | 'ids' | 'installation'>,
  wanted: readonly PullGroup[],
  signal?: AbortSignal,
): Promise<PullFacts> {
  const { cluster } = deps
  if (wanted.length > 0) await sweep(deps, signal)
  const nodes = await cluster.list({ apiVersion: 'v1', kind: 'Node' }, signal).catch(() => [])
  const facts: PullFacts = { there: 0, pulled: 0, failed: [], waiting: [], nodes: [] }
  const groups: PullGroup[] = []
  for (const group of wanted) {
    const images = group.images.filter(({ image, policy }) => {
      return (
        policy === 'Always' ||
        !isOnEveryNode(
          image,
          nodes.map((node) => ({ ...node })),
        )
      )
    })
    facts.there += group.images.length - images.length
    if (images.length > 0) groups.push({ ...group, images })
  }
  await Promise.all(groups.map(async (group) => await askGroup(deps, group, facts, signal)))
  return facts
}

async function askGroup(
  { cluster, clock, ids, installation }: Pick<PreflightDeps, 'cluster' | 'clock' | 'ids' | 'installation'>,
  group: PullGroup,
  facts: PullFacts,
  signal?: AbortSignal,
): Promise<void> {
  const { namespace, release } = installation
  const name = `pawl-images-${ids.next(clock.now())}`.toLowerCase()
  const pod = podThatAsks(await withAccount(cluster, group, namespace, signal), { name, namespace, release })
  const ref: ObjectRef = { apiVersion: 'v1', kind: 'Pod', name, namespace }
  try {
    await cluster.create(pod, {}, signal)
    const since = clock.now().getTime()
    for (;;) {
      const seen = await cluster.get(ref, signal)
      const answers = answersIn(group, seen)
      const patience = isUnplaced(seen) ? UNPLACED_MS : PATIENCE_MS
      if (answers.every(({ pull }) => pull.is !== 'waiting') || clock.now().getTime() - since > patience) {
        tell(facts, answers, textOf(valueAt(seen, 'spec.nodeName')))
        return
      }
      await clock.sleep(POLL_MS, signal)
    }
  } finally {
    await cluster.remove(ref)
  }
}

/** What killed processes left behind and has come to its deadline since. */
async function sweep(
  { cluster, installation }: Pick<PreflightDeps, 'cluster' | 'installation'>,
  signal?: AbortSignal,
): Promise<void> {
  const { namespace } = installation
  const labelSelector = `${PURPOSE_LABEL}=images`
  const pods = await cluster.list({ apiVersion: 'v1', kind: 'Pod', namespace, labelSelector }, signal)
  for (const pod of pods.filter((candidate) => valueAt(candidate, 'status.phase') === 'Failed'))
    await cluster.remove({ apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name, namespace })
}

function isUnplaced(pod: KubeObject | undefined): boolean {
  return listOf(valueAt(pod, 'status.conditions')).some(
    (condition) => valueAt(condition, 'type') === 'PodScheduled' && valueAt(condition, 'status') === 'False',
  )
}

interface Answer {
  image: string
  pull: ReturnType<typeof pullOf>
}

function answersIn({ images }: PullGroup, pod: KubeObject | undefined): Answer[] {
  const statuses = listOf(valueAt(pod, 'status.containerStatuses')).map(recordOf)
  return images.map(({ image }, index) => {
    const status = statuses.find((candidate) => candidate['name'] === containerName(index))
    return { image, pull: status === undefined ? { is: 'waiting' } : pullOf(status) }
  })
}

function tell(facts: PullFacts, answers: readonly Answer[], node: string | undefined): void {
  if (node !== undefined && !facts.nodes.includes(node)) facts.nodes.push(node)
  for (const { image, pull } of answers) {
    if (pull.is === 'pulled') facts.pulled += 1
    else if (pull.is === 'failed') facts.failed.push({ image, why: pull.why })
    else facts.waiting.push(image)
  }
}

/** An account that the target itself brings is not there yet; its pods' secrets may be named on the pods as well. */
async function withAccount(
  cluster: Cluster,
  group: PullGroup,
  namespace: string,
  signal?: AbortSignal,
): Promise<PullGroup> {
  const { serviceAccountName: name, ...rest } = group
  if (name === undefined) return rest
  const account = await cluster.get({ apiVersion: 'v1', kind: 'ServiceAccount', name, namespace }, signal)
  return account === undefined ? rest : group
}

function containerName(index: number): string {
  return `image-${index}`
}

function podThatAsks(
  { images, serviceAccountName, imagePullSecrets, nodeSelector, tolerations }: PullGroup,
  { name, namespace, release }: { name: string; namespace: string; release: string },
): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { [PURPOSE_LABEL]: 'images', [RELEASE_LABEL]: release } },
    spec: {
      restartPolicy: 'Never',
      activeDeadlineSeconds: DEADLINE_SECONDS,
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      ...(serviceAccountName === undefined ? {} : { serviceAccountName }),
      imagePullSecrets,
      nodeSelector,
      tolerations,
      securityContext: { runAsNonRoot: true, runAsUser: 65_534, seccompProfile: { type: 'RuntimeDefault' } },
      containers: images.map(({ image, policy }, index) => ({
        name: containerName(index),
        image,
        imagePullPolicy: policy,
        // Nothing of the product ever runs here: there is no such program in any image.
        command: ['/pawl-asks-whether-this-image-can-be-pulled'],
        resources: { requests: { cpu: '1m', memory: '4Mi' }, limits: { cpu: '100m', memory: '32Mi' } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
      })),
    },
  }
}
