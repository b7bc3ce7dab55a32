// pawl init and pawl guard install where the guard that they put in does not hold: nobody evaluates policies in this cluster.
import { rmSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CRDS } from '../../../src/core/crds.ts'
import { namespaceBindings } from '../../../src/core/guard/bindings.ts'
import { guardObject, newGuard } from '../../../src/core/guard/guard.ts'
import { PawlError } from '../../../src/core/errors.ts'
import type { KubeObject, ObjectRef } from '../../../src/ports/cluster.ts'
import { faulty } from '../../../src/testing/cluster/faults.ts'
import { makeWorld, NAMESPACE, pawl, type World } from './invoke.ts'

const place = { namespace: NAMESPACE, release: 'tally' }
let world: World

beforeEach(async () => {
  world = await makeWorld()
  for (const definition of CRDS) {
    const status = { conditions: [{ type: 'Established', status: 'True' }] }
    world.cluster.seed({ ...definition, status } as unknown as KubeObject)
  }
  let now = Date.parse('2026-11-25T12:00:00Z')
  const record = {
    revision: 3,
    manifest: '',
    chart: { name: 'tally', version: '1.0.0', appVersion: '2026.1.1', values: {} },
    config: {},
    status: 'deployed',
  }
  world.doors = {
    ...world.doors,
    clock: { now: () => new Date(now), sleep: (ms) => Promise.resolve(void (now += ms)) },
    parseYaml: () => [],
    records: () => Promise.resolve({ history: () => Promise.resolve([record]) } as never),
  }
})
afterEach(() => rmSync(world.directory, { recursive: true }))

/** As for somebody whose rights end at the namespace. */
function onlyTheNamespace(): void {
  const error = new PawlError({ code: 'cluster-refused', message: 'Not allowed' })
  const when = (_method: string, [asked]: unknown[]): boolean =>
    (asked as ObjectRef | undefined)?.kind.startsWith('ValidatingAdmission') === true
  const cluster = faulty(world.cluster, { when, fault: { how: 'error', error } })
  world.doors = { ...world.doors, cluster: () => Promise.resolve(cluster) }
}

const guardNow = async (): Promise<KubeObject | undefined> =>
  await world.cluster.get({
    apiVersion: 'pawl.dev/v1alpha1',
    kind: 'ReleaseGuard',
    namespace: NAMESPACE,
    name: 'tally',
  })

test.each([
  ['init', 'tally'],
  ['guard', 'install', 'tally'],
])('%s: without the right to policies the guard is taken out again, and what to do is said', async (...command) => {
  onlyTheNamespace()
  const said = await pawl(world, command)
  expect(said.exitCode).toBe(69)
  expect(said.stdout).toContain('created ReleaseGuard tally')
  expect(said.stderr).toContain('pawl init tally -n shop --print')
  expect(await guardNow()).toBeUndefined()
})

test('its bindings go as well: without a guard they would refuse everything', async () => {
  expect((await pawl(world, ['guard', 'install', 'tally'])).exitCode).toBe(69)
  expect(await guardNow()).toBeUndefined()
  const [{ apiVersion, kind } = {}] = namespaceBindings({ name: NAMESPACE })
  const bindings = await world.cluster.list({ apiVersion: apiVersion ?? '', kind: kind ?? '' })
  expect(bindings.filter(({ metadata }) => metadata.name.endsWith(`.${NAMESPACE}`))).toEqual([])
})

test('a guard that was there before is left as it is', async () => {
  const guard = guardObject(newGuard(place, { enforcement: 'Enforce', floors: [], revision: 3 }))
  world.cluster.seed(guard as KubeObject)
  onlyTheNamespace()
  expect((await pawl(world, ['init', 'tally'])).exitCode).toBe(69)
  expect(await guardNow()).toMatchObject({ spec: guard['spec'] })
})

test('taken out by somebody who may not see how the release is set up, the floor is said to stay', async () => {
  world.cluster.seed(guardObject(newGuard(place, { enforcement: 'Enforce', floors: [], revision: 3 })) as KubeObject)
  const error = new PawlError({ code: 'cluster-refused', message: 'Installations are not for you' })
  const when = (_method: string, [asked]: unknown[]): boolean =>
    (asked as ObjectRef | undefined)?.kind === 'Installation'
  const cluster = faulty(world.cluster, { when, fault: { how: 'error', error } })
  const able = { ...world, doors: { ...world.doors, cluster: () => Promise.resolve(cluster) } }
  const said = await pawl(able, ['guard', 'uninstall', 'tally', '--yes'])
  expect(said.stdout + said.stderr).toContain('the floor stays in the databases: Installations are not for you')
})
