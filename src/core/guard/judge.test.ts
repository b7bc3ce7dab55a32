import { describe, expect, test } from 'vitest'
import type { JsonRecord } from '../json.ts'
import type { ReleaseGuard } from './guard.ts'
import {
  api,
  cronJob,
  deployment,
  EARLIER,
  guardWith,
  job,
  LATER,
  NOW,
  pod,
  record,
  TICKET,
  withTicket,
} from './guard.fixture.ts'
import { judge } from './judge.ts'
import { deleteRequest, scaleRequest, writeRequest } from './request.ts'

const open = (until: string): Partial<ReleaseGuard> => ({ opening: { by: 'ada', reason: 'drill', at: EARLIER, until } })
const quiesced = {
  run: 'toy-1',
  writers: ['toy-api'],
  repositories: ['reg.example:5000/toy/api'],
  mayStart: [],
  mayRun: [],
}

function rulesOf(object: JsonRecord, before: JsonRecord | undefined, over: Partial<ReleaseGuard> = {}): string[] {
  const request = writeRequest({ object, namespace: 'toys', now: NOW, ...(before === undefined ? {} : { before }) })
  return judge(request, [guardWith(over)]).map(({ rule }) => rule)
}

describe('Helm records', () => {
  const ticket = { ticket: TICKET }
  test.each<[string, JsonRecord, JsonRecord | undefined, Partial<ReleaseGuard>, string[]]>([
    ['rollback', record('pending-rollback', 5), undefined, {}, ['no-rollback']],
    ['rollback with the open ticket', record('pending-rollback', 5, withTicket()), undefined, ticket, ['no-rollback']],
    ['upgrade without a ticket', record('pending-upgrade', 5), undefined, ticket, ['ticket']],
    ['upgrade with the ticket', record('pending-upgrade', 5, withTicket()), undefined, ticket, []],
    ['another ticket', record('pending-upgrade', 5, withTicket('t-2')), undefined, ticket, ['ticket']],
    ['ticket of another revision', record('pending-upgrade', 6, withTicket()), undefined, ticket, ['ticket']],
    ['a closed ticket', record('pending-upgrade', 5, withTicket()), undefined, {}, ['ticket']],
    [
      'an expired ticket',
      record('pending-upgrade', 5, withTicket()),
      undefined,
      { ticket: { ...TICKET, expires: EARLIER } },
      ['ticket'],
    ],
    ['install without a ticket', record('pending-install', 1), undefined, {}, ['ticket']],
    ['born deployed', record('deployed', 5), undefined, {}, ['born-pending']],
    ['born by relabelling', record('deployed', 5), record('deployed', 5, { owner: undefined }), {}, ['born-pending']],
    ['its own end', record('deployed', 5), record('pending-upgrade', 5), {}, []],
    ['its failure', record('failed', 5), record('pending-upgrade', 5), {}, []],
    ['superseded', record('superseded', 4), record('deployed', 4), {}, []],
    ['uninstalled', record('uninstalling', 4), record('deployed', 4), {}, []],
    ['helm test', { ...record('deployed', 4), data: { release: 'x' } }, record('deployed', 4), {}, []],
    ['an old one revived', record('deployed', 3), record('superseded', 3), {}, ['not-revived']],
    ['pending again', record('pending-upgrade', 5, withTicket()), record('failed', 5), ticket, ['ticket']],
    [
      'an old one edited',
      { ...record('superseded', 3), data: { release: 'x' } },
      record('superseded', 3),
      {},
      ['past-is-kept'],
    ],
    ['an old one annotated', record('superseded', 3, { note: 'x' }), record('superseded', 3), {}, []],
    ['hidden from Helm', record('deployed', 4, { owner: undefined }), record('deployed', 4), {}, ['record-identity']],
    ['given away', record('deployed', 4, { name: 'other' }), record('deployed', 4), {}, ['record-identity']],
    ['renumbered', record('deployed', 9, { version: '10' }), record('deployed', 9), {}, ['record-identity']],
    [
      'of another release',
      record('pending-rollback', 2, { name: 'other' }),
      undefined,
      {},
      ['no-rollback', 'record-identity'],
    ],
  ])('%s', (_, object, before, over, expected) => {
    expect(rulesOf(object, before, over)).toEqual(expected)
  })

  test('a record under a name that is not its own is refused', () => {
    const odd = record('pending-upgrade', 5, withTicket())
    const named = { ...odd, metadata: { ...(odd['metadata'] as JsonRecord), name: 'sh.helm.release.v1.toy.v7' } }
    expect(rulesOf(named, undefined, { ticket: TICKET })).toEqual(['record-identity'])
  })

  test('other releases, and ConfigMaps of the release', () => {
    const other = {
      ...record('pending-rollback', 2, { name: 'other' }),
      metadata: {
        name: 'sh.helm.release.v1.other.v2',
        labels: { owner: 'helm', name: 'other', status: 'pending-rollback', version: '2' },
      },
    }
    expect(rulesOf(other, undefined)).toEqual([])
    expect(rulesOf({ ...record('pending-rollback', 5), kind: 'ConfigMap' }, undefined)).toEqual(['no-rollback'])
  })
})

