// Attempts that need the guard in some state: a ticket open, writers kept stopped, the glass broken.
import { setTimeout as sleep } from 'node:timers/promises'
import { without, type ReleaseGuard } from '../../src/core/guard/guard.ts'
import { uninstallGuard } from '../../src/steps/guard/install.ts'
import { stampOf } from '../../src/steps/guard/stamp.ts'
import { kubectl, type Attempt } from './attempt.ts'
import { image, REGISTRY } from './toy.ts'
import { RELEASE, type World } from './world.ts'

export interface Group {
  state: string
  begin(world: World): Promise<void>
  attempts: readonly Attempt[]
  end(world: World): Promise<void>
}

const RUN = 'toy-20261125-120000-abcd'
const inMs = async (world: World, ms: number): Promise<string> =>
  new Date((await stampOf(world.cluster, world.namespace)).now.getTime() + ms).toISOString()

async function openTicket(world: World, value: string, revision: number, ms = 300_000): Promise<void> {
  const expires = await inMs(world, ms)
  await world.change((guard) => without(guard, 'ticket'))
  await world.change((guard) => ({ ...guard, ticket: { value, run: RUN, revision, expires } }))
}

const upgrade = (
  world: World,
  release: 'middle' | 'now' | 'next',
  label: string,
  version: 'helm' | 'helm3' = 'helm',
  ...flags: string[]
) =>
  world.helm(
    ['upgrade', RELEASE, world.programs.charts.of(release), '--labels', `pawl.dev/ticket=${label}`, ...flags],
    {},
    version,
  )

/** Its own write is admitted and does not come up; what Helm would then do by itself is refused. */
const goesBackByItself = (version: 'helm' | 'helm3', flag: string, revision: number): Attempt => ({
  what: `${version === 'helm' ? 'Helm 4' : 'Helm 3'}: ${flag} of an upgrade that fails`,
  expect: 'no-rollback',
  forward: true,
  before: async (world) => await openTicket(world, `back-${revision}`, revision),
  act: async (world) =>
    await upgrade(world, 'now', `back-${revision}`, version, flag, '--timeout=3s', '--set', `note=${version}`),
})

const ticketOpen: Group = {
  state: 'a ticket is open for revision 4',
  async begin(world) {
    await world.change((guard) => ({ ...guard, fence: 7 }))
    await openTicket(world, 'one', 4)
  },
  attempts: [
    { what: 'another ticket', expect: 'ticket', act: async (world) => await upgrade(world, 'next', 'two') },
    {
      what: 'no ticket',
      expect: 'ticket',
      act: async (world) => await world.helm(['upgrade', RELEASE, world.programs.charts.of('next')]),
    },
    {
      what: 'rollback all the same',
      expect: 'no-rollback',
      act: async (world) => await world.helm(['rollback', RELEASE, '1']),
    },
    kubectl('a second ticket', 'one-ticket', [
      'patch',
      'releaseguard',
      RELEASE,
      '--type=merge',
      '-p',
      '{"spec":{"ticket":{"value":"two"}}}',
    ]),
    kubectl('a record under a false name', 'record-identity', ['create', '-f', '-'], () =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: {
          name: 'toy.v4',
          labels: { owner: 'helm', name: RELEASE, status: 'pending-upgrade', version: '4', 'pawl.dev/ticket': 'one' },
        },
      }),
    ),
    kubectl('a record of a later revision', 'ticket', ['create', '-f', '-'], () =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: {
          name: 'sh.helm.release.v1.toy.v5',
          labels: { owner: 'helm', name: RELEASE, status: 'pending-upgrade', version: '5', 'pawl.dev/ticket': 'one' },
        },
      }),
    ),
    { what: 'Helm 4 with the ticket', expect: 'admitted', act: async (world) => await upgrade(world, 'now', 'one') },
    {
      what: 'the ticket once more, still open',
      expect: 'ticket',
      act: async (world) => await upgrade(world, 'now', 'one'),
    },
    {
      what: 'the ticket that the last record passes on',
      expect: 'ticket',
      act: async (world) => await world.helm(['upgrade', RELEASE, world.programs.charts.of('now')]),
    },
    {
      what: 'Helm 3 with a ticket of its own',
      expect: 'admitted',
      before: async (world) => await openTicket(world, 'three', 5),
      act: async (world) => await upgrade(world, 'now', 'three', 'helm3'),
    },
    goesBackByItself('helm', '--rollback-on-failure', 6),
    goesBackByItself('helm3', '--atomic', 7),
    {
      what: 'a ticket whose time is over',
      expect: 'ticket',
      async before(world) {
        await openTicket(world, 'late', 8, 4_000)
        await sleep(5_000)
      },
      act: async (world) => await upgrade(world, 'now', 'late'),
    },
    kubectl('an older owner writes the guard', 'fence-kept', [
      'patch',
      'releaseguard',
      RELEASE,
      '--type=merge',
      '-p',
      '{"spec":{"fence":6}}',
    ]),
  ],
  end: async (world) => void (await world.change((guard) => ({ ...without(guard, 'ticket'), revision: 7 }))),
}

const quiesced: NonNullable<ReleaseGuard['quiesced']> = {
  run: RUN,
  writers: ['toy-api'],
  repositories: [`${REGISTRY}/api`],
  mayStart: ['Job/pawl-migrate'],
  mayRun: [],
}
const job = (name: string) => ['create', 'job', name, `--image=${image('api', 'now')}`]

