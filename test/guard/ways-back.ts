// Every way back that people, programs and controllers know, while the guard is in force and nothing is under way.
import { helm, helm4, kubectl, type Attempt } from './attempt.ts'
import { image, REGISTRY, type ReleaseName } from './toy.ts'
import { RELEASE, type World } from './world.ts'

const chart = (release: ReleaseName) => (world: World) => world.programs.charts.of(release)
const upgrade =
  (release: ReleaseName, ...flags: string[]) =>
  (world: World): string[] => ['upgrade', RELEASE, chart(release)(world), ...flags]

const byHelm: Attempt[] = [
  ...helm('rollback to the first revision', 'no-rollback', () => ['rollback', RELEASE, '1']),
  ...helm('rollback to the one before', 'no-rollback', () => ['rollback', RELEASE]),
  ...helm('rollback without hooks, cleaning up', 'no-rollback', () => [
    'rollback',
    RELEASE,
    '2',
    '--no-hooks',
    '--cleanup-on-fail',
  ]),
  ...helm('rollback with force', 'no-rollback', () => ['rollback', RELEASE, '2', '--force']),
  ...helm4('rollback by replacing', 'no-rollback', () => ['rollback', RELEASE, '2', '--force-replace']),
  ...helm('older chart', 'ticket', upgrade('middle')),
  ...helm('much older chart', 'ticket', upgrade('old')),
  ...helm('older chart, atomic', 'ticket', upgrade('middle', '--atomic')),
  ...helm('older chart, forced', 'ticket', upgrade('middle', '--force')),
  ...helm4('older chart, rollback on failure', 'ticket', upgrade('middle', '--rollback-on-failure')),
  ...helm4('older chart, by replacing', 'ticket', upgrade('middle', '--force-replace', '--server-side=false')),
  ...helm('newer chart of an older appVersion', 'ticket', upgrade('backdated')),
  ...helm('older chart with --install', 'ticket', upgrade('middle', '--install')),
  ...helm('older chart, values reused', 'ticket', upgrade('middle', '--reuse-values')),
  ...helm('older tag in the values', 'ticket', upgrade('now', '--set', 'tag=2026.1.12')),
  ...helm('a newer chart by hand', 'ticket', upgrade('next')),
  ...helm('an invented ticket', 'ticket', upgrade('middle', '--labels', 'pawl.dev/ticket=let-me-in')),
  ...helm('records in ConfigMaps', 'ticket', upgrade('middle', '--install', '--take-ownership'), {
    HELM_DRIVER: 'configmap',
  }),
]

const old = image('api', 'middle')
const deployment = (name: string, of: string, replicas = 1): string =>
  JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image: of }] } },
    },
  })
const controller = (apiVersion: string, kind: string): string => {
  const selector = apiVersion === 'v1' ? { app: 'x' } : { matchLabels: { app: 'x' } }
  const template = { metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'main', image: old }] } }
  return JSON.stringify({ apiVersion, kind, metadata: { name: 'x' }, spec: { selector, template } })
}
/** The Deployment as an older release had it. */
const olderManifest = async (world: World): Promise<string> => {
  const text = await world.good(world.kubectl(['get', 'deployment', 'toy-api', '-o', 'json']))
  const object = JSON.parse(text.replaceAll('2026.2.9', '2026.1.12')) as {
    metadata: Record<string, unknown>
    status?: unknown
  }
  delete object.status
  for (const field of ['resourceVersion', 'uid', 'managedFields', 'creationTimestamp', 'generation'])
    delete object.metadata[field]
  return JSON.stringify(object)
}

