// The rules of the house as one function over source text: what it names is wrong.
import { posix } from 'node:path'
import { importsOf, tokenize } from './lexer.ts'
import type { Import } from './lexer.ts'
import { ROOMS, WIRE } from './rooms.ts'
import type { Room } from './rooms.ts'

export const MAX_LINES = 400

/** What Pawl never asks of Helm. Comments may explain it; texts only in the files below. */
const NEVER_SAID = /helm rollback|--atomic|--rollback-on-failure|--reuse-values/
/** A whole text of its own is an argument of a program. */
const NEVER_ARGUED = /^(rollback|--atomic|--rollback-on-failure|--reuse-values)$/

/** Where `rollback` is a word of SQL: it ends a transaction that only read. */
const SPEAKS_SQL = /^src\/(data|adapters\/postgres)\//

/** Files whose texts refuse these words or explain them to a person. */
export const MAY_EXPLAIN: readonly string[] = ['src/core/guard/policies.ts', 'src/core/guard/explain.ts']

export interface Violation {
  file: string
  line: number
  what: string
}

/** `file` is the path from the root of the repository, with `/`. */
export function violationsOf(file: string, source: string): Violation[] {
  return [
    ...importsOf(source).flatMap((found) => importViolations(file, found)),
    ...lengthViolations(file, source),
    ...wordViolations(file, source),
  ]
}

function importViolations(file: string, found: Import): Violation[] {
  const what = whyNotImported(file, found)
  return what === undefined ? [] : [{ file, line: found.line, what }]
}

function whyNotImported(file: string, found: Import): string | undefined {
  const [name, part] = placeOf(file)
  const room = ROOMS.find((candidate) => candidate.name === name)
  if (room === undefined) return `src/${name} is not in the table of rooms`
  const isTest = file.endsWith('.test.ts')
  if (!found.from.startsWith('.')) return isTest ? undefined : whyNotPackage(room, found)
  const target = posix.join(posix.dirname(file), found.from)
  if (!target.startsWith('src/')) return isTest ? undefined : `src/${name} imports ${target}, which is outside src`
  const [targetName, targetPart] = placeOf(target)
  if (isTest && (targetName === 'testing' || targetName === 'core')) return undefined
  if (targetName === name) {
    return room.apart === true && part !== targetPart
      ? `${name}/${part} imports its neighbour ${name}/${targetPart}`
      : undefined
  }
  if (targetName === 'testing') return 'only tests import src/testing'
  if (!room.may.includes(targetName) && !isTest) return `src/${name} imports src/${targetName}`
  if (name === 'apps' && targetName === 'adapters' && !found.isType && !isTest && !WIRE.test(file)) {
    return 'only wire.ts builds adapters'
  }
  return undefined
}

function whyNotPackage(room: Room, found: Import): string | undefined {
  if (found.from.startsWith('node:')) {
    const allowed = room.node === 'yes' || (room.node === 'types' && found.isType)
    return allowed ? undefined : `src/${room.name} imports ${found.from}`
  }
  if (room.packages === 'any' || room.packages.some((name) => found.from === name || found.from.startsWith(`${name}/`)))
    return undefined
  return `src/${room.name} imports the package ${found.from}`
}

/** `['adapters', 'kube']` of `src/adapters/kube/connect.ts`. */
function placeOf(path: string): [string, string] {
  const [, name = '', part = ''] = path.split('/')
  return [name, part]
}

function lengthViolations(file: string, source: string): Violation[] {
  const lines = source.split('\n').length - (source.endsWith('\n') ? 1 : 0)
  return lines > MAX_LINES ? [{ file, line: lines, what: `has ${lines} lines, at most ${MAX_LINES} are allowed` }] : []
}

function wordViolations(file: string, source: string): Violation[] {
  if (MAY_EXPLAIN.includes(file) || file.endsWith('.test.ts')) return []
  const isRefused = (text: string): boolean =>
    NEVER_SAID.test(text) || (NEVER_ARGUED.test(text) && !SPEAKS_SQL.test(file))
  return tokenize(source)
    .filter(({ type, value }) => type === 'text' && isRefused(value))
    .map(({ line, value }) => ({ file, line, what: `says "${value.slice(0, 60)}", which Pawl never asks of Helm` }))
}