describe('workloads', () => {
  const now = deployment(api(':2026.2.9'))
  test.each<[string, JsonRecord, JsonRecord | undefined, string[]]>([
    ['an older image', deployment(api(':2026.1.12')), now, ['floor']],
    ['an image of no order', deployment(api(':latest')), now, ['floor']],
    ['a newer image', deployment(api(':2026.10.1')), now, []],
    ['a patch of the same day', deployment(api(':2026.2.9-patch1')), now, []],
    ['an older image with a digest behind it', deployment(api(':2026.1.12@sha256:00')), now, ['floor']],
    ['a digest alone, which has no order', deployment(api('@sha256:00')), now, []],
    ['an old image that was there already', deployment(api(':2026.1.12'), 2), deployment(api(':2026.1.12')), []],
    ['an old image woken up', deployment(api(':2026.1.12'), 1), deployment(api(':2026.1.12'), 0), ['floor']],
    ['somebody else with a longer name', deployment('reg.example:5000/toy/api-docs:1.0.0'), undefined, []],
    ['a Job', job(api(':2026.1.12')), undefined, ['floor']],
    ['a CronJob, in an init container', cronJob(api(':2026.1.12')), undefined, ['floor']],
    ['a CronJob that goes on again', cronJob(api(':2026.1.12')), cronJob(api(':2026.1.12'), true), ['floor']],
    ['a pod by hand', pod(api(':2026.1.12')), undefined, ['floor']],
    ['a pod of a ReplicaSet', pod(api(':2026.1.12'), 'ReplicaSet'), undefined, []],
    [
      'a pod of a ReplicaSet, given another image',
      pod(api(':2026.1.12'), 'ReplicaSet'),
      pod(api(':2026.2.9')),
      ['floor'],
    ],
  ])('%s', (_, object, before, expected) => {
    expect(rulesOf(object, before)).toEqual(expected)
  })

  test.each<[string, JsonRecord, JsonRecord | undefined, string[], string[]]>([
    ['scaled up', deployment(api(':2026.2.9'), 2), deployment(api(':2026.2.9'), 0), [], ['quiesced']],
    ['scaled down', deployment(api(':2026.2.9'), 1), deployment(api(':2026.2.9'), 3), [], []],
    ['staged with nobody running', deployment(api(':2026.3.9'), 0), deployment(api(':2026.2.9'), 0), [], []],
    ['a copy under another name', deployment(api(':2026.2.9'), 1, 'mine'), undefined, [], ['quiesced']],
    ['a digest', job(api('@sha256:00')), undefined, [], ['quiesced']],
    ['a Job of somebody', job(api(':2026.2.9')), undefined, [], ['quiesced']],
    ['the migrator', job(api(':2026.2.9'), 'pawl-1-migrate'), undefined, ['Job/pawl-1-migrate'], []],
    ['a reader', deployment('reg.example:5000/toy/web:2026.2.9', 2, 'toy-web'), undefined, [], []],
  ])('quiesced: %s', (_, object, before, mayStart, expected) => {
    expect(rulesOf(object, before, { quiesced: { ...quiesced, mayStart } })).toEqual(expected)
  })

  test('scaling alone is seen while quiesced, by name', () => {
    const up = scaleRequest(deployment(api(':2026.2.9'), 0), 1, 'toys')
    expect(judge(up, [guardWith()])).toEqual([])
    expect(judge(up, [guardWith({ quiesced })]).map(({ rule }) => rule)).toEqual(['quiesced'])
    const allowed = { ...quiesced, mayStart: ['Deployment/toy-api'] }
    expect(judge(up, [guardWith({ quiesced: allowed })])).toEqual([])
    const down = scaleRequest(deployment(api(':2026.2.9'), 3), 0, 'toys')
    expect(judge(down, [guardWith({ quiesced })])).toEqual([])
  })
})

