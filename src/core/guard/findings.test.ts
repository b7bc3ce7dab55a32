import { expect, test } from 'vitest'
import type { ResourceObject } from '../resources.ts'
import { KEPT_BINDING, namespaceBindings } from './bindings.ts'
import { findingsOf, type GuardFacts } from './findings.ts'
import { api, EARLIER, guardWith, LATER, NOW } from './guard.fixture.ts'
import { GUARD_VERSION, POLICIES, VERSION_LABEL } from './policies.ts'
import { difference } from './same.ts'

const namespace = { name: 'toys' }
const installed = [...POLICIES, KEPT_BINDING, ...namespaceBindings(namespace)]
const good: GuardFacts = {
  release: 'toy',
  namespace,
  now: NOW,
  guard: guardWith(),
  installed,
  newest: { revision: 4, status: 'deployed', description: 'Upgrade complete', appVersion: '2026.2.9' },
  pods: [{ name: 'a', images: [api(':2026.2.9')], instance: 'toy' }],
  runs: [],
}
const rules = (over: Partial<GuardFacts>): string[] => findingsOf({ ...good, ...over }).map(({ rule }) => rule)
const pod = (image: string, instance = 'toy'): Partial<GuardFacts> => ({
  pods: [{ name: 'b', images: [image], instance }],
})
const newest = (over: object): Partial<GuardFacts> => ({ newest: { ...good.newest!, ...over } })
const opening = (until: string): Partial<GuardFacts> => ({
  guard: guardWith({ opening: { by: 'ada', reason: 'drill', at: EARLIER, until } }),
})
const ticket = { value: 't', run: 'r', revision: 5, expires: EARLIER }
const quiesced = { run: 'r', writers: [], repositories: [], mayStart: [], mayRun: [] }
const databases = (floor: string | null | undefined, written?: string): Partial<GuardFacts> => {
  const row = { product: 'toy', release: 'toys/toy', run: 'r', recoveryEpoch: 0, at: EARLIER }
  const there = typeof floor === 'string' ? { ...row, appVersion: floor, floor } : floor
  const seen = there === undefined ? { role: 'toy', why: 'no answer' } : { role: 'toy', floor: there }
  const recorded = written === undefined ? {} : { recorded: { ...row, floor: written, roles: ['toy'], missing: {} } }
  return { databases: { seen: [seen], scheme: 'calver', ...recorded } }
}
const changed = (name: string, spec: object): ResourceObject[] =>
  installed.map((one) => (one.metadata.name === name ? { ...one, spec: { ...(one['spec'] as object), ...spec } } : one))

