// npm run test:guard: the whole table on the test cluster, and on control planes of the oldest and the newest Kubernetes that the guard is for.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ensureCluster } from '../cluster/index.ts'
import { apiServerVersions } from '../cluster/toolchain.ts'
import { startPostgres, SUPERUSER_PASSWORD, type TestServer } from '../support/postgres.ts'
import type { RunResult } from '../cluster/run.ts'
import { attemptIsRefused } from './attempt.ts'
import { startPlane, type Plane } from './plane.ts'
import { guardTable } from './table.ts'
import { packCharts } from './toy.ts'
import { World, type Programs } from './world.ts'

/** What must not pass for a refusal. */
const FAULTS: [string, (world: World, answer: RunResult) => Promise<RunResult>][] = [
  ['it says that it was done', async (_, answer) => await Promise.resolve({ ...answer, exitCode: 0 })],
  ['no rule is named', async (_, answer) => await said(answer, '[no-rollback]')],
  ['no release is named', async (_, answer) => await said(answer, 'release toy')],
  ['nothing to do is named', async (_, answer) => await said(answer, 'pawl recover')],
  [
    'something was written all the same',
    async (world, answer) => {
      await world.good(world.kubectl(['annotate', 'configmap', 'beside', 'touched=yes']))
      return answer
    },
  ],
  [
    'something was made anew',
    async (world, answer) => {
      await world.good(world.kubectl(['delete', 'configmap', 'beside']))
      await world.good(world.kubectl(['create', 'configmap', 'beside', '--from-literal=a=b']))
      return answer
    },
  ],
]

async function said(answer: RunResult, gone: string): Promise<RunResult> {
  return await Promise.resolve({ ...answer, stderr: answer.stderr.replaceAll(gone, '') })
}

let tools: Omit<Programs, 'restless'>
let database: TestServer | undefined
const ready = (async () => {
  const { helm, helm3, kubectl, kubeconfig } = await ensureCluster()
  database = await startPostgres()
  const sql = `postgres://${database.superuser}:${SUPERUSER_PASSWORD}@127.0.0.1:${database.port}/postgres?sslmode=disable`
  tools = { helm, helm3, kubectl, kubeconfig, sql, charts: await packCharts(helm) }
})()
afterAll(async () => await database?.stop())

describe('on the test cluster', () => {
  guardTable(
    async () => {
      await ready
      return { ...tools, restless: true }
    },
    undefined,
    // Others may be at work there, under the same policies.
    ({ what }) => !what.startsWith('a policy'),
  )
})

for (const version of apiServerVersions) {
  describe(`on an API server of Kubernetes ${version}`, () => {
    let plane: Plane | undefined
    let programs: Programs
    beforeAll(async () => {
      await ready
      plane = await startPlane(version)
      programs = { ...tools, kubeconfig: plane.kubeconfig, restless: false }
    })
    afterAll(async () => await plane?.stop())

    guardTable(() => Promise.resolve(programs))

    if (version === apiServerVersions[0])
      test('a refusal that is none is noticed', async () => {
        const world = await World.make(programs)
        await world.good(world.kubectl(['create', 'configmap', 'beside', '--from-literal=a=b']))
        const rollback = async (here: World): Promise<RunResult> => await here.helm(['rollback', 'toy', '1'])
        const attempt = { what: 'rollback', expect: 'no-rollback', act: rollback }
        for (const [fault, made] of FAULTS) {
          const faulty = { ...attempt, act: async (here: World) => await made(here, await rollback(here)) }
          await expect(attemptIsRefused(world, faulty), fault).rejects.toThrow()
        }
        await attemptIsRefused(world, attempt)
        await world.end()
      })

    test('nothing slips through while the API server restarts', async () => {
      const world = await World.make(programs)
      const answers: string[] = []
      const restarted = plane?.restartApiServer()
      // Until it knows our kinds again it refuses everything that the policies watch.
      for (let tries = 0; tries < 300 && answers.at(-1)?.includes('[no-rollback]') !== true; tries += 1) {
        const { exitCode, stderr } = await world.helm(['rollback', 'toy', '1'])
        answers.push(exitCode === 0 ? 'slipped through' : stderr)
        await sleep(50)
      }
      await restarted
      expect(answers).not.toContain('slipped through')
      expect(answers.at(-1)).toContain('[no-rollback]')
      await world.end()
    })

    test('a guard that vanished closes its namespace, and a namespace that vanishes takes its guard along', async () => {
      const world = await World.make(programs)
      await world.good(world.kubectl(['delete', 'validatingadmissionpolicybinding', 'pawl-guard-kept']))
      await sleep(2000)
      await world.good(world.kubectl(['delete', 'releaseguard', 'toy']))
      await world.until(['create', 'job', 'x', '--image=valkey:1'], true)
      const { exitCode, stderr } = await world.helm(['rollback', 'toy', '1'])
      expect(exitCode, stderr).not.toBe(0)
      expect((await world.findings()).map(({ rule }) => rule)).toEqual(['absent'])
      await world.install()
      const place = ['delete', 'namespace', world.namespace, '--timeout=60s']
      await world.good(world.kubectl(place))
      const left = async (): Promise<string> =>
        (await world.kubectl(['get', 'validatingadmissionpolicybindings', '-o', 'name'])).stdout
      for (let tries = 0; tries < 60 && (await left()).includes(world.namespace); tries += 1) await sleep(500)
      expect(await left()).not.toContain(world.namespace)
      world.cluster.close()
    })
  })
}
