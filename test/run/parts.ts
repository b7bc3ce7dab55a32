// What `npm test` runs, in order, and how long each part usually takes on two cores.

export interface Check {
  kind: 'check'
  name: string
  usually: string
  /** Program and arguments; the program is found in node_modules/.bin first. */
  command: readonly [string, ...string[]]
}

export interface Project {
  kind: 'project'
  /** Name in vitest.config.ts. */
  name: string
  usually: string
  needsCluster: boolean
  withCoverage: boolean
}

export type Part = Check | Project

function check(name: string, usually: string, command: readonly [string, ...string[]]): Check {
  return { kind: 'check', name, usually, command }
}

function project(name: string, usually: string, needsCluster: boolean, withCoverage = false): Project {
  return { kind: 'project', name, usually, needsCluster, withCoverage }
}

export const PARTS: readonly Part[] = [
  check('build', '2 s', ['node', 'scripts/build.ts']),
  check('lint', '5 s', ['oxlint']),
  check('format', '1 s', ['oxfmt', '--check']),
  check('types', '3 s', ['tsc', '-p', '.']),
  project('unit', '25 s', false, true),
  project('faults', '15 s', false),
  project('trials', '1 min', false),
  project('conformance', '1 min', true),
  project('integration', '6 min', true),
  project('e2e', '12 min', true),
]
