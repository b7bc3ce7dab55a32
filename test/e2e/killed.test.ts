// SIGKILL at named points of an upgrade and a recovery, gone on with each time by another process, on a release made by Helm 3. All
// of it by somebody who has the rights that `pawl guard rbac operating` prints and those that Helm needs, and no others.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rolesFor } from '../../src/core/guard/rbac.ts'
import type { ResourceObject } from '../../src/core/resources.ts'
import { getJson, helm, kubectl, openLab, type Lab } from '../support/lab.ts'
import { pawl, pawlJson } from '../support/pawl.ts'
import { personWith } from '../support/rights.ts'
import {
  acknowledgedIds,
  installTally,
  lostIds,
  removeTally,
  sql,
  waitReady,
  witness,
  type Tally,
} from '../support/tally.ts'

const NAMESPACE = 'e2e-killed'
const where = ['tally', '-n', NAMESPACE]
let lab: Lab
/** The same, as the operator sees it. */
let own: Lab
let tally: Tally
let files: string[]

const UPGRADE_POINTS = [
  'begin:after-journal',
  'capture:after-intent',
  'capture:after-act',
  'quiesce:after-intent',
  'quiesce:after-act',
  'quiesce:before-done',
  'backup:after-intent',
  'backup:after-act',
  'prove:after-act',
  'prove:after-done',
  'commit:before-done',
  'commit:after-done',
  'stage:after-intent',
  'stage:after-act',
  'migrate:after-intent',
  'migrate:after-act',
  'rollout:after-intent',
  'rollout:after-act',
  'verify:before-done',
  'verify:after-done',
]

const RECOVERY_POINTS = [
  'quiesce:after-act',
  'restore:after-intent',
  'restore:after-act',
  'swap:after-intent',
  'swap:after-act',
  'reinstall:after-intent',
  'reinstall:after-act',
  'verify:after-act',
  'verify:before-done',
]

interface Shown {
  name: string
  state: {
    ended?: { outcome: string }
    steps: Record<string, { evidence?: { databases?: { role: string; rows: string; digest: string }[] } }>
  }
  events: { event: string; step?: string; fence: number }[]
}

beforeAll(async () => {
  lab = await openLab()
  tally = await installTally(lab, { namespace: NAMESPACE, version: '2026.1.12', rows: 3_000, helm: 'helm3' })
  files = tally.valuesFiles.flatMap((file) => ['-f', file])
  await kubectl(lab, ['scale', '-n', NAMESPACE, 'deployment/tally-board', '--replicas=1'])
  await pawlJson(lab, ['guard', 'install', ...where])
  const operating = rolesFor('operating', NAMESPACE).filter(({ kind }) => kind === 'Role')
  const { kubeconfig } = await personWith(lab.cluster, NAMESPACE, 'operator', [...operating, FOR_HELM])
  own = { ...lab, cluster: { ...lab.cluster, kubeconfig } }
  await pawlJson(own, ['init', ...where, '--charts', lab.charts, '--data-image', lab.dataImage])
})

afterAll(async () => removeTally(lab, tally))

/** Every kind of the chart. */
const FOR_HELM: ResourceObject = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'Role',
  metadata: { name: 'helm', namespace: NAMESPACE },
  rules: [
    ['', ['configmaps', 'secrets', 'services']],
    ['apps', ['deployments', 'statefulsets']],
    ['batch', ['jobs']],
  ].map(([group, resources]) => ({
    apiGroups: [group],
    resources,
    verbs: ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'],
  })),
}

/** Kills at each point in turn; every kill is followed by another process that gets as far as the next one. */
async function dieAt(first: string[], points: readonly string[]): Promise<void> {
  let command = first
  for (const point of points) {
    const result = await pawl(own, command, { killAt: point })
    expect({ point, signal: result.signal }, result.stdout + result.stderr).toEqual({ point, signal: 'SIGKILL' })
    command = ['runs', 'resume', ...where]
  }
  const last = await pawl(own, command)
  // Where the kill came after the last entry there is nothing left to go on with.
  expect([0, 65], last.stdout + last.stderr).toContain(last.exitCode)
}

