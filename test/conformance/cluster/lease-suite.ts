// What leases must do on every Cluster.
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clusterLeases } from '../../../src/adapters/kube/lease.ts'
import { systemClock } from '../../../src/adapters/world/clock.ts'
import { isPawlError } from '../../../src/core/errors.ts'
import type { Cluster } from '../../../src/ports/cluster.ts'
import { faulty } from '../../../src/testing/cluster/faults.ts'
import { codeOf, type ClusterUnderTest } from './suite.ts'

/** Short enough for a test, long enough for a real API server on a busy machine. */
const DURATION_MS = 1_500

export function leaseSuite(name: string, start: () => Promise<ClusterUnderTest>): void {
  describe(`Leases: ${name}`, () => {
    let cluster: Cluster
    let namespace: string
    let cleanUp: () => Promise<void> = async () => {}
    beforeAll(async () => ({ cluster, namespace, cleanUp } = await start()))
    afterAll(async () => await cleanUp())

    const leasesOn = (on: Cluster) => clusterLeases(on, systemClock(), { namespace })
    const objectOf = (called: string) =>
      cluster.get({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', name: called, namespace })

    test('each acquisition has a larger fence, also by the same holder, also after a release', async () => {
      const leases = leasesOn(cluster)
      const fences: number[] = []
      for (const holder of ['a', 'a', 'b']) {
        const lease = await leases.acquire('counted', holder, { durationMs: DURATION_MS })
        fences.push(lease.fence)
        await lease.release()
      }
      const [one, two, three] = fences
      expect([(two ?? 0) > (one ?? 0), (three ?? 0) > (two ?? 0)]).toEqual([true, true])
    })

    test("a deleted lease does not turn the count back when the journal's fence is given", async () => {
      const leases = leasesOn(cluster)
      const first = await leases.acquire('deleted', 'a', { durationMs: DURATION_MS, above: 41 })
      expect(first.fence).toBe(42)
      await first.release()
      await cluster.remove({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', name: 'deleted', namespace })
      const second = await leases.acquire('deleted', 'a', { durationMs: DURATION_MS, above: first.fence })
      expect(second.fence).toBe(43)
      await second.release()
    })

    test('while a holder lives nobody else gets it, and learns who that is', async () => {
      const lease = await leasesOn(cluster).acquire('held', 'host/1/a', { durationMs: DURATION_MS })
      const refused = await leasesOn(cluster)
        .acquire('held', 'host/2/b', { durationMs: DURATION_MS })
        .catch((error: unknown) => error)
      expect(isPawlError(refused, 'run-busy') && refused.facts).toMatchObject({
        holder: 'host/1/a',
        since: expect.stringMatching(/^\d{4}-/),
      })
      expect(lease.lost.aborted).toBe(false)
      await lease.release()
    })

    test('of ten racing for a free lease one gets it', async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          leasesOn(cluster)
            .acquire('raced', `holder-${index}`, { durationMs: DURATION_MS })
            .catch((error: unknown) => error),
        ),
      )
      const won = outcomes.filter((outcome) => !isPawlError(outcome))
      expect(outcomes.filter((outcome) => isPawlError(outcome, 'run-busy'))).toHaveLength(9)
      expect(won).toHaveLength(1)
      for (const lease of won as { release(): Promise<void> }[]) await lease.release()
    })

    test('two racing under one name do not both believe they have it', async () => {
      const [one, two] = await Promise.all(
        [1, 2].map(() => leasesOn(cluster).acquire('twins', 'same', { durationMs: DURATION_MS })),
      )
      expect(one?.fence).not.toBe(two?.fence)
      const older = (one?.fence ?? 0) < (two?.fence ?? 0) ? one : two
      expect(await codeOf(older?.renew() ?? Promise.resolve())).toBe('fence-lost')
      expect(older?.lost.aborted).toBe(true)
      await Promise.all([one?.release(), two?.release()])
    })

    test('a released lease is free at once', async () => {
      const lease = await leasesOn(cluster).acquire('freed', 'a', { durationMs: 60_000 })
      await lease.release()
      const before = performance.now()
      const next = await leasesOn(cluster).acquire('freed', 'b', { durationMs: 60_000 })
      expect(performance.now() - before).toBeLessThan(5_000)
      expect(next.fence).toBe(lease.fence + 1)
      await next.release()
      await next.release()
    })

    test('it is renewed in the background for as long as it is held', async () => {
      const lease = await leasesOn(cluster).acquire('renewed', 'a', { durationMs: DURATION_MS })
      const first = await objectOf('renewed')
      await delay(DURATION_MS * 1.5)
      const later = await objectOf('renewed')
      expect(lease.lost.aborted).toBe(false)
      expect((later?.spec as { renewTime: string }).renewTime > (first?.spec as { renewTime: string }).renewTime).toBe(
        true,
      )
      await lease.release()
    })

    test('a dead holder is taken over after the whole duration, and stopped itself before that', async () => {
      const calls = faulty(cluster)
      const dead = await leasesOn(calls).acquire('dead', 'a', { durationMs: DURATION_MS })
      calls.inject({ when: (method) => method === 'replace', fault: { how: 'fail-before' } })
      const diedAt = performance.now()
      let lostAt = Number.POSITIVE_INFINITY
      dead.lost.addEventListener('abort', () => (lostAt = performance.now()))
      const heir = await leasesOn(cluster).acquire('dead', 'b', { durationMs: DURATION_MS })
      const takenAt = performance.now()
      expect(heir.fence).toBe(dead.fence + 1)
      expect(takenAt - diedAt).toBeGreaterThanOrEqual(DURATION_MS)
      expect(lostAt).toBeLessThan(takenAt)
      expect(isPawlError(dead.lost.reason, 'fence-lost')).toBe(true)
      await dead.release()
      expect((await objectOf('dead'))?.spec).toMatchObject({ holderIdentity: 'b' })
      await heir.release()
    })

    test('a wrong clock in the lease convinces nobody that its holder is dead', async () => {
      const past = { now: () => new Date('2001-01-01T00:00:00Z'), sleep: systemClock().sleep }
      const lease = await clusterLeases(cluster, past, { namespace }).acquire('behind', 'a', {
        durationMs: DURATION_MS,
      })
      // Its renewals all write the same time: only that something is written can show life.
      let ticks = 0
      const ticking = { ...past, now: () => new Date(978_307_200_000 + (ticks += 1)) }
      await lease.release()
      const living = await clusterLeases(cluster, ticking, { namespace }).acquire('behind', 'a', {
        durationMs: DURATION_MS,
      })
      expect(await codeOf(leasesOn(cluster).acquire('behind', 'b', { durationMs: DURATION_MS }))).toBe('run-busy')
      await living.release()
    })

    test('an answer that is lost when it is taken does not lose it', async () => {
      const shaky = faulty(cluster, {
        when: (method) => method === 'create' || method === 'replace',
        at: 1,
        fault: { how: 'answer-lost' },
      })
      const lease = await leasesOn(shaky).acquire('unsure', 'a', { durationMs: DURATION_MS })
      expect((await objectOf('unsure'))?.spec).toMatchObject({ holderIdentity: 'a', leaseTransitions: lease.fence })
      await lease.renew()
      await lease.release()
    })

    test('a lost answer to a renewal loses nothing either', async () => {
      const shaky = faulty(cluster)
      const lease = await leasesOn(shaky).acquire('unsure-later', 'a', { durationMs: DURATION_MS })
      shaky.inject({ when: (method) => method === 'replace', at: 1, fault: { how: 'answer-lost' } })
      await delay(DURATION_MS * 1.2)
      expect(lease.lost.aborted).toBe(false)
      await lease.renew()
      await lease.release()
    })

    test('a label somebody puts on the object does not end the lease', async () => {
      const lease = await leasesOn(cluster).acquire('labelled', 'a', { durationMs: DURATION_MS })
      const target = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', name: 'labelled', namespace }
      await cluster.patch(target, { type: 'merge', body: { metadata: { labels: { seen: 'yes' } } } })
      await lease.renew()
      expect((await objectOf('labelled'))?.metadata.labels).toMatchObject({ seen: 'yes' })
      await lease.release()
    })

    test('an abort ends the waiting for a lease', async () => {
      const lease = await leasesOn(cluster).acquire('awaited', 'a', { durationMs: 60_000 })
      const stop = new AbortController()
      const waiting = leasesOn(cluster).acquire('awaited', 'b', { durationMs: 60_000, signal: stop.signal })
      setTimeout(() => stop.abort(new Error('enough')), 50)
      await expect(waiting).rejects.toThrow('enough')
      await lease.release()
    })
  })
}
