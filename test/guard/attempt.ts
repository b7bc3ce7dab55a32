// What a row of the table is, and how it is tried.
import { expect } from 'vitest'
import type { RunResult } from '../cluster/run.ts'
import { RELEASE, type World } from './world.ts'

export interface Attempt {
  what: string
  /** Rule that refuses it; `admitted` where it must pass. */
  expect: string
  /** Helm has written ConfigMaps and Secrets before it comes to workloads: only those are as they were. */
  workloadsOnly?: true
  /** It went forward first, by a ticket: what it wrote then stays, and nothing went back. */
  forward?: true
  before?(world: World): Promise<unknown>
  act(world: World): Promise<RunResult>
  /** Puts back what an admitted act changed, where later rows need it. */
  after?(world: World): Promise<unknown>
}

/** Everything that was there is there, unchanged, and nothing else; the message says who refuses, why, and what to do. */
export async function attemptIsRefused(world: World, attempt: Attempt): Promise<void> {
  await attempt.before?.(world)
  await world.quiet()
  const before = await world.objects()
  const { exitCode, stdout, stderr } = await attempt.act(world)
  const said = stdout + stderr
  expect(exitCode, `slipped through: ${said}`).not.toBe(0)
  expect(said).toContain(`[${attempt.expect}]`)
  if (!SCHEMA_RULES.has(attempt.expect)) expect(said).toContain(`release ${RELEASE} [`)
  expect(said).toMatch(/pawl (upgrade|recover|guard|runs)/)
  if (attempt.forward === true) return
  const kept = (objects: Record<string, string>): [string, string][] =>
    Object.entries(objects).filter(([name]) => attempt.workloadsOnly !== true || !/^(ConfigMap|Secret)\//.test(name))
  expect(kept(await world.objects())).toEqual(kept(before))
}

/** These stand in the resource's own schema, which does not know the release's name; the API server names the object. */
const SCHEMA_RULES = new Set(['floors-kept', 'epoch-kept', 'fence-kept', 'release-kept', 'one-ticket'])

export async function attemptIsAdmitted(world: World, attempt: Attempt): Promise<void> {
  await attempt.before?.(world)
  const { exitCode, stdout, stderr } = await attempt.act(world)
  expect(exitCode, `refused: ${stdout}${stderr}`).toBe(0)
  await attempt.after?.(world)
}

type Environment = Record<string, string> | ((world: World) => Record<string, string>)

export function helm(
  what: string,
  expected: string,
  args: (world: World) => string[],
  env: Environment = {},
  more: Partial<Attempt> = {},
): Attempt[] {
  return (['helm', 'helm3'] as const).map((version) => ({
    what: `${version === 'helm' ? 'Helm 4' : 'Helm 3'}: ${what}`,
    expect: expected,
    act: async (world) => await world.helm(args(world), typeof env === 'function' ? env(world) : env, version),
    ...more,
  }))
}

/** What only Helm 4 has. */
export function helm4(what: string, expected: string, args: (world: World) => string[]): Attempt[] {
  return helm(what, expected, args).slice(0, 1)
}

export function kubectl(
  what: string,
  expected: string,
  args: string[] | ((world: World) => string[]),
  input?: (world: World) => string | Promise<string>,
): Attempt {
  return {
    what: `kubectl: ${what}`,
    expect: expected,
    act: async (world) => await world.kubectl(typeof args === 'function' ? args(world) : args, await input?.(world)),
  }
}
