// What every Cluster must do, the real one and the one in memory.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Cluster, KubeObject } from '../../../src/ports/cluster.ts'
import { CRDS } from '../../../src/core/crds.ts'
import { isPawlError } from '../../../src/core/errors.ts'
import { API_VERSION } from '../../../src/core/resources.ts'

export interface ClusterUnderTest {
  cluster: Cluster
  /** A namespace of its own that exists. */
  namespace: string
  cleanUp(): Promise<void>
}

export async function codeOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => 'no error',
    (error: unknown) => (isPawlError(error) ? error.code : `not a PawlError: ${String(error)}`),
  )
}

export function clusterSuite(name: string, start: () => Promise<ClusterUnderTest>): void {
  describe(`Cluster: ${name}`, () => {
    let cluster: Cluster
    let namespace: string
    let cleanUp: () => Promise<void> = async () => {}
    beforeAll(async () => ({ cluster, namespace, cleanUp } = await start()))
    afterAll(async () => await cleanUp())

    const settings = (
      called: string,
      data: Record<string, string> = { a: '1' },
      labels: Record<string, string> = {},
    ): KubeObject => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      // Two managers that both name an empty map conflict, so that there are labels only where a test wants some.
      metadata: { name: called, namespace, ...(Object.keys(labels).length === 0 ? {} : { labels }) },
      data,
    })
    const ref = (called: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', name: called, namespace })
    const deployment = (called: string, replicas?: number): KubeObject => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: called, namespace },
      spec: {
        ...(replicas === undefined ? {} : { replicas }),
        selector: { matchLabels: { app: called } },
        template: {
          metadata: { labels: { app: called } },
          spec: { containers: [{ name: 'main', image: 'example.invalid/none:1' }] },
        },
      },
    })

    test('what is not there is undefined, an empty list, or nothing to remove', async () => {
      expect(await cluster.get(ref('missing'))).toBeUndefined()
      expect(
        await cluster.list({ apiVersion: 'v1', kind: 'ConfigMap', namespace, labelSelector: 'none=such' }),
      ).toEqual([])
      expect(await cluster.remove(ref('missing'))).toBe(false)
    })

    test('a kind that does not exist is not an error to read, and is one to write', async () => {
      const nothing = { apiVersion: 'nothing.example/v1', kind: 'Nothing' }
      expect(await cluster.get({ ...nothing, name: 'x', namespace })).toBeUndefined()
      expect(await cluster.list({ ...nothing, namespace })).toEqual([])
      expect(await codeOf(cluster.create({ ...nothing, metadata: { name: 'x', namespace } }))).toBe('input-invalid')
    })

    test('create gives a version and a uid; a taken name is a conflict', async () => {
      const made = await cluster.create(settings('taken'))
      expect(made).toMatchObject({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'taken', namespace },
        data: { a: '1' },
      })
      expect(made.metadata.resourceVersion).toMatch(/^\d+$/)
      expect(made.metadata.uid).toMatch(/^[0-9a-f-]{36}$/)
      expect(await codeOf(cluster.create(settings('taken')))).toBe('cluster-conflict')
      expect(await cluster.get(ref('taken'))).toEqual(made)
    })

    test("a namespaced object without a namespace goes to the connection's own", async () => {
      const { metadata, ...rest } = settings('homeless')
      const made = await cluster.create({ ...rest, metadata: { name: metadata.name } })
      expect(made.metadata.namespace).toBe(cluster.where.namespace)
      expect(await cluster.remove({ apiVersion: 'v1', kind: 'ConfigMap', name: 'homeless' })).toBe(true)
    })

    test('replace is compare and swap', async () => {
      const first = await cluster.create(settings('swapped'))
      const second = await cluster.replace({ ...first, data: { a: '2' } })
      expect(second.metadata.resourceVersion).not.toBe(first.metadata.resourceVersion)
      expect(await codeOf(cluster.replace({ ...first, data: { a: '3' } }))).toBe('cluster-conflict')
      expect((await cluster.get(ref('swapped')))?.data).toEqual({ a: '2' })
      await cluster.remove(ref('swapped'))
      expect(await codeOf(cluster.replace({ ...second, data: { a: '4' } }))).toBe('cluster-conflict')
    })

    test('a replace that changes nothing keeps the version', async () => {
      const first = await cluster.create(settings('same'))
      const second = await cluster.replace(first)
      expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion)
    })

    test('of twenty writers with the same version exactly one wins', async () => {
      const first = await cluster.create(settings('raced'))
      const codes = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          codeOf(cluster.replace({ ...first, data: { writer: String(index) } })),
        ),
      )
      expect(codes.filter((code) => code === 'no error')).toHaveLength(1)
      expect(codes.filter((code) => code === 'cluster-conflict')).toHaveLength(19)
    })

    test('a dry run answers and writes nothing', async () => {
      const answer = await cluster.create(settings('dry'), { dryRun: true })
      expect(answer.data).toEqual({ a: '1' })
      expect(await cluster.get(ref('dry'))).toBeUndefined()
      const real = await cluster.create(settings('dry'))
      await cluster.patch(ref('dry'), { type: 'merge', body: { data: { a: '9' } } }, { dryRun: true })
      await cluster.apply(settings('dry', { b: '9' }), { dryRun: true, manager: 'other' })
      expect(await cluster.get(ref('dry'))).toEqual(real)
    })

    test('a merge patch sets, keeps and removes', async () => {
      await cluster.create(settings('merged', { keep: '1', change: '1', drop: '1' }))
      const patched = await cluster.patch(ref('merged'), { type: 'merge', body: { data: { change: '2', drop: null } } })
      expect(patched.data).toEqual({ keep: '1', change: '2' })
      expect(
        await codeOf(
          cluster.patch(ref('merged'), {
            type: 'merge',
            body: { metadata: { resourceVersion: '1' }, data: { x: '1' } },
          }),
        ),
      ).toBe('cluster-conflict')
      expect(await codeOf(cluster.patch(ref('not-there'), { type: 'merge', body: { data: { x: '1' } } }))).toBe(
        'cluster-conflict',
      )
    })

    test('a JSON patch whose test does not hold is a conflict and changes nothing', async () => {
      await cluster.create(settings('tested', { a: '1' }))
      const step = (expected: string) =>
        cluster.patch(ref('tested'), {
          type: 'json',
          body: [
            { op: 'test', path: '/data/a', value: expected },
            { op: 'replace', path: '/data/a', value: '2' },
            { op: 'add', path: '/data/b', value: '3' },
          ],
        })
      expect(await codeOf(step('0'))).toBe('cluster-conflict')
      expect((await cluster.get(ref('tested')))?.data).toEqual({ a: '1' })
      expect((await step('1')).data).toEqual({ a: '2', b: '3' })
    })

    test('lists are complete beyond one page, and selectable', async () => {
      await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          cluster.create(settings(`page-${index}`, {}, { set: 'pages', odd: String(index % 2) })),
        ),
      )
      const all = await cluster.list({ apiVersion: 'v1', kind: 'ConfigMap', namespace, labelSelector: 'set=pages' })
      expect(all).toHaveLength(20)
      expect(all[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' })
      const odd = await cluster.list({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        namespace,
        labelSelector: 'set in (pages,others),odd=1,!missing',
      })
      expect(odd).toHaveLength(10)
      const one = await cluster.list({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        namespace,
        fieldSelector: 'metadata.name=page-7',
      })
      expect(one.map(({ metadata }) => metadata.name)).toEqual(['page-7'])
    })

    test('a list of metadata leaves the content out', async () => {
      await cluster.create(settings('large', { big: 'x'.repeat(1000) }, { set: 'large' }))
      const query = { apiVersion: 'v1', kind: 'ConfigMap', namespace, labelSelector: 'set=large' }
      const [short] = await cluster.list({ ...query, metadataOnly: true })
      expect(short).toMatchObject({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'large', labels: { set: 'large' } },
      })
      expect(short?.data).toBeUndefined()
      expect((await cluster.list(query))[0]?.data).toEqual({ big: 'x'.repeat(1000) })
    })

    test('apply keeps the fields of others, and a field that is left out goes', async () => {
      await cluster.apply(settings('applied', { mine: '1', old: '1' }), { manager: 'one' })
      await cluster.patch(ref('applied'), { type: 'merge', body: { data: { theirs: '1' } } }, { manager: 'two' })
      const applied = await cluster.apply(settings('applied', { mine: '2' }), { manager: 'one' })
      expect(applied.data).toEqual({ mine: '2', theirs: '1' })
    })

    test('apply on a field of another manager is a conflict unless forced', async () => {
      await cluster.apply(settings('contested', { a: '1' }), { manager: 'one' })
      expect(await codeOf(cluster.apply(settings('contested', { a: '2' }), { manager: 'two' }))).toBe(
        'cluster-conflict',
      )
      expect(await codeOf(cluster.apply(settings('contested', { a: '1' }), { manager: 'two' }))).toBe('no error')
      const forced = await cluster.apply(settings('contested', { a: '3' }), { manager: 'two', force: true })
      expect(forced.data).toEqual({ a: '3' })
      expect(await codeOf(cluster.apply(settings('contested', { a: '1' }), { manager: 'one' }))).toBe(
        'cluster-conflict',
      )
    })

    const ownersOfReplicas = async (called: string): Promise<string[]> => {
      const live = await cluster.get({ apiVersion: 'apps/v1', kind: 'Deployment', name: called, namespace })
      const owners = (live?.metadata.managedFields ?? []).filter((entry) =>
        Object.hasOwn((entry.fieldsV1?.['f:spec'] ?? {}) as object, 'f:replicas'),
      )
      return owners
        .map(({ manager, operation, subresource }) => [manager, operation, subresource ?? ''].join('/'))
        .toSorted()
    }
    const scale = (called: string, replicas: number, manager: string) =>
      cluster.patch(
        { apiVersion: 'apps/v1', kind: 'Deployment', name: called, namespace },
        { type: 'merge', body: { spec: { replicas } } },
        { subresource: 'scale', manager },
      )

    test('whoever scales owns the field, and Helm is refused it', async () => {
      await cluster.apply(deployment('owned', 1), { manager: 'helm' })
      expect(await ownersOfReplicas('owned')).toEqual(['helm/Apply/'])
      await scale('owned', 2, 'somebody')
      expect(await ownersOfReplicas('owned')).toEqual(['somebody/Update/scale'])
      expect(await codeOf(cluster.apply(deployment('owned', 1), { manager: 'helm' }))).toBe('cluster-conflict')
    })

    test('a scale to zero through the subresource leaves the field to nobody, and Helm may have it again', async () => {
      await cluster.apply(deployment('stopped', 1), { manager: 'helm' })
      await scale('stopped', 0, 'somebody')
      expect(await ownersOfReplicas('stopped')).toEqual([])
      const started = await cluster.apply(deployment('stopped', 1), { manager: 'helm' })
      expect(started.spec).toMatchObject({ replicas: 1 })
      expect(await ownersOfReplicas('stopped')).toEqual(['helm/Apply/'])
    })

    test('a write can take an owner off a field by giving the owners itself', async () => {
      await cluster.apply(deployment('freed', 1), { manager: 'helm' })
      const scaled = await scale('freed', 2, 'somebody').then(() =>
        cluster.get({ apiVersion: 'apps/v1', kind: 'Deployment', name: 'freed', namespace }),
      )
      expect(await ownersOfReplicas('freed')).toEqual(['somebody/Update/scale'])
      const kept = (scaled?.metadata.managedFields ?? []).filter((entry) => entry.manager !== 'somebody')
      await cluster.patch(
        { apiVersion: 'apps/v1', kind: 'Deployment', name: 'freed', namespace },
        { type: 'merge', body: { metadata: { managedFields: kept } } },
      )
      expect(await ownersOfReplicas('freed')).toEqual([])
      const taken = await cluster.apply(deployment('freed', 1), { manager: 'helm' })
      expect(taken.spec).toMatchObject({ replicas: 1 })
    })

    test('a changed spec raises the generation, a changed label does not', async () => {
      await cluster.create(deployment('grown', 0))
      const target = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'grown', namespace }
      const labelled = await cluster.patch(target, { type: 'merge', body: { metadata: { labels: { a: 'b' } } } })
      expect(labelled.metadata.generation).toBe(1)
      const changed = await cluster.patch(target, { type: 'merge', body: { spec: { minReadySeconds: 5 } } })
      expect(changed.metadata.generation).toBe(2)
    })

    test('status is written through its subresource only', async () => {
      const claim: KubeObject = {
        apiVersion: 'policy/v1',
        kind: 'PodDisruptionBudget',
        metadata: { name: 'guarded', namespace },
        spec: { minAvailable: 1, selector: { matchLabels: { app: 'no-such-app' } } },
      }
      const made = await cluster.create({
        ...claim,
        status: { disruptionsAllowed: 7, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 },
      })
      expect((made.status as { disruptionsAllowed?: number } | undefined)?.disruptionsAllowed ?? 0).toBe(0)
    })

    test('what a definition does not know is dropped without a word, at any depth, and what it knows is kept', async () => {
      for (const definition of CRDS) await cluster.apply(definition as KubeObject, { manager: 'pawl', force: true })
      const effort = { jobs: 3, maxRate: 1 << 20 }
      const plan = { release: 'r', deep: { unknown: 1 } }
      const run = {
        apiVersion: API_VERSION,
        kind: 'Run',
        metadata: { name: 'kept', namespace },
        spec: { kind: 'backup', plan, by: 'me', effort, unknown: 1 },
      }
      const made = await vi.waitFor(async () => await cluster.create(run), { timeout: 15_000 })
      expect(made.spec).toEqual({ kind: 'backup', plan, by: 'me', effort })
      const status = { fence: 1, events: [{ seq: 0, at: 'x' }], unknown: 1 }
      const next = await cluster.replace({ ...made, status }, { subresource: 'status' })
      expect(next.status).toEqual({ fence: 1, events: status.events })
    })

    test('remove with a uid never removes a namesake', async () => {
      const first = await cluster.create(settings('namesake'))
      await cluster.remove(ref('namesake'))
      const second = await cluster.create(settings('namesake'))
      expect(second.metadata.uid).not.toBe(first.metadata.uid)
      expect(await cluster.remove(ref('namesake'), { uid: first.metadata.uid ?? '' })).toBe(false)
      expect(await cluster.get(ref('namesake'))).toEqual(second)
      expect(await cluster.remove(ref('namesake'), { uid: second.metadata.uid ?? '' })).toBe(true)
      expect(await cluster.get(ref('namesake'))).toBeUndefined()
    })

    test('a finalizer holds an object until it is taken away', async () => {
      const made = settings('held')
      await cluster.create({ ...made, metadata: { ...made.metadata, finalizers: ['pawl.dev/test'] } })
      expect(await cluster.remove(ref('held'))).toBe(true)
      expect((await cluster.get(ref('held')))?.metadata.deletionTimestamp).toMatch(/^\d{4}-/)
      await cluster.patch(ref('held'), { type: 'merge', body: { metadata: { finalizers: null } } })
      expect(await cluster.get(ref('held'))).toBeUndefined()
    })

    test("what cannot be valid is refused with the server's words", async () => {
      const wrong = deployment('wrong', 1)
      const answer = cluster.create({ ...wrong, metadata: { name: 'Not A Name', namespace } })
      if (name !== 'in memory') await expect(answer).rejects.toThrow('Not A Name')
    })

    test('an aborted signal ends a call with its reason', async () => {
      const reason = new Error('stop')
      await expect(cluster.get(ref('any'), AbortSignal.abort(reason))).rejects.toBe(reason)
    })

    test('logs of what is not there are empty and end at once', async () => {
      const pod = { namespace, name: 'no-pod', container: 'main' }
      expect(await cluster.readLog(pod)).toBe('')
      const lines: string[] = []
      await cluster.followLog(pod, (line) => lines.push(line))
      expect(lines).toEqual([])
    })

    test('the server says its version', async () => {
      const { major, minor, gitVersion } = await cluster.serverVersion()
      expect(major).toBe(1)
      expect(minor).toBeGreaterThanOrEqual(28)
      expect(gitVersion).toMatch(/^v1\./)
    })
  })
}
