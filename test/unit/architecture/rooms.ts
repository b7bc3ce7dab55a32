// Who may import whom: the one table behind both the linter's overrides and the architecture test.

export interface Room {
  /** Folder below src/. */
  name: string
  /** Other rooms it may import. */
  may: readonly string[]
  /** Packages it may import. */
  packages: readonly string[] | 'any'
  /** Node's own modules: `types` allows `import type` only. */
  node: 'yes' | 'types' | 'no'
  /** Each folder in this room is a room of its own: kube never imports helm, cli never imports data. */
  apart?: true
}

export const ROOMS: readonly Room[] = [
  { name: 'core', may: [], packages: ['@bufbuild/cel', 'semver'], node: 'no' },
  { name: 'ports', may: ['core'], packages: [], node: 'types' },
  { name: 'profiles', may: ['core'], packages: [], node: 'no' },
  { name: 'steps', may: ['core', 'ports'], packages: [], node: 'no' },
  { name: 'engine', may: ['core', 'ports', 'steps'], packages: [], node: 'no' },
  { name: 'data', may: ['core', 'ports'], packages: ['zod'], node: 'yes' },
  { name: 'adapters', may: ['core', 'ports'], packages: 'any', node: 'yes', apart: true },
  {
    name: 'apps',
    may: ['core', 'ports', 'profiles', 'steps', 'engine', 'data', 'adapters'],
    packages: 'any',
    node: 'yes',
    apart: true,
  },
  { name: 'testing', may: ['core', 'ports'], packages: 'any', node: 'yes' },
]

/** Only these files of an app build adapters; everything else in it takes ports. */
export const WIRE = /^src\/apps\/[^/]+\/(wire(-[a-z]+)*\.ts|wire\/.+\.ts)$/

/** How many folders below src/ a file may lie: the linter sees an import as written, `../` by `../`. */
const DEPTHS = [1, 2, 3, 4]

interface Pattern {
  regex?: string
  group?: string[]
  message: string
  allowTypeImports?: boolean
}

interface Override {
  files: string[]
  rules: Record<string, unknown>
}

/** The overrides of .oxlintrc.json that say the same as the table. `node scripts/lint-rooms.ts` writes them there. */
export function lintOverrides(): Override[] {
  return [...ROOMS.flatMap(overridesOf), { files: ['src/**/*.test.ts'], rules: { 'no-restricted-imports': 'off' } }]
}

function overridesOf(room: Room): Override[] {
  return DEPTHS.map((depth) => ({
    files: [`src/${room.name}${'/*'.repeat(depth)}.ts`],
    rules: { 'no-restricted-imports': ['error', { patterns: patternsAt(room, depth) }] },
  }))
}

function patternsAt(room: Room, depth: number): Pattern[] {
  return [roomPattern(room, depth), ...nodePattern(room), ...neighbourPattern(room, depth), ...packagePattern(room)]
}

function roomPattern(room: Room, depth: number): Pattern {
  const others = ROOMS.map(({ name }) => name).filter((name) => name !== room.name && !room.may.includes(name))
  return { regex: `^${up(depth)}(${others.join('|')})/`, message: `src/${room.name} may not import this room` }
}

function nodePattern(room: Room): Pattern[] {
  if (room.node === 'yes') return []
  const pattern = { regex: '^node:', message: `src/${room.name} does not touch the machine` }
  return [room.node === 'types' ? { ...pattern, allowTypeImports: true } : pattern]
}

function neighbourPattern(room: Room, depth: number): Pattern[] {
  if (room.apart !== true || depth === 1) return []
  return [{ regex: `^${up(depth - 1)}[^.]`, message: `a folder of src/${room.name} never imports its neighbour` }]
}

/** The linter knows no "all but"; a group with exceptions says it, and has to come last. */
function packagePattern(room: Room): Pattern[] {
  if (room.packages === 'any') return []
  const allowed = room.packages.flatMap((name) => [`!${name}`, `!${name}/**`])
  return [
    {
      group: ['**', '!./**', '!../**', '!node:*', '!node:*/**', ...allowed],
      message: `src/${room.name} uses no package but ${room.packages.join(', ') || 'none'}`,
    },
  ]
}

function up(folders: number): string {
  return '\\.\\./'.repeat(folders)
}