const writersStopped: Group = {
  state: 'writers are kept stopped',
  async begin(world) {
    await world.good(world.kubectl(['scale', 'deployment/toy-api', '--replicas=0']))
    await world.change((guard) => ({ ...guard, quiesced }))
    await world.until(job('x'), true)
  },
  attempts: [
    kubectl('scale', 'quiesced', ['scale', 'deployment/toy-api', '--replicas=1']),
    kubectl('an autoscaler', 'quiesced', [
      'patch',
      'deployment',
      'toy-api',
      '--subresource=scale',
      '--type=merge',
      '-p',
      '{"spec":{"replicas":3}}',
    ]),
    kubectl('a patch of the Deployment', 'quiesced', [
      'patch',
      'deployment',
      'toy-api',
      '--type=merge',
      '-p',
      '{"spec":{"replicas":1}}',
    ]),
    kubectl(
      'apply as Argo CD',
      'quiesced',
      ['apply', '--server-side', '--force-conflicts', '--field-manager=argocd-controller', '-f', '-'],
      () =>
        JSON.stringify({
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name: 'toy-api' },
          spec: { replicas: 1 },
        }),
    ),
    kubectl('a Job with a writer image', 'quiesced', job('x')),
    kubectl('a Job of the CronJob', 'quiesced', ['create', 'job', 'x', '--from=cronjob/toy-nightly']),
    kubectl('a pod with a newer writer image', 'quiesced', ['run', 'x', `--image=${image('api', 'next')}`]),
    kubectl('a copy under another name', 'quiesced', ['create', 'deployment', 'x', `--image=${image('api', 'now')}`]),
    kubectl('by digest', 'quiesced', ['run', 'x', `--image=${REGISTRY}/api@sha256:${'0'.repeat(64)}`]),
    kubectl("the run's own migrator", 'admitted', job('pawl-migrate')),
    kubectl('a reader scaled', 'admitted', ['scale', 'deployment/toy-web', '--replicas=1']),
    kubectl('a writer annotated', 'admitted', ['annotate', 'deployment/toy-api', 'note=y', '--overwrite']),
  ],
  async end(world) {
    await world.change((guard) => without(guard, 'quiesced'))
    await world.until(job('x'), false)
    await world.good(world.kubectl(['scale', 'deployment/toy-api', '--replicas=1']))
  },
}

const beingPutBack: Group = {
  state: 'a recovery puts the older release back',
  async begin(world) {
    await world.good(world.kubectl(['scale', 'deployment/toy-api', '--replicas=0']))
    const mayRun = [image('api', 'middle'), image('db', 'middle')]
    await world.change((guard) => ({
      ...guard,
      floors: guard.floors.map((floor) => ({ ...floor, version: [2026, 1, 12] })),
      recoveryEpoch: guard.recoveryEpoch + 1,
      quiesced: { ...quiesced, mayStart: [], mayRun },
    }))
    await world.until(job('x'), true)
  },
  attempts: [
    kubectl('the newer release scaled', 'quiesced', ['scale', 'deployment/toy-api', '--replicas=1']),
    kubectl('a Job of the newer release', 'quiesced', job('x')),
    kubectl('a release older than the one put back', 'floor', [
      'set',
      'image',
      'deployment/toy-web',
      `main=${image('web', 'old')}`,
    ]),
    kubectl('the release that is put back', 'admitted', [
      'patch',
      'deployment',
      'toy-api',
      '-p',
      JSON.stringify({
        spec: {
          replicas: 1,
          template: {
            spec: {
              initContainers: [{ name: 'init', image: image('db', 'middle') }],
              containers: [{ name: 'main', image: image('api', 'middle') }],
            },
          },
        },
      }),
    ]),
  ],
  async end(world) {
    // An epoch never falls: the rows that follow begin with a guard that has none.
    await uninstallGuard({ ...world.place, everything: false })
    await world.install()
    await world.until(['run', 'x', `--image=${image('api', 'middle')}`], true)
    const forward = [`main=${image('api', 'now')}`, `init=${image('db', 'now')}`]
    await world.good(world.kubectl(['set', 'image', 'deployment/toy-api', ...forward]))
  },
}

const broken: Group = {
  state: 'the glass is broken',
  async begin(world) {
    const [at, until] = [await inMs(world, 0), await inMs(world, 300_000)]
    await world.change((guard) => ({ ...guard, opening: { by: 'ada', reason: 'test', at, until } }))
    await world.until(['run', 'x', `--image=${image('api', 'old')}`], false)
  },
  attempts: [
    kubectl('Velero brings a record back', 'admitted', ['create', '-f', '-'], () =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: {
          name: 'sh.helm.release.v1.toy.v900',
          labels: { owner: 'helm', name: RELEASE, status: 'superseded', version: '900' },
        },
      }),
    ),
    kubectl('and takes it away', 'admitted', ['delete', 'secret', 'sh.helm.release.v1.toy.v900']),
    kubectl('an old image', 'admitted', ['set', 'image', 'deployment/toy-web', `main=${image('web', 'middle')}`]),
    kubectl('the image of now', 'admitted', ['set', 'image', 'deployment/toy-web', `main=${image('web', 'now')}`]),
  ],
  end: async () => undefined,
}

const over: Group = {
  state: 'the time of an opening is over, and nobody closed it',
  async begin(world) {
    const at = await inMs(world, -10_000)
    const until = await inMs(world, -1_000)
    await world.change((guard) => ({ ...guard, opening: { by: 'ada', reason: 'test', at, until } }))
  },
  attempts: [
    { what: 'rollback', expect: 'no-rollback', act: async (world) => await world.helm(['rollback', RELEASE, '1']) },
    kubectl('set image', 'floor', ['set', 'image', 'deployment/toy-web', `main=${image('web', 'middle')}`]),
    kubectl('run', 'floor', ['run', 'x', `--image=${image('api', 'old')}`]),
  ],
  end: async (world) => void (await world.change((guard) => without(guard, 'opening'))),
}

export const GROUPS: readonly Group[] = [ticketOpen, writersStopped, beingPutBack, broken, over]
