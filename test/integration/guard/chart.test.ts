// The chart charts/pawl by real Helm, on a control plane of its own: it installs what `pawl guard install` installs, the two do not
// fight, and what it takes away is said.
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect, type ConnectedCluster } from '../../../src/adapters/kube/connect.ts'
import { KEPT_BINDING, namespaceBindings } from '../../../src/core/guard/bindings.ts'
import { CRDS } from '../../../src/core/crds.ts'
import { isPawlError } from '../../../src/core/errors.ts'
import { POLICIES } from '../../../src/core/guard/policies.ts'
import { difference, partOf } from '../../../src/core/guard/same.ts'
import type { ResourceObject } from '../../../src/core/resources.ts'
import { ensureCluster } from '../../cluster/index.ts'
import { tryRun, type RunResult } from '../../cluster/run.ts'
import { startPlane, type Plane } from '../../guard/plane.ts'
import { packCharts, type Charts } from '../../guard/toy.ts'
import { pawlIn } from '../../support/in-process.ts'

const CHART = join(import.meta.dirname, '../../../charts/pawl')
let plane: Plane
let cluster: ConnectedCluster
let charts: Charts
let tools: Awaited<ReturnType<typeof ensureCluster>>
let home: string

beforeAll(async () => {
  tools = await ensureCluster()
  plane = await startPlane('of the test cluster')
  cluster = connect({ kubeconfig: plane.kubeconfig, namespace: 'default' })
  charts = await packCharts(tools.helm)
  home = await mkdtemp(join(tmpdir(), 'pawl-chart-'))
})

afterAll(async () => {
  cluster?.close()
  await plane?.stop()
})

async function pawl(...argv: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await pawlIn(home, '2026-11-23', [...argv, '--kubeconfig', plane.kubeconfig])
  return `${exitCode} ${stdout}${stderr}`
}

async function live(ours: ResourceObject): Promise<ResourceObject | undefined> {
  const { apiVersion, kind, metadata } = ours
  return (await cluster.get({ apiVersion, kind, name: metadata.name })) as ResourceObject | undefined
}

describe.each(['helm', 'helm3'] as const)('%s', (version) => {
  const namespace = `toys-${version}`
  const where = ['toy', '-n', namespace]
  let expected: ResourceObject[]

  const helm = async (...args: string[]): Promise<RunResult> =>
    await tryRun(tools[version], args, {
      env: { PATH: process.env['PATH'], HOME: home, KUBECONFIG: plane.kubeconfig },
    })
  const good = async (...args: string[]): Promise<void> => {
    const { exitCode, stdout, stderr } = await helm(...args)
    expect(exitCode, `helm ${args.join(' ')}: ${stdout}${stderr}`).toBe(0)
  }
  const guarded = ['-n', 'default', '--set', `namespaces={${namespace}}`]

  beforeAll(async () => {
    const made = await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
    const { uid } = made.metadata
    expected = [
      ...POLICIES,
      KEPT_BINDING,
      ...namespaceBindings({ name: namespace, ...(uid === undefined ? {} : { uid }) }),
    ]
    await good('install', 'toy', charts.of('now'), '-n', namespace)
  })

  test('it installs the very objects that pawl guard install makes, owners included', async () => {
    await good('install', 'pawl', CHART, ...guarded)
    for (const ours of expected) {
      const seen = await live(ours)
      expect(seen, ours.metadata.name).toBeDefined()
      expect(partOf(ours, seen ?? ours), ours.metadata.name).toBe('as it should be')
      const { ownerReferences } = ours.metadata as { ownerReferences?: unknown }
      expect(seen?.metadata).toMatchObject(ownerReferences === undefined ? {} : { ownerReferences })
    }
    for (const ours of CRDS)
      expect(difference(valueOf(ours), valueOf(await live(ours)), ''), ours.metadata.name).toBeUndefined()
  })

  test('until there is a guard, what it watches is refused in the namespace; then it holds', async () => {
    await refusesPods(namespace)
    expect((await helm('rollback', 'toy', '1', '-n', namespace)).exitCode).not.toBe(0)
    const said = await pawl('guard', 'install', ...where)
    expect(said).toMatch(/^0 /)
    // Only the guard itself was missing.
    expect(said.match(/created/g)).toHaveLength(1)
    expect((await helm('rollback', 'toy', '1', '-n', namespace)).stderr).toContain('[no-rollback]')
  })

  test('pawl mends what was changed and leaves it to the chart, whose next upgrade finds nothing to do', async () => {
    const [policy = KEPT_BINDING] = expected
    const name = policy.metadata.name
    const ref = { apiVersion: policy.apiVersion, kind: policy.kind, name }
    const exception = {
      op: 'add' as const,
      path: '/spec/matchConditions/-',
      value: { name: 'mine', expression: 'false' },
    }
    await cluster.patch(ref, { type: 'json', body: [exception] })
    expect(await pawl('guard', 'install', ...where)).toContain(`${name} (as it should be)`)
    const mended = await cluster.get(ref)
    expect(mended?.metadata.labels?.['app.kubernetes.io/managed-by']).toBe('Helm')
    expect(mended?.metadata.annotations?.['meta.helm.sh/release-name']).toBe('pawl')
    await good('upgrade', 'pawl', CHART, ...guarded)
    expect((await cluster.get(ref))?.metadata.generation).toBe(mended?.metadata.generation)
    expect(await pawl('guard', 'install', ...where)).not.toContain('created')
  })

  test('uninstalled, it takes policies and bindings along; the guard stays, its status says so, and pawl puts them back', async () => {
    await good('uninstall', 'pawl', '-n', 'default')
    for (const ours of expected) expect(await live(ours), ours.metadata.name).toBeUndefined()
    for (const ours of CRDS) expect(await live(ours), ours.metadata.name).toBeDefined()
    expect(await pawl('guard', 'status', ...where)).toMatch(
      /^69 [^]*ValidatingAdmissionPolicy pawl-release-record is missing/,
    )
    expect(await pawl('guard', 'install', ...where)).toMatch(/^0 /)
    expect(await pawl('guard', 'uninstall', ...where, '--everything', '--yes')).toMatch(/^0 /)
    for (const ours of expected) expect(await live(ours), ours.metadata.name).toBeUndefined()
  })
})

/** What was just installed takes about a second to reach the API server's admission. */
async function refusesPods(namespace: string): Promise<void> {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'asks', namespace },
    spec: { containers: [{ name: 'main', image: 'none' }] },
  }
  for (let tries = 0; tries < 100; tries += 1) {
    const refused = await cluster.create(pod, { dryRun: true }).then(
      () => undefined,
      (error: unknown) => isPawlError(error, 'cluster-refused'),
    )
    if (refused === true) return
    await sleep(200)
  }
  throw new Error(`pods are never refused in ${namespace}`)
}

function valueOf(definition: ResourceObject | undefined): unknown {
  const spec = definition?.['spec'] as { group: string; versions: { name: string; schema: unknown }[] } | undefined
  return spec?.versions.map(({ name, schema }) => ({ name, schema }))
}
