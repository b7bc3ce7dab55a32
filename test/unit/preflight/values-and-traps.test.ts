// What preflight finds out of values that must stay, of traps, and of logins, where Secrets of the cluster decide.
import { expect, test } from 'vitest'
import { isPawlError } from '../../../src/core/errors.ts'
import { known } from '../../../src/core/plan/facts.ts'
import type { CelScope } from '../../../src/core/profile/cel.ts'
import { databasesOf } from '../../../src/core/profile/databases.ts'
import type { TrapRule } from '../../../src/core/profile/traps.ts'
import type { JsonRecord } from '../../../src/core/json.ts'
import { tally } from '../../../src/profiles/tally/profile.ts'
import { tallyScope } from '../../../src/profiles/tally/scope.fixture.ts'
import { changedImmutables } from '../../../src/steps/preflight/immutable.ts'
import { liveDatabases } from '../../../src/steps/preflight/live-databases.ts'
import { trapsBetween } from '../../../src/steps/preflight/traps.ts'
import { objectsOf } from '../../../src/core/rendered/objects.ts'
import { NAMESPACE, record, seedData, world } from './world.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')

function look(secrets: Record<string, Record<string, string>>): {
  cluster: ReturnType<typeof world>['cluster']
  namespace: string
} {
  const { cluster } = world()
  for (const [name, data] of Object.entries(secrets)) {
    const encoded = Object.entries(data).map(([key, value]) => [key, base64(value)])
    seedData(cluster, 'Secret', name, Object.fromEntries(encoded) as Record<string, string>)
  }
  return { cluster, namespace: NAMESPACE }
}

const keyed = (encryptionKey: JsonRecord): CelScope => tallyScope({ tallySecrets: { encryptionKey } })

test.each<[what: string, after: JsonRecord, expected: unknown]>([
  ['the same value', { value: 'canary-a' }, []],
  ['another value', { value: 'canary-b' }, ['tallySecrets.encryptionKey']],
  ['the same value, in a Secret', { value: '', existingSecret: { name: 'keys', key: 'enc' } }, []],
  [
    'another value, in a Secret',
    { value: '', existingSecret: { name: 'keys', key: 'other' } },
    ['tallySecrets.encryptionKey'],
  ],
  ['a Secret that is not there', { value: '', existingSecret: { name: 'gone', key: 'enc' } }, 'unknown-state'],
])('a key that decrypts data: %s', async (_, after, expected) => {
  const where = look({ keys: { enc: 'canary-a', other: 'canary-b' } })
  const before = keyed({ value: 'canary-a', existingSecret: { name: '', key: '' } })
  let found: unknown
  try {
    found = await changedImmutables(where, tally.immutableValues, before, known(keyed(after)))
  } catch (error) {
    found = isPawlError(error) ? error.code : error
  }
  expect(found).toEqual(expected)
})

const TRAP: TrapRule = {
  name: 'not-url-safe',
  when: "!live.passwordUrlSafe['ledger']",
  weight: 'acceptable',
  says: 's',
  remedy: 'r',
}

test.each([
  ['canary1234', []],
  ['canary-with_what.may~stand', []],
  ['canary@host', ['not-url-safe']],
  ['canary#', ['not-url-safe']],
  ['canary%41', ['not-url-safe']],
  ['canary/slash', ['not-url-safe']],
  ['canary:colon', ['not-url-safe']],
  ['canary space', ['not-url-safe']],
  ['canary-ü', ['not-url-safe']],
])('the password %s: only whether it may stand in a URL is known', async (password, expected) => {
  const where = look({ 'prod-postgresql': { password } })
  const scope = tallyScope()
  const sides = { before: scope, after: known(scope) }
  const profile = { ...tally, traps: [TRAP] }
  const report = await trapsBetween(where, { profile }, sides, known(databasesOf(tally, scope)))
  expect(report.findings.map(({ name }) => name)).toEqual(expected)
  expect(JSON.stringify(report)).not.toContain('canary')
})

test('a password that is not there makes the trap unknown', async () => {
  const where = look({ 'prod-postgresql': { 'postgres-password': 'x' } })
  const scope = tallyScope()
  const sides = { before: scope, after: known(scope) }
  const report = await trapsBetween(
    where,
    { profile: { ...tally, traps: [TRAP] } },
    sides,
    known(databasesOf(tally, scope)),
  )
  expect(report.findings).toMatchObject([{ name: 'not-url-safe', unknown: expect.stringMatching(/./) }])
})

test.each([
  ['as it is', { password: 'x', 'postgres-password': 'y' }, 'postgres'],
  ['without its password', { password: 'x' }, undefined],
  ['with an empty password', { password: 'x', 'postgres-password': '' }, undefined],
])('an administrator %s', async (_, data, user) => {
  const { cluster, deps } = world()
  const encoded = Object.entries(data).map(([key, value]) => [key, base64(value)])
  seedData(cluster, 'Secret', 'prod-postgresql', Object.fromEntries(encoded) as Record<string, string>)
  const manifest = objectsOf(deps.parseYaml(record().manifest))
  const [ledger] = await liveDatabases({ cluster, namespace: NAMESPACE }, databasesOf(tally, tallyScope()), manifest)
  expect([ledger?.target.admin?.user, ledger?.differences, ledger?.unknown]).toEqual([user, [], undefined])
})
