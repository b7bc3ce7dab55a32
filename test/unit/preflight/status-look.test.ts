// What `pawl status --look` looks at: the databases that the running release is told to use, with logins that can be used.
import { expect, test } from 'vitest'
import { known } from '../../../src/core/plan/facts.ts'
import type { DatabaseTarget, DataTask } from '../../../src/core/data/tasks.ts'
import type { JsonRecord } from '../../../src/core/json.ts'
import { listOf, recordOf, valueAt } from '../../../src/core/json.ts'
import type { LookedAt } from '../../../src/core/status/status.ts'
import type { KubeObject } from '../../../src/ports/cluster.ts'
import { tally } from '../../../src/profiles/tally/profile.ts'
import { lookAtInstalled } from '../../../src/steps/preflight/status-look.ts'
import { readStatus } from '../../../src/steps/preflight/status.ts'
import { beginStatusReads } from '../../../src/steps/preflight/status-reads.ts'
import { CONFIG, INSTALLATION, NAMESPACE, record, seedData, workload, world } from './world.ts'
import type { World } from './world.ts'

const REQUEST = { release: 'prod', namespace: NAMESPACE, installation: INSTALLATION }
const ELSEWHERE = { name: 'LEDGER_POSTGRES_HOST', value: 'db-2' }

async function look({ deps }: World): Promise<{ seen: LookedAt[]; asked: DatabaseTarget[]; status: unknown }> {
  const asked: DatabaseTarget[] = []
  const run = deps.dataPlane.run.bind(deps.dataPlane)
  const dataPlane = {
    ...deps.dataPlane,
    run: (async (task: DataTask, options: never) => {
      if (task.kind === 'observe') asked.push(...task.databases)
      return await run(task, options)
    }) as typeof deps.dataPlane.run,
  }
  const [newest] = await deps.records.history('prod', NAMESPACE)
  const seen = await lookAtInstalled({ ...deps, dataPlane }, tally, newest ?? record())
  const status = await readStatus(
    { ...deps, profiles: [tally], look: () => Promise.resolve(seen) },
    REQUEST,
    beginStatusReads(deps.cluster, deps.records, REQUEST),
  )
  return { seen, asked, status }
}

/** The ledger-api, and whatever else is told the same, told `extra` besides. */
function tell({ cluster }: World, extra: JsonRecord): void {
  for (const name of ['prod-tally-ledger-api', 'prod-tally-recorder']) {
    const object = workload(name, 'x')
    const [container] = listOf(valueAt(object, 'spec.template.spec.containers'))
    const env = [...listOf(valueAt(container, 'env')), extra]
    cluster.seed(workload(name, 'x', { containers: [{ ...recordOf(container), env }] }) as KubeObject)
  }
}

test('an administrator whose password is nowhere is not logged in with', async () => {
  const here = world()
  seedData(here.cluster, 'Secret', 'prod-postgresql', { password: 'eA==', 'postgres-password': '' })
  const { asked } = await look(here)
  expect(asked.map(({ role, admin }) => [role, admin])).toEqual([['ledger', undefined]])
})

test('where a setting of the values lays another host over it, that one is looked at and told', async () => {
  const here = world()
  tell(here, ELSEWHERE)
  here.history[0] = record({ config: { ...CONFIG, ledgerApi: { extraEnvVars: [ELSEWHERE] } } })
  const { asked, status } = await look(here)
  expect(asked).toMatchObject([{ role: 'ledger', host: 'db-2' }])
  expect(status).toMatchObject({ databases: known([{ role: 'ledger', host: 'db-2', seen: { known: true } }]) })
  expect(JSON.stringify(status)).not.toContain('overriddenBy')
})

test('a database of which values and running release say different things is unknown, and nobody connects', async () => {
  const here = world()
  tell(here, ELSEWHERE)
  const { asked, seen, status } = await look(here)
  expect(asked).toEqual([])
  expect(seen).toMatchObject([{ role: 'ledger', seen: { known: false } }])
  expect(status).toMatchObject({ databases: { value: [{ role: 'ledger', seen: { known: false } }] } })
})
