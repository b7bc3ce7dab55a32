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
  expect(picture(GOOD)).toMatchInlineSnapshot(`
    "
    Upgrade of tally -n shop: 2026.2.9 -> 2026.3.9  phase DONE
    run tally-20261123-170000-abcd, by ana@depot
      ✔ capture           1 s  2 Deployments remembered
      ✔ quiesce          12 s  ledger is still
      ✔ backup           41 s  1 database, 12 345 rows, digest d1d2d3d4d5d6, 3.4 MiB archived, set 20261123-170000-abcd
      ✔ prove            33 s  proven: restored and equal, 1 thing not covered
      ✔ commit            2 s  nothing was written since the backup
      ── point of no return, crossed 2026-11-23 17:01:29Z ────
      ✔ stage             4 s  chart 1.52.2 is revision 3
      ✔ migrate    1 min 15 s  ledger now at 20260304100000-priority-rank
      ✔ rollout          20 s  revision 4, 2 Deployments ready
      ✔ verify            1 s  revision 4, 2 Deployments ready, ledger at 20260304100000-priority-rank
    ✔ done after 3 min 9 s
    "
  `)
})

test('an upgrade on its way', () => {
  const at = new Date(Date.parse(BEFORE_BACKUP.run.events.at(-1)?.at ?? '') + 9_000)
  const { run, state } = BEFORE_BACKUP
  expect(`\n${treeLines(run, state, { paint, now: at, live: ['dumping ledger: 118 MiB'] }).join('\n')}\n`)
    .toMatchInlineSnapshot(`
    "
    Upgrade of tally -n shop: 2026.2.9 -> 2026.3.9  phase QUIESCED
    run tally-20261123-170000-abcd, by ana@depot
      ✔ capture           1 s  2 Deployments remembered
      ✔ quiesce          12 s  ledger is still
      ▸ backup            9 s  every database in one locked snapshot, encrypted and stored
                               dumping ledger: 118 MiB
      · prove                  restore the stored bytes and compare them row for row
      · commit                 look once more that nothing was written since the backup
      ── point of no return ──────────────────────────────────
      · stage                  put the new release in place with nothing running
      · migrate                migrate each database alone
      · rollout                start the new release and wait until it is ready
      · verify                 look at what runs and at what the databases record
    "
  `)
})

test('a migration that failed parks the run and names the one next command', () => {
  expect(picture(PARKED)).toMatchInlineSnapshot(`
    "
    Upgrade of tally -n shop: 2026.2.9 -> 2026.3.9  phase PONR
    run tally-20261123-170000-abcd, by ana@depot
      ✔ capture           1 s  2 Deployments remembered
      ✔ quiesce          12 s  ledger is still
      ✔ backup           41 s  1 database, 12 345 rows, digest d1d2d3d4d5d6, 3.4 MiB archived, set 20261123-170000-abcd
      ✔ prove            33 s  proven: restored and equal, 1 thing not covered
      ✔ commit            2 s  nothing was written since the backup
      ── point of no return, crossed 2026-11-23 17:01:29Z ────
      ✔ stage             4 s  chart 1.52.2 is revision 3
      ✖ migrate           7 s  migrate each database alone
      · rollout                start the new release and wait until it is ready
      · verify                 look at what runs and at what the databases record
    ✖ parked at migrate (migration-failed)
      database ledger: its migrator failed. Its last lines:
      ERROR: invalid input syntax for type numeric: "n/a"
      next: pawl recover tally -n shop
    "
  `)
})

test('a recovery', () => {
  expect(picture(RECOVERED)).toMatchInlineSnapshot(`
    "
    Recovery of tally -n shop: back to 2026.2.9, backup set 20261123-170000-abcd  phase RECOVERED
    run tally-20261123-173000-efgh, by ana@depot
      ✔ quiesce           3 s  ledger is still
      ✔ restore          28 s  1 database, 12 345 rows, digest d1d2d3d4d5d6, equal to the backup
      ✔ swap              1 s  tally (before: tally_before_20261123)
      ✔ reinstall        22 s  revision 5, 2 Deployments ready
      ✔ verify            1 s  revision 5, 2 Deployments ready, ledger at 20260205100000-insurance
    ✔ recovered after 55 s
    "
  `)
})

test('a run that was given up shows what it did and what it undid', () => {
  expect(picture(GIVEN_UP)).toMatchInlineSnapshot(`
    "
    Upgrade of tally -n shop: 2026.2.9 -> 2026.3.9  phase ABORTED
    run tally-20261123-170000-abcd, by ana@depot
      ✔ capture           1 s  2 Deployments remembered
      ✔ quiesce          12 s  ledger is still
      ✔ reopen            8 s  2 Deployments ready
    ! aborted after 26 s: what was stopped runs again
    "
  `)
})
