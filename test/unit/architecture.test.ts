// The house stands as it was drawn: every import of src keeps to the table of rooms, and planted violations are caught.
import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { importsOf } from './architecture/lexer.ts'
import { MAY_EXPLAIN, violationsOf } from './architecture/house.ts'
import { lintOverrides, ROOMS } from './architecture/rooms.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const files = globSync('src/**/*.ts', { cwd: ROOT }).map((path) => path.replaceAll('\\', '/'))

function read(file: string): string {
  return readFileSync(resolve(ROOT, file), 'utf8')
}

test('src keeps to the rules of the house', () => {
  const violations = files.flatMap((file) => violationsOf(file, read(file)))
  expect(files.length).toBeGreaterThan(60)
  expect(violations.map(({ file, line, what }) => `${file}:${line} ${what}`)).toEqual([])
})

test('the linter is told the same table (else run "node scripts/lint-rooms.ts && npx oxfmt .oxlintrc.json")', () => {
  const { overrides } = JSON.parse(read('.oxlintrc.json')) as { overrides: { rules: object }[] }
  expect(overrides.filter(({ rules }) => 'no-restricted-imports' in rules)).toEqual(lintOverrides())
})

test('no room may import one that may import it', () => {
  for (const room of ROOMS) {
    const back = ROOMS.filter((other) => room.may.includes(other.name) && other.may.includes(room.name))
    expect(back, room.name).toEqual([])
  }
})

test('every file that may explain what Pawl never does still exists and does explain it', () => {
  for (const file of MAY_EXPLAIN) expect(read(file), file).toMatch(/rollback|--atomic|--reuse-values/)
})

describe('planted violations', () => {
  const planted: [what: string, file: string, source: string][] = [
    ['core reads the disk', 'src/core/run/fold.ts', "import { readFileSync } from 'node:fs'"],
    ['core imports a port', 'src/core/run/fold.ts', "import type { Clock } from '../../ports/world.ts'"],
    ['core imports a package', 'src/core/errors.ts', "import pg from 'pg'"],
    ['a port has code of Node', 'src/ports/store.ts', "import { Readable } from 'node:stream'"],
    ['a step knows an adapter', 'src/steps/backup/index.ts', "import { helm } from '../../adapters/helm/helm.ts'"],
    ['a step knows the engine', 'src/steps/step.ts', "export type { Journal } from '../engine/journal.ts'"],
    ['the engine knows an app', 'src/engine/loop.ts', "import '../apps/cli/main.ts'"],
    ['an adapter knows its neighbour', 'src/adapters/helm/helm.ts', "import { connect } from '../kube/connect.ts'"],
    ['an adapter knows a step', 'src/adapters/helm/helm.ts', "await import('../../steps/step.ts')"],
    ['an app knows another app', 'src/apps/cli/main.ts', "import { main } from '../data/main.ts'"],
    [
      'a command builds an adapter',
      'src/apps/cli/commands/status.ts',
      "import { connect } from '../../../adapters/kube/connect.ts'",
    ],
    [
      'a program uses a fake',
      'src/apps/cli/wire.ts',
      "import { fakeCluster } from '../../testing/cluster/fake-cluster.ts'",
    ],
    ['a type hides an import', 'src/core/errors.ts', "export type X = import('node:fs').Stats"],
    [
      'an import after a comment and a regex',
      'src/core/errors.ts',
      "const q = /['\"]/ // it's\nimport fs from 'node:fs'",
    ],
    ['src imports a test', 'src/engine/loop.ts', "import { x } from '../../test/run.ts'"],
    ['a new room that nobody drew', 'src/utils/strings.ts', "import { x } from '../core/errors.ts'"],
    ['a file too long', 'src/core/errors.ts', 'x\n'.repeat(401)],
    ['Helm is asked to go back', 'src/adapters/helm/helm.ts', "run('helm', ['rollback', name])"],
    ['Helm is asked to go back in one text', 'src/adapters/helm/helm.ts', 'const c = `helm rollback ${name} 3`'],
    ['Helm goes back by itself', 'src/adapters/helm/helm.ts', "args.push('--rollback-on-failure')"],
    ['Helm keeps old values', 'src/adapters/helm/helm.ts', 'args.push(`--reuse-values=${yes}`)'],
  ]
  test.each(planted)('%s', (_what, file, source) => {
    expect(violationsOf(file, source)).toHaveLength(1)
  })
})

describe('what is allowed stays allowed', () => {
  const allowed: [what: string, file: string, source: string][] = [
    ['a pure package in core', 'src/core/versions/semver.ts', "import parse from 'semver/functions/parse.js'"],
    ['a type of Node in a port', 'src/ports/store.ts', "import type { Readable } from 'node:stream'"],
    ['an adapter inside itself', 'src/adapters/store/s3/store.ts', "import { name } from '../names.ts'"],
    ['wiring', 'src/apps/cli/wire.ts', "import { connect } from '../../adapters/kube/connect.ts'"],
    ['a part of the wiring', 'src/apps/cli/wire-data.ts', "import { age } from '../../adapters/age/cipher.ts'"],
    ['a fake in a test', 'src/engine/loop.test.ts', "import { fakeCluster } from '../testing/cluster/fake-cluster.ts'"],
    ['an import in a comment', 'src/core/errors.ts', "// import fs from 'node:fs'\n/* import 'pg' */"],
    ['a word of SQL', 'src/data/session.ts', "await connection.query('rollback')"],
    ['an import in a text', 'src/core/errors.ts', 'const text = "import fs from \'node:fs\'"'],
    [
      'an explanation in a comment',
      'src/adapters/helm/helm.ts',
      '// never --atomic: helm rollback would put old images on a new schema',
    ],
  ]
  test.each(allowed)('%s', (_what, file, source) => {
    expect(violationsOf(file, source)).toEqual([])
  })
})

test('the lexer finds imports of every form and nothing else', () => {
  const source = [
    "import a, { b as from } from './1.ts'",
    "import * as c from './2.ts'",
    "import type { D } from './3.ts'",
    "import './4.ts'",
    "export * from './5.ts'",
    "export type { E } from './6.ts'",
    "export {\n  f,\n} from './7.ts'",
    "const g = await import('./8.ts')",
    "const h = `a ${`b ${await import('./9.ts')}`} import './no.ts'`",
    "export const i = { from: 'no' }",
    "export function from() { return 'no' } ",
    'const j = import.meta.url / 2 / 3',
    "object.import('no')",
  ].join('\n')
  expect(importsOf(source).map((found) => [found.from, found.isType])).toEqual([
    ['./1.ts', false],
    ['./2.ts', false],
    ['./3.ts', true],
    ['./4.ts', false],
    ['./5.ts', false],
    ['./6.ts', true],
    ['./7.ts', false],
    ['./8.ts', false],
    ['./9.ts', false],
  ])
})
