// The published schema of profiles says what the program takes.
import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { stringify } from 'yaml'
import { expect, test } from 'vitest'
import { readProfile } from '../../../src/adapters/profile/read.ts'
import type { Profile } from '../../../src/core/profile/profile.ts'
import { PROFILES } from '../../../src/profiles/index.ts'

const schema = JSON.parse(
  readFileSync(new URL('../../../docs/reference/profile.schema.json', import.meta.url), 'utf8'),
) as object
const validate = new Ajv2020({ strict: false }).compile(schema)

test.each(PROFILES.map((profile) => [profile.name, profile] as const))(
  '%s, written to a file, is read back whole',
  (_, profile) => {
    const { profile: read, findings } = readProfile(stringify(profile))
    expect(findings).toEqual([])
    expect(read).toEqual(profile)
  },
)

test.each(PROFILES.map((profile) => [profile.name, profile] as const))('%s is valid by the schema', (_, profile) => {
  expect([validate(profile), validate.errors]).toEqual([true, null])
})

test.each<[what: string, spoil: (profile: Profile & Record<string, unknown>) => unknown]>([
  ['an unknown field', (profile) => (profile['colour'] = 'red')],
  ['a number for a title', (profile) => (profile.title = 7 as unknown as string)],
  ['no databases', (profile) => (profile.databases = [])],
  ['a scheme of versions nobody knows', (profile) => (profile.versionScheme = 'roman' as 'semver')],
  ['a migrator of no kind', (profile) => ((profile.databases[0] as { migrator: unknown }).migrator = { kind: 'hand' })],
])('%s is refused by schema and program alike', (_, spoil) => {
  const profile = structuredClone(PROFILES[0]) as Profile & Record<string, unknown>
  spoil(profile)
  expect(validate(profile)).toBe(false)
  expect(readProfile(JSON.stringify(profile)).findings.length).toBeGreaterThan(0)
})