const byKubectl: Attempt[] = [
  kubectl('set image of a Deployment', 'floor', ['set', 'image', 'deployment/toy-api', `main=${old}`]),
  kubectl('set image of an init container', 'floor', [
    'set',
    'image',
    'deployment/toy-api',
    `init=${image('db', 'middle')}`,
  ]),
  kubectl('set image of a StatefulSet', 'floor', [
    'set',
    'image',
    'statefulset/toy-queue',
    `main=${image('queue', 'middle')}`,
  ]),
  kubectl('set image of a CronJob', 'floor', ['set', 'image', 'cronjob/toy-nightly', `main=${old}`]),
  kubectl('a tag without order', 'floor', ['set', 'image', 'deployment/toy-api', `main=${REGISTRY}/api:latest`]),
  kubectl('an old tag with some digest', 'floor', [
    'set',
    'image',
    'deployment/toy-api',
    `main=${old}@sha256:${'0'.repeat(64)}`,
  ]),
  kubectl('rollout undo', 'floor', ['rollout', 'undo', 'deployment/toy-api']),
  kubectl('rollout undo to the first revision', 'floor', ['rollout', 'undo', 'deployment/toy-api', '--to-revision=1']),
  kubectl('rollout undo of a StatefulSet', 'floor', ['rollout', 'undo', 'statefulset/toy-queue']),
  kubectl('apply of an old manifest', 'floor', ['apply', '-f', '-'], olderManifest),
  kubectl('replace with an old manifest', 'floor', ['replace', '-f', '-'], olderManifest),
  kubectl(
    'server-side apply as Argo CD',
    'floor',
    ['apply', '--server-side', '--force-conflicts', '--field-manager=argocd-controller', '-f', '-'],
    olderManifest,
  ),
  kubectl(
    'server-side apply as Flux',
    'floor',
    ['apply', '--server-side', '--force-conflicts', '--field-manager=kustomize-controller', '-f', '-'],
    olderManifest,
  ),
  kubectl('JSON patch', 'floor', [
    'patch',
    'deployment',
    'toy-api',
    '--type=json',
    '-p',
    JSON.stringify([{ op: 'replace', path: '/spec/template/spec/containers/0/image', value: old }]),
  ]),
  kubectl('strategic patch', 'floor', [
    'patch',
    'deployment',
    'toy-web',
    '-p',
    JSON.stringify({ spec: { template: { spec: { containers: [{ name: 'main', image: image('web', 'old') }] } } } }),
  ]),
  kubectl('a pod given another image', 'floor', (world) => [
    'set',
    'image',
    `pod/toy-queue-0`,
    `main=${image('queue', 'old')}`,
    '-n',
    world.namespace,
  ]),
  kubectl('a new Deployment under another name', 'floor', ['create', '-f', '-'], () => deployment('mine', old)),
  kubectl('a new Deployment that sleeps', 'floor', ['create', '-f', '-'], () => deployment('mine', old, 0)),
  kubectl('an old Deployment woken up', 'floor', ['apply', '--server-side', '--force-conflicts', '-f', '-'], () =>
    deployment('dormant', image('api', 'old')).replace('"name":"main"', '"name":"api"'),
  ),
  kubectl('an old CronJob that goes on', 'floor', [
    'patch',
    'cronjob',
    'suspended',
    '--type=merge',
    '-p',
    '{"spec":{"suspend":false}}',
  ]),
  kubectl('a Job of an old CronJob', 'floor', ['create', 'job', 'x', '--from=cronjob/suspended']),
  kubectl('run', 'floor', ['run', 'x', `--image=${old}`]),
  kubectl('create job', 'floor', ['create', 'job', 'x', `--image=${old}`]),
  kubectl('create cronjob', 'floor', ['create', 'cronjob', 'x', '--schedule=* * * * *', `--image=${old}`]),
  kubectl('a ReplicaSet', 'floor', ['create', '-f', '-'], () => controller('apps/v1', 'ReplicaSet')),
  kubectl('a DaemonSet', 'floor', ['create', '-f', '-'], () => controller('apps/v1', 'DaemonSet')),
  kubectl('a ReplicationController', 'floor', ['create', '-f', '-'], () => controller('v1', 'ReplicationController')),
]

