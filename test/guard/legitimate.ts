// What must go on working next to a guard in force.
import { helm, kubectl, type Attempt } from './attempt.ts'
import { uninstallGuard } from '../../src/steps/guard/install.ts'
import { image } from './toy.ts'
import { RELEASE, type World } from './world.ts'

const patch = (what: string, kind: string, name: string, body: object, ...flags: string[]): Attempt =>
  kubectl(what, 'admitted', ['patch', kind, name, '--type=merge', '-p', JSON.stringify(body), ...flags])

const inTurn = (what: string, ...steps: ((world: World) => ReturnType<World['kubectl']>)[]): Attempt => ({
  what,
  expect: 'admitted',
  async act(world) {
    let result = await world.kubectl(['version', '--client'])
    for (const step of steps) {
      result = await step(world)
      if (result.exitCode !== 0) return result
    }
    return result
  },
})

/** A controller makes again what was deleted. */
const comesBack = (what: string, label: string): Attempt =>
  inTurn(
    what,
    (world) => world.kubectl(['delete', 'pod', '-l', `app=${label}`, '--now']),
    (world) => world.kubectl(['wait', 'pod', '-l', `app=${label}`, '--for=create', '--timeout=20s']),
  )

const eviction = (world: World, pod: string): string =>
  JSON.stringify({ apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod, namespace: world.namespace } })

const others: Attempt[] = (['helm', 'helm3'] as const).map((version) =>
  inTurn(
    `${version}: another release in the namespace goes forward and back`,
    (world) => world.helm(['install', `other-${version}`, world.programs.charts.other('1.0.0')], {}, version),
    (world) => world.helm(['upgrade', `other-${version}`, world.programs.charts.other('2.0.0')], {}, version),
    (world) => world.helm(['rollback', `other-${version}`, '1'], {}, version),
    (world) => world.helm(['uninstall', `other-${version}`], {}, version),
  ),
)

/** Nothing of ours is bound there. */
const NEIGHBOUR = 'guard-neighbour'
const neighbours: Attempt = inTurn(
  'an old release of the product in another namespace, back and forth',
  (world) => world.kubectl(['create', 'namespace', `${NEIGHBOUR}-${world.namespace}`]),
  ...(
    [
      (world) => ['install', RELEASE, world.programs.charts.of('now')],
      (world) => ['upgrade', RELEASE, world.programs.charts.of('old')],
      () => ['rollback', RELEASE, '1'],
      () => ['uninstall', RELEASE],
    ] satisfies ((world: World) => string[])[]
  ).map((args) => (world: World) => world.elsewhere(`${NEIGHBOUR}-${world.namespace}`).helm(args(world))),
  (world) => world.kubectl(['delete', 'namespace', `${NEIGHBOUR}-${world.namespace}`, '--wait=false']),
)

const done = { exitCode: 0, stdout: '', stderr: '' }
const pawl: Attempt[] = [
  {
    what: 'Pawl puts its own policies in again, as a newer one does',
    expect: 'admitted',
    async act(world) {
      const label = JSON.stringify({
        metadata: { labels: { 'pawl.dev/guard-version': '0' } },
        spec: { matchConditions: null },
      })
      // On a cluster that others use the policies are left alone.
      if (!world.programs.restless)
        await world.good(
          world.kubectl(['patch', 'validatingadmissionpolicy', 'pawl-workload-floor', '--type=merge', '-p', label]),
        )
      await world.install()
      return done
    },
  },
  {
    what: 'Pawl taken out, and put in again',
    expect: 'admitted',
    async act(world) {
      await uninstallGuard({ ...world.place, everything: false })
      await world.until(['run', 'x', `--image=${image('api', 'old')}`], false)
      await world.install()
      await world.until(['run', 'x', `--image=${image('api', 'old')}`], true)
      return done
    },
  },
]

export const LEGITIMATE: readonly Attempt[] = [
  kubectl('rollout restart', 'admitted', ['rollout', 'restart', 'deployment/toy-api', 'statefulset/toy-queue']),
  kubectl('scale up', 'admitted', ['scale', 'deployment/toy-api', '--replicas=2']),
  kubectl('scale to nothing', 'admitted', ['scale', 'deployment/toy-api', '--replicas=0']),
  kubectl('scale up from nothing', 'admitted', ['scale', 'deployment/toy-api', '--replicas=1']),
  patch('an autoscaler', 'deployment', 'toy-web', { spec: { replicas: 2 } }, '--subresource=scale'),
  kubectl('annotate', 'admitted', ['annotate', 'deployment/toy-api', 'note=x', '--overwrite']),
  kubectl('annotate what is old', 'admitted', ['annotate', 'deployment/dormant', 'note=x', '--overwrite']),
  kubectl('label a record', 'admitted', ['label', 'secret', 'sh.helm.release.v1.toy.v2', 'team=a']),
  kubectl('set env', 'admitted', ['set', 'env', 'deployment/toy-api', 'A=b']),
  kubectl('a newer image', 'admitted', ['set', 'image', 'deployment/toy-web', `main=${image('web', 'next')}`]),
  kubectl('back to the floor itself', 'admitted', [
    'set',
    'image',
    'deployment/toy-web',
    `main=${image('web', 'now')}`,
  ]),
  kubectl('an image of somebody else', 'admitted', ['create', 'deployment', 'cache', '--image=valkey:7.2.4']),
  kubectl('an older image of somebody else', 'admitted', ['set', 'image', 'deployment/cache', 'valkey=valkey:7.0.1']),
  comesBack('a pod deleted, made again by its ReplicaSet', 'toy-api'),
  comesBack('a pod deleted, made again by its StatefulSet', 'toy-queue'),
  {
    what: 'a node drained: a pod evicted',
    expect: 'admitted',
    act: async (world) =>
      await world.kubectl(
        ['create', '--raw', `/api/v1/namespaces/${world.namespace}/pods/toy-queue-0/eviction`, '-f', '-'],
        eviction(world, 'toy-queue-0'),
      ),
  },
  patch('a secret rotated', 'secret', 'toy-login', { stringData: { password: 'second' } }),
  patch('settings edited', 'configmap', 'toy-settings', { data: { note: 'y' } }),
  kubectl('a secret of ones own', 'admitted', ['create', 'secret', 'generic', 'mine', '--from-literal=a=b']),
  kubectl('a Job of the CronJob', 'admitted', ['create', 'job', 'again', '--from=cronjob/toy-nightly']),
  kubectl('a ReplicaSet deleted, made again', 'admitted', ['delete', 'replicaset', '-l', 'app=toy-web']),
  inTurn('garbage collection of a Deployment and all that it made', (world) =>
    world.kubectl(['delete', 'deployment', 'cache', '--cascade=foreground', '--timeout=30s']),
  ),
  ...helm('history', 'admitted', () => ['history', RELEASE]),
  ...helm('status', 'admitted', () => ['status', RELEASE]),
  ...helm('test', 'admitted', () => ['test', RELEASE]),
  ...helm('dry run', 'admitted', (world) => ['upgrade', RELEASE, world.programs.charts.of('next'), '--dry-run=server']),
  ...others,
  neighbours,
  ...pawl,
  inTurn(
    'Helm 4: another release with its records in ConfigMaps',
    (world) => world.helm(['install', 'third', world.programs.charts.other('1.0.0')], { HELM_DRIVER: 'configmap' }),
    (world) => world.helm(['upgrade', 'third', world.programs.charts.other('2.0.0')], { HELM_DRIVER: 'configmap' }),
    (world) => world.helm(['rollback', 'third', '1'], { HELM_DRIVER: 'configmap' }),
  ),
]
