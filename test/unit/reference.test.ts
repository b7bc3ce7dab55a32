// What is generated is current.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { errorReference, profileSchemaFile } from '../../scripts/reference.ts'
import { ERRORS } from '../../src/core/errors.ts'

const page = readFileSync(new URL('../../docs/reference/errors.md', import.meta.url), 'utf8')

test('the page of errors is current (else run "node scripts/reference.ts")', () => {
  expect(words(page)).toEqual(words(errorReference()))
})

test('it has every code exactly once', () => {
  for (const code of Object.keys(ERRORS))
    expect(
      words(page).filter((word) => word === `\`${code}\``),
      code,
    ).toHaveLength(1)
})

test('the schema of profiles is current (else run "node scripts/reference.ts")', () => {
  const file = readFileSync(new URL('../../docs/reference/profile.schema.json', import.meta.url), 'utf8')
  expect(JSON.parse(file)).toEqual(JSON.parse(profileSchemaFile()))
})

/** The formatter pads tables; what they say is compared. */
function words(text: string): string[] {
  return text.split(/[\s|]+|-{3,}/).filter((word) => word !== '')
}