const last = 'sh.helm.release.v1.toy.v3'
const record = (name: string, labels: Record<string, string>, kind = 'Secret'): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind,
    metadata: { name, labels: { owner: 'helm', name: RELEASE, ...labels } },
    ...(kind === 'Secret' ? { type: 'helm.sh/release.v1' } : {}),
  })
const made = (what: string, rule: string, text: string): Attempt =>
  kubectl(`a record by hand, ${what}`, rule, ['create', '-f', '-'], () => text)
const relabel = (what: string, rule: string, ...args: string[]): Attempt =>
  kubectl(what, rule, ['label', 'secret', '--overwrite', ...args])

const onRecords: Attempt[] = [
  made('deployed', 'born-pending', record('sh.helm.release.v1.toy.v4', { status: 'deployed', version: '4' })),
  made('pending', 'ticket', record('sh.helm.release.v1.toy.v4', { status: 'pending-upgrade', version: '4' })),
  made(
    'on its way back',
    'no-rollback',
    record('sh.helm.release.v1.toy.v4', { status: 'pending-rollback', version: '4' }),
  ),
  made(
    'in a ConfigMap',
    'no-rollback',
    record('sh.helm.release.v1.toy.v4', { status: 'pending-rollback', version: '4' }, 'ConfigMap'),
  ),
  relabel('an old record revived', 'not-revived', 'sh.helm.release.v1.toy.v1', 'status=deployed'),
  relabel('the record hidden', 'record-identity', last, 'owner-'),
  relabel('the record given away', 'record-identity', last, 'name=other'),
  relabel('the record renumbered', 'record-identity', last, 'version=1'),
  relabel('the record without a status', 'record-identity', last, 'status-'),
  relabel('the record on its way back', 'no-rollback', last, 'status=pending-rollback'),
  {
    what: 'kubectl: edit of a record',
    expect: 'past-is-kept',
    act: async (world) =>
      await world.kubectl(['edit', 'secret', 'sh.helm.release.v1.toy.v2'], undefined, {
        KUBE_EDITOR: "sed -i 's/^  release: ./  release: /'",
      }),
  },
  kubectl('an old record edited', 'past-is-kept', [
    'patch',
    'secret',
    'sh.helm.release.v1.toy.v2',
    '--type=merge',
    '-p',
    '{"data":{"release":"SDRz"}}',
  ]),
]

const patch = (what: string, rule: string, spec: object): Attempt =>
  kubectl(what, rule, ['patch', 'releaseguard', RELEASE, '--type=merge', '-p', JSON.stringify({ spec })])

const onGuard: Attempt[] = [
  kubectl('the guard deleted', 'guard-kept', ['delete', 'releaseguard', RELEASE]),
  kubectl('all guards deleted', 'guard-kept', ['delete', 'releaseguards', '--all']),
  patch('floors taken away', 'floors-kept', { floors: [] }),
  patch('a floor lowered', 'floors-kept', { floors: [{ repository: `${REGISTRY}/api`, version: [2025, 1, 1] }] }),
  patch('the guard of another release', 'release-kept', { release: 'other' }),
]

/** Its records are where no policy looks, or nobody's: what remains is the floor. */
const pastRecords: Attempt[] = [
  ...helm(
    'records in a database',
    'floor',
    (world) => ['install', RELEASE, chart('middle')(world), '--replace'],
    ({ programs }) => ({ HELM_DRIVER: 'sql', HELM_DRIVER_SQL_CONNECTION_STRING: programs.sql ?? '' }),
    { workloadsOnly: true },
  ),
  ...helm(
    'a second release name',
    'floor',
    (world) => ['install', 'second', chart('old')(world), '--replace'],
    {},
    {
      workloadsOnly: true,
    },
  ),
]

export const WAYS_BACK: readonly Attempt[] = [...byHelm, ...byKubectl, ...onRecords, ...onGuard, ...pastRecords]
