// pawl status, as its users type it.
import { rmSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { evaluateStatusRules } from '../../../src/steps/preflight/status-rules.ts'
import { record } from '../preflight/world.ts'
import { makeWorld, NAMESPACE, pawl, type World } from './invoke.ts'

let world: World
beforeEach(async () => {
  world = await makeWorld()
  world.doors.parseYaml = await world.doors.yamlParser()
  world.doors.records = async () => ({
    history: async (name) => [record({ name, namespace: NAMESPACE })],
    markFailed: async () => undefined,
  })
  // Nothing is remembered between tests.
  world.doors.statusRules = async (_, profile, scope) => await evaluateStatusRules(profile, scope)
})
afterEach(() => rmSync(world.directory, { recursive: true }))

test('--look before pawl init: the databases are unknown, the rest is said, and the vendor is asked', async () => {
  const said = await pawl(world, ['status', 'prod', '--look', '-o', 'json'])
  expect(said).toMatchObject({ exitCode: 0, stderr: '' })
  expect(JSON.parse(said.stdout)).toMatchObject({
    initialised: false,
    chart: { version: '1.46.1' },
    databases: {
      value: [{ role: 'ledger', host: 'prod-postgresql', seen: { known: false, code: 'not-initialised' } }],
    },
    // Tally's vendor keeps packages nowhere: that is the answer of somebody who was asked.
    package: { newest: { known: false, code: 'unknown-state' } },
  })
  const text = await pawl(world, ['status', 'prod', '--look'])
  expect(text.stdout).toContain('Next: pawl init prod')
})
