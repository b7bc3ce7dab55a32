// What no policy can stop: it is done here, and must be seen.
import type { RunResult } from '../cluster/run.ts'
import { image, REGISTRY, RELEASES } from './toy.ts'
import { RELEASE, type World } from './world.ts'

export interface Sight {
  what: string
  /** The finding that must come. */
  finding: string
  act(world: World): Promise<RunResult>
  after?(world: World): Promise<unknown>
}

const pod = (what: string, finding: string, of: string, ...flags: string[]): Sight => ({
  what,
  finding,
  act: async (world) => await world.kubectl(['run', 'stranger', `--image=${of}`, ...flags]),
  after: async (world) => await world.good(world.kubectl(['delete', 'pod', 'stranger', '--now'])),
})

const policy = (what: string, ...args: string[]): Sight => ({
  what,
  finding: 'tampered',
  act: async (world) => await world.kubectl(args.map((word) => word.replace('NAMESPACE', world.namespace))),
  after: async (world) => await world.install(),
})

const patched =
  (spec: object) =>
  async (world: World): Promise<RunResult> =>
    await world.kubectl(['patch', 'releaseguard', RELEASE, '--type=merge', '-p', JSON.stringify({ spec })])

export const SIGHTS: readonly Sight[] = [
  pod('a digest', 'below-floor', `${REGISTRY}/api@sha256:${'0'.repeat(64)}`),
  pod('an old image from another registry', 'below-floor', `mirror.invalid/toy/api:${RELEASES.old}`),
  pod('a candidate of the release that runs', 'below-floor', `${image('api', 'now')}-rc.1`),
  pod(
    'another release of the product',
    'other-release',
    image('api', 'now'),
    '--labels=app.kubernetes.io/instance=second',
  ),
  policy('a policy deleted', 'delete', 'validatingadmissionpolicy', 'pawl-release-record'),
  policy('a binding deleted', 'delete', 'validatingadmissionpolicybinding', 'pawl-workload-floor.NAMESPACE'),
  policy(
    'a binding made to warn only',
    'patch',
    'validatingadmissionpolicybinding',
    'pawl-workload-floor.NAMESPACE',
    '--type=merge',
    '-p',
    '{"spec":{"validationActions":["Warn"]}}',
  ),
  policy(
    'a policy made to pass some',
    'patch',
    'validatingadmissionpolicy',
    'pawl-workload-floor',
    '--type=json',
    '-p',
    '[{"op":"add","path":"/spec/matchConditions/-","value":{"name":"mine","expression":"false"}}]',
  ),
  {
    what: 'the glass broken',
    finding: 'open',
    act: patched({ opening: { by: 'x', reason: 'y', at: '2026-01-01T00:00:00Z', until: '2099-01-01T00:00:00Z' } }),
    after: async (world) => await world.good(patched({ opening: null })(world)),
  },
  {
    what: 'floors lowered with an epoch of ones own',
    finding: 'epoch',
    act: patched({ floors: [], recoveryEpoch: 9 }),
    after: async (world) => await world.install(),
  },
  {
    what: 'the newest records deleted',
    finding: 'reinstalled',
    act: async (world) => await world.kubectl(['delete', 'secret', '-l', 'owner=helm,status!=superseded']),
  },
  { what: 'uninstalled', finding: 'release-gone', act: async (world) => await world.helm(['uninstall', RELEASE]) },
]
