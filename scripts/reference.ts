// Writes what of docs/reference is generated: the page of errors and the schema of profiles. A test fails where it is not current.
import { writeFileSync } from 'node:fs'
import { profileJsonSchema } from '../src/adapters/profile/read.ts'
import { ERRORS } from '../src/core/errors.ts'

const GROUPS: readonly [exits: readonly number[], title: string][] = [
  [[20, 21, 22], 'Refused: nothing was changed'],
  [[30, 31], 'A run stopped or is parked: its journal says where'],
  [[40], 'Evidence: a backup or its proof is not what it must be'],
  [[64, 65], 'The command itself'],
  [[69, 73, 74, 77], 'Something that is needed is not there or not allowed'],
  [[75], 'Not now'],
  [[70], 'A fault'],
]

/** The whole page. */
export function errorReference(): string {
  const rows = Object.entries(ERRORS)
  const groups = GROUPS.map(([exits, title]) => {
    const lines = rows
      .filter(([, { exit }]) => exits.includes(exit))
      .map(
        ([code, { exit, http, retryable, hint }]) =>
          `| \`${code}\` | ${exit} | ${http} | ${retryable ? 'yes' : 'no'} | ${inCell(hint)} |`,
      )
    return `## ${title}\n\n| code | exit | HTTP | same again may help | what to do |\n| --- | --- | --- | --- | --- |\n${lines.join('\n')}\n`
  })
  const missing = rows.filter(([, { exit }]) => !GROUPS.some(([exits]) => exits.includes(exit)))
  if (missing.length > 0) throw new Error(`no group has the exit code of ${missing.map(([code]) => code).join(', ')}`)
  return `${head}\n${groups.join('\n')}`
}

const head = `# Errors and exit codes

<!-- Written by scripts/reference.ts from src/core/errors.ts. Do not edit. -->

Every error has one code, which never changes its meaning and is never used again for another. A message says what happened, what was
**not** changed, and what to do next; with \`-o json\` the same comes as one line of [JSON](json.md).

Exit codes: **0** done, or nothing to do. **2x** refused before anything was touched. **30** the run is parked and names its one next
command; **31** it was stopped on request. **40** a backup cannot be relied on. **64-77** as in \`sysexits.h\`. Scripts that meet a code they do not know
must treat it as a failure.
`

function inCell(text: string): string {
  return text.replaceAll('|', '\\|')
}

/** The schema of profiles, for editors. */
export function profileSchemaFile(): string {
  return `${JSON.stringify(profileJsonSchema(), undefined, 2)}\n`
}

if (import.meta.main) {
  const write = (file: string, content: string): void =>
    writeFileSync(new URL(`../docs/reference/${file}`, import.meta.url), content)
  write('errors.md', errorReference())
  write('profile.schema.json', profileSchemaFile())
}
