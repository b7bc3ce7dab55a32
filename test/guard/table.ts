// The table as tests, for one control plane: every way back, every legitimate act, every state of the guard, and what must be seen.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { attemptIsAdmitted, attemptIsRefused, type Attempt } from './attempt.ts'
import { LEGITIMATE } from './legitimate.ts'
import { SIGHTS } from './seen.ts'
import { GROUPS } from './states.ts'
import { WAYS_BACK } from './ways-back.ts'
import { World, type Programs } from './world.ts'

export type Part = 'ways back' | 'states' | 'legitimate' | 'seen'

const SEEN_WITHIN_MS = 10_000

/** `choose` leaves rows out where time is short. */
export function guardTable(
  programs: () => Promise<Programs>,
  parts: readonly Part[] = ['ways back', 'states', 'legitimate', 'seen'],
  choose: (attempt: { what: string }) => boolean = () => true,
): void {
  let world: World
  beforeAll(async () => {
    world = await World.make(await programs())
  })
  afterAll(async () => await world?.end())

  const rows = (attempts: readonly Attempt[]): void => {
    const chosen = attempts.filter(choose)
    const [good, bad] = [
      chosen.filter(({ expect: wanted }) => wanted === 'admitted'),
      chosen.filter(({ expect: wanted }) => wanted !== 'admitted'),
    ]
    // In their order: some rows follow from others.
    for (const attempt of chosen) {
      if (good.includes(attempt)) test(`${attempt.what}: admitted`, async () => await attemptIsAdmitted(world, attempt))
      if (bad.includes(attempt))
        test(`${attempt.what}: refused by ${attempt.expect}`, async () => await attemptIsRefused(world, attempt))
    }
  }

  if (parts.includes('ways back')) describe('in force', () => rows(WAYS_BACK))
  if (parts.includes('legitimate')) describe('legitimate', () => rows(LEGITIMATE))
  if (parts.includes('states')) {
    for (const group of GROUPS.filter(({ attempts }) => attempts.some(choose))) {
      describe(group.state, () => {
        beforeAll(async () => await group.begin(world))
        rows(group.attempts)
        afterAll(async () => await group.end(world))
      })
    }
  }
  if (parts.includes('seen')) {
    describe('seen', () => {
      for (const sight of SIGHTS.filter(choose)) {
        test(`${sight.what}: ${sight.finding}`, async () => {
          expect((await world.findings()).map(({ rule }) => rule)).not.toContain(sight.finding)
          await world.good(sight.act(world))
          await untilSeen(world, sight.finding)
          await sight.after?.(world)
        })
      }
      if (SIGHTS.some((sight) => sight.finding === 'release-gone' && choose(sight)))
        test('what was uninstalled is not installed again by hand', async () => {
          const { exitCode, stderr } = await world.helm(['install', 'toy', world.programs.charts.of('old')])
          expect(exitCode).not.toBe(0)
          expect(stderr).toContain('release toy [ticket]')
        })
    })
  }
}

async function untilSeen(world: World, rule: string): Promise<void> {
  const since = Date.now()
  for (;;) {
    const found = await world.findings()
    if (found.some((finding) => finding.rule === rule)) return
    if (Date.now() - since > SEEN_WITHIN_MS) throw new Error(`${rule} is not seen: ${JSON.stringify(found)}`)
    await sleep(500)
  }
}
