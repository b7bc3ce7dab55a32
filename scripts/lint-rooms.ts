// Writes the table of rooms into the linter's configuration; `test/unit/architecture.test.ts` fails where they differ.
import { readFileSync, writeFileSync } from 'node:fs'
import { lintOverrides } from '../test/unit/architecture/rooms.ts'

const path = new URL('../.oxlintrc.json', import.meta.url)
const config = JSON.parse(readFileSync(path, 'utf8')) as {
  overrides: { files: string[]; rules: Record<string, unknown> }[]
}
const others = config.overrides.filter((override) => !('no-restricted-imports' in override.rules))
writeFileSync(path, `${JSON.stringify({ ...config, overrides: [...others, ...lintOverrides()] }, undefined, 2)}\n`)
