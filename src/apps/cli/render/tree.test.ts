// The picture of a run: exact text, since it is what a person goes by at two in the morning.
import { expect, test } from 'vitest'
import type { Run, RunState } from '../../../core/run/run.ts'
import { BEFORE_BACKUP, GIVEN_UP, GOOD, NOW, PARKED, RECOVERED } from './runs.fixture.ts'
import { paintWith } from './style.ts'
import { endLines, treeLines } from './tree.ts'

const paint = paintWith(false)

function picture({ run, state }: { run: Run; state: RunState }, live: string[] = []): string {
  return `\n${[...treeLines(run, state, { paint, now: NOW, live }), ...endLines(run, state, paint)].map((line) => line.trimEnd()).join('\n')}\n`
}

test('a good upgrade', () => {
  expect(picture(GOOD)).toMatchInlineSnapshot()
})

test('an upgrade on its way', () => {
  const at = new Date(Date.parse(BEFORE_BACKUP.run.events.at(-1)?.at ?? '') + 9_000)
  const { run, state } = BEFORE_BACKUP
  expect(
    `\n${treeLines(run, state, { paint, now: at, live: ['dumping ledger: 118 MiB'] }).join('\n')}\n`,
  ).toMatchInlineSnapshot()
})

test('a migration that failed parks the run and names the one next command', () => {
  expect(picture(PARKED)).toMatchInlineSnapshot()
})

test('a recovery', () => {
  expect(picture(RECOVERED)).toMatchInlineSnapshot()
})

test('a run that was given up shows what it did and what it undid', () => {
  expect(picture(GIVEN_UP)).toMatchInlineSnapshot()
})