test.each<[string, Partial<GuardFacts>, string[]]>([
  ['all is well', {}, []],
  ['an older image', pod(api(':2026.1.12')), ['below-floor']],
  ['a digest', pod(api('@sha256:00')), ['below-floor']],
  ['no tag at all', pod(api('')), ['below-floor']],
  ['a candidate of the floor', pod(api(':2026.2.9-rc.1')), ['below-floor']],
  ['a patch of the floor', pod(api(':2026.2.9-patch1')), []],
  ['an older image from a mirror', pod('mirror.example/toy/api:2026.1.12'), ['below-floor']],
  ['an image of somebody else', pod('valkey:7'), []],
  ['another release of the product', pod(api(':2026.2.9'), 'second'), ['other-release']],
  ['uninstalled', { ...good, newest: undefined } as never, ['release-gone']],
  ['uninstalled, history kept', newest({ status: 'uninstalled' }), ['release-gone']],
  ['installed anew', newest({ revision: 1 }), ['reinstalled']],
  ['a revision of somebody', newest({ revision: 5 }), ['foreign-revision']],
  ['gone back', newest({ revision: 5, description: 'Rollback to 2' }), ['rolled-back', 'foreign-revision']],
  ['a policy missing', { installed: installed.slice(1) }, ['tampered']],
  ['a binding missing', { installed: installed.slice(0, -1) }, ['tampered']],
  [
    'a binding that only warns',
    { installed: changed('pawl-workload-floor.toys', { validationActions: ['Warn'] }) },
    ['tampered'],
  ],
  ['a policy with an exception', { installed: changed('pawl-release-record', { matchConditions: [] }) }, ['tampered']],
  ['no right to look', { installed: undefined } as never, ['unread']],
  ['a wrong answer', { wrong: [{ what: 'x' }] }, ['probe']],
  ['open', opening(LATER), ['open']],
  ['was open', opening(EARLIER), ['opening-left']],
  ['watches only', { guard: guardWith({ enforcement: 'Audit' }) }, ['audit']],
  ['an old ticket', { guard: guardWith({ ticket }) }, ['ticket-left']],
  ['kept stopped for nobody', { guard: guardWith({ quiesced }) }, ['quiesced-left']],
  ['kept stopped for a run', { guard: guardWith({ quiesced }), runs: [{ name: 'r', ended: false }] }, []],
  ['an epoch of nobody', { guard: guardWith({ recoveryEpoch: 1 }) }, ['epoch']],
  [
    'an epoch of a recovery',
    { guard: guardWith({ recoveryEpoch: 1, recoveredBy: 'r' }), runs: [{ name: 'r', ended: true }] },
    [],
  ],
  ['databases as they were written', databases('2026.2.9', '2026.2.9'), []],
  ['nothing was ever written into them', databases(null), ['floor-missing']],
  ['one restored by hand, from a backup of Pawl', databases(null, '2026.2.9'), ['database-restored']],
  ['one restored by hand, as it was before', databases('2026.1.12', '2026.2.9'), ['database-restored']],
  ['one of a newer release', databases('2026.3.9', '2026.2.9'), ['database-newer']],
  [
    'an old release on it, and the guard taken away',
    { ...databases('2026.2.9', '2026.2.9'), ...newest({ appVersion: '2026.1.12' }), guard: undefined } as never,
    ['absent', 'database-newer'],
  ],
  ['one that does not answer', databases(undefined, '2026.2.9'), ['database-unseen']],
  [
    'on their way forward',
    {
      ...databases('2026.3.9', '2026.2.9'),
      newest: { revision: 4, status: 'deployed', description: '', appVersion: '2026.3.9' },
      runs: [{ name: 'r', ended: false, kind: 'upgrade' }],
    },
    [],
  ],
  [
    'the old release put back while an upgrade is parked',
    { ...databases('2026.3.9', '2026.3.9'), runs: [{ name: 'r', ended: false, kind: 'upgrade' }] },
    ['database-newer'],
  ],
  [
    'recovered a moment ago',
    { ...databases('2026.1.12', '2026.2.9'), runs: [{ name: 'r', ended: false, kind: 'recovery' }] },
    [],
  ],
  [
    'restored by hand while an upgrade is parked',
    { ...databases('2026.1.12', '2026.2.9'), runs: [{ name: 'r', ended: false, kind: 'upgrade' }] },
    ['database-restored'],
  ],
])('%s', (_, over, expected) => expect(rules(over)).toEqual(expected))

test('what a newer Pawl has installed is not judged', () => {
  const newer = installed.map((one) => ({
    ...one,
    metadata: { ...one.metadata, labels: { [VERSION_LABEL]: String(GUARD_VERSION + 1) } },
    spec: {},
  }))
  expect(rules({ installed: newer })).toEqual([])
})

test('without a guard it says whether its namespace is closed by that', () => {
  const { guard: _guard, ...rest } = good
  expect(findingsOf(rest)).toMatchObject([{ rule: 'absent', severity: 'alarm' }])
  expect(findingsOf(rest)[0]?.text).not.toBe(findingsOf({ ...rest, installed: [] })[0]?.text)
})

test('what the API server adds is no difference, anything else is', () => {
  const ours = { a: [{ b: 1 }] }
  expect(
    difference(ours, { a: [{ b: 1, scope: '*' }], matchPolicy: 'Equivalent', namespaceSelector: {} }),
  ).toBeUndefined()
  expect(difference(ours, { a: [{ b: 1, exclude: ['x'] }] })).toBe('a[0].exclude')
  expect(difference(ours, { a: [{ b: 2 }] })).toBe('a[0].b')
  expect(difference(ours, { a: [] })).toBe('a')
  expect(difference(ours, {})).toBe('a')
})