test('while a recovery puts the older release back, its images may start, and the newer one may not', () => {
  const recovery = { floors: [], quiesced: { ...quiesced, mayRun: [api(':2026.1.12')] } }
  const stopped = deployment(api(':2026.2.9'), 0)
  expect(rulesOf(deployment(api(':2026.1.12'), 2), stopped, recovery)).toEqual([])
  expect(rulesOf(deployment(api(':2026.2.9'), 2), stopped, recovery)).toEqual(['quiesced'])
  expect(rulesOf(deployment('other:1', 2), deployment('other:1', 0), recovery)).toEqual([])
  const scaled = scaleRequest(stopped, 1, 'toys')
  expect(judge(scaled, [guardWith(recovery)]).map(({ rule }) => rule)).toEqual(['quiesced'])
})

describe('opening', () => {
  test('it lets through until its end, by the time of the write', () => {
    const old = deployment(api(':2026.1.12'))
    expect(rulesOf(record('pending-rollback', 5), undefined, open(LATER))).toEqual([])
    expect(rulesOf(old, deployment(api(':2026.2.9')), open(LATER))).toEqual([])
    expect(rulesOf(record('pending-rollback', 5), undefined, open(EARLIER))).toEqual(['no-rollback'])
    expect(rulesOf(old, deployment(api(':2026.2.9')), open(EARLIER))).toEqual(['floor'])
  })

  test('who says no time is late', () => {
    const request = writeRequest({
      object: deployment(api(':1.1.1')),
      before: deployment(api(':2026.2.9')),
      namespace: 'toys',
      now: NOW,
    })
    const { managedFields: _times, ...metadata } = (request.object ?? {})['metadata'] as JsonRecord
    const timeless = { ...request, object: { ...request.object, metadata } }
    expect(judge(timeless, [guardWith(open(LATER))]).map(({ rule }) => rule)).toEqual(['floor'])
  })

  test('a guard that only watches refuses nothing', () => {
    expect(rulesOf(record('pending-rollback', 5), undefined, { enforcement: 'Audit' })).toEqual([])
  })
})

test('a guard in force is not deleted', () => {
  const guard = (spec: JsonRecord): JsonRecord => ({
    apiVersion: 'pawl.dev/v1alpha1',
    kind: 'ReleaseGuard',
    metadata: { name: 'toy' },
    spec,
  })
  const verdict = (spec: JsonRecord): string[] => judge(deleteRequest(guard(spec), 'toys'), []).map(({ rule }) => rule)
  expect(verdict({ release: 'toy', enforcement: 'Enforce' })).toEqual(['guard-kept'])
  expect(verdict({ release: 'toy', enforcement: 'Audit' })).toEqual([])
  expect(verdict({ release: 'toy', enforcement: 'Enforce', opening: {} })).toEqual([])
})

test('every message names release, rule and next command', () => {
  const [refusal] = judge(writeRequest({ object: record('pending-rollback', 5), namespace: 'toys', now: NOW }), [
    guardWith(),
  ])
  expect(refusal?.message).toMatch(/^release toy \[no-rollback\]: .+ pawl recover toy -n toys$/)
})