async function newestRun(): Promise<Shown> {
  return await pawlJson<Shown>(own, ['runs', 'show', ...where])
}

describe('killed and gone on with', () => {
  test(`an upgrade killed at ${UPGRADE_POINTS.length} points ends as if nothing had happened`, async () => {
    await dieAt(['upgrade', ...where, '--to', '2026.2.9', ...files, '--yes'], UPGRADE_POINTS)
    const run = await newestRun()
    expect(run.state.ended?.outcome).toBe('done')
    await waitReady(lab, NAMESPACE)
    // Scaled by hand before the upgrade, on a release that Helm 3 made.
    expect(
      await kubectl(lab, ['get', 'deployment/tally-board', '-n', NAMESPACE, '-o', 'jsonpath={.spec.replicas}']),
    ).toBe('1')
    expect(await lostIds(lab, tally, await acknowledgedIds(lab, NAMESPACE))).toEqual([])
    expect((await witness(lab, NAMESPACE)).violations).toEqual([])
  })

  test('no effect was made twice', async () => {
    const history = JSON.parse(await helm(lab, ['history', 'tally', '-n', NAMESPACE, '-o', 'json'])) as {
      description: string
      app_version: string
    }[]
    const ours = history.filter(({ description }) => description.startsWith('pawl '))
    expect(ours.map(({ description }) => description.split(' ').at(-1))).toEqual(['stage', 'rollout'])
    const sets = await getJson<{ items: unknown[] }>(lab, ['backupsets.pawl.dev', '-n', NAMESPACE])
    expect(sets.items).toHaveLength(1)
    const doubled = await sql(
      lab,
      tally,
      'tally',
      'SELECT count(*) FROM (SELECT name FROM migrations GROUP BY name HAVING count(*) > 1) d',
    )
    expect(doubled).toBe('0')
    const run = await newestRun()
    const done = run.events.filter(({ event }) => event === 'done').map(({ step }) => step)
    expect(done).toEqual([...new Set(done)])
    expect(run.events.map(({ fence }) => fence)).toEqual(run.events.map(({ fence }) => fence).toSorted((a, b) => a - b))
  })

  test(`a recovery killed at ${RECOVERY_POINTS.length} points ends with the backup's rows`, async () => {
    const upgrade = await newestRun()
    await dieAt(['recover', ...where, '--yes'], RECOVERY_POINTS)
    const run = await newestRun()
    expect(run.state.ended?.outcome).toBe('recovered')
    const lines = (shown: Shown, step: string): string[] =>
      (shown.state.steps[step]?.evidence?.databases ?? [])
        .map(({ role, rows, digest }) => `${role} ${rows} ${digest}`)
        .toSorted()
    expect(lines(run, 'restore')).toEqual(lines(upgrade, 'backup'))
    await waitReady(lab, NAMESPACE)
    const { items } = await getJson<{
      items: { metadata: { name: string }; spec: { template: { spec: { containers: { image: string }[] } } } }[]
    }>(lab, ['deployments', '-n', NAMESPACE, '-l', 'app.kubernetes.io/name=tally'])
    for (const item of items) expect(item.spec.template.spec.containers[0]?.image).toMatch(/:2026\.1\.12$/)
    const databases = await sql(
      lab,
      tally,
      'postgres',
      "SELECT datname FROM pg_database WHERE datname LIKE '%pawl_new%'",
    )
    expect(databases).toBe('')
    const { stored } = await pawlJson<{ stored: { proofs: { rehearsal?: { run: string } }[] } }>(lab, [
      'backup',
      'show',
      ...where,
    ])
    const rehearsed = stored.proofs.flatMap(({ rehearsal }) => rehearsal?.run ?? [])
    expect(rehearsed).toEqual([run.name])
  })
})
