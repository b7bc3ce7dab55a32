// Backups by the clock: the CronJob that `pawl backup schedule` makes runs as itself, with no right but its own, from the data
// image; it takes a proven set, stands back while somebody owns the release, and what fails is seen in `pawl status`.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect } from '../../src/adapters/kube/connect.ts'
import { clusterLeases } from '../../src/adapters/kube/lease.ts'
import { systemClock } from '../../src/adapters/world/clock.ts'
import { getJson, kubectl, openLab, tryKubectl, type Lab } from '../support/lab.ts'
import { pawl, pawlJson } from '../support/pawl.ts'
import { installTally, removeTally, type Tally } from '../support/tally.ts'

const NAMESPACE = 'e2e-scheduled'
const where = ['tally', '-n', NAMESPACE]
const schedule = ['backup', 'schedule', ...where]
const daily = ['--cron', '0 3 * * *', '--time-zone', 'Europe/Madrid']
let lab: Lab
let tally: Tally

beforeAll(async () => {
  lab = await openLab()
  tally = await installTally(lab, { namespace: NAMESPACE, version: '2026.1.12', ai: false, rows: 200 })
  await pawlJson(lab, ['init', ...where, '--charts', lab.charts, '--data-image', lab.dataImage])
})

afterAll(async () => {
  await removeTally(lab, tally)
})

interface Shown {
  next: string[]
  last?: { outcome: string; set?: string; why?: string; code?: string }
}

/** Starts one now, as a person would, and waits for its end. */
async function runNow(name: string): Promise<{ state: 'complete' | 'failed'; log: string }> {
  await kubectl(lab, ['create', 'job', name, '-n', NAMESPACE, '--from=cronjob/pawl-backup-tally'])
  const wait = ['wait', '-n', NAMESPACE, `job/${name}`, '--timeout=150s']
  const until = async <S>(state: S, condition: string): Promise<S> => {
    await kubectl(lab, [...wait, `--for=condition=${condition}`])
    return state
  }
  const state = await Promise.any([until('complete' as const, 'complete'), until('failed' as const, 'failed')])
  return { state, log: await kubectl(lab, ['logs', '-n', NAMESPACE, `job/${name}`]) }
}

test('a schedule needs the chart where a pod finds it, and takes it from a set that was taken before', async () => {
  const refused = await pawlJson<{ error: { code: string } }>(lab, [...schedule, ...daily], 65)
  expect(refused.error.code).toBe('input-invalid')
  expect((await tryKubectl(lab, ['get', 'cronjob', 'pawl-backup-tally', '-n', NAMESPACE])).exitCode).not.toBe(0)
  const first = await pawl(lab, ['backup', 'create', ...where, '--no-prove'])
  expect(first.exitCode, first.stdout + first.stderr).toBe(0)
  const made = await pawlJson<Shown>(lab, [...schedule, ...daily])
  expect(made.next).toHaveLength(3)
})

test('by the clock a set is taken and proven', async () => {
  const { state, log } = await runNow('by-hand-1')
  expect(state, log).toBe('complete')
  const sets = await pawlJson<{ name: string; status: { rung: string } }[]>(lab, ['backup', 'list', ...where])
  expect(sets.map(({ status }) => status.rung)).toEqual(['archived', 'proven'])
  const shown = await pawlJson<Shown>(lab, [...schedule, '--show'])
  expect(shown.last).toMatchObject({ outcome: 'done', set: sets[1]?.name })
})

test('while somebody owns the release it stands back, and says so', async () => {
  const cluster = connect({ kubeconfig: lab.cluster.kubeconfig, namespace: NAMESPACE })
  const leases = clusterLeases(cluster, systemClock(), { namespace: NAMESPACE })
  const lease = await leases.acquire('pawl-tally', 'an upgrade', { durationMs: 15_000 })
  const { state, log } = await runNow('by-hand-2')
  await lease.release()
  cluster.close()
  expect(state, log).toBe('complete')
  expect(log).toContain('skipped')
  expect((await pawlJson<Shown>(lab, [...schedule, '--show'])).last?.outcome).toBe('skipped')
  expect(await pawlJson<unknown[]>(lab, ['backup', 'list', ...where])).toHaveLength(2)
})

test('the newest set can be proven again by the clock, and what fails is no obstacle to the next', async () => {
  await pawlJson(lab, [...schedule, ...daily, '--what', 'prove'])
  const { items } = await getJson<{ items: { metadata: { name: string }; data: Record<string, string> }[] }>(lab, [
    'secrets',
    '-n',
    NAMESPACE,
    '--field-selector=metadata.name=pawl-identity',
  ])
  await kubectl(lab, ['delete', 'secret', 'pawl-identity', '-n', NAMESPACE])
  const failed = await runNow('by-hand-3')
  expect(failed.state, failed.log).toBe('failed')
  const { schedule: seen } = await pawlJson<{ schedule: { value: Shown } }>(lab, ['status', ...where])
  expect(seen.value.last).toMatchObject({ outcome: 'failed', code: 'job-failed' })
  const [secret] = items
  const fresh = {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: { name: 'pawl-identity' },
    data: secret?.data,
  }
  await kubectl(lab, ['apply', '-n', NAMESPACE, '-f', '-'], JSON.stringify(fresh))
  const { state, log } = await runNow('by-hand-4')
  expect(state, log).toBe('complete')
  const sets = await pawlJson<{ status: { proofs: unknown[] } }[]>(lab, ['backup', 'list', ...where])
  expect(sets.at(-1)?.status.proofs).toHaveLength(2)
  expect(await pawlJson<{ removed: boolean }>(lab, [...schedule, '--remove'])).toEqual({ removed: true })
  expect((await tryKubectl(lab, ['get', 'serviceaccount', 'pawl-backup-tally', '-n', NAMESPACE])).exitCode).not.toBe(0)
})
