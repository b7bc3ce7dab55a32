// What the commands print, exactly.
import { expect, test } from 'vitest'
import { PawlError } from '../../../core/errors.ts'
import type { GateAnswer } from '../../../core/plan/plan.ts'
import type { BackupSet } from '../../../core/resources.ts'
import { renderProof } from './backup.ts'
import { renderBackupList } from './backup-list.ts'
import { renderDoctor } from './doctor.ts'
import { renderError } from './error.ts'
import { renderPlan, renderRecoveryPlan } from './plan.ts'
import { GOOD, NOW, PARKED, PLAN, RECOVERED, RECOVERY_PLAN } from './runs.fixture.ts'
import { renderRun, renderRunList } from './runs.ts'
import { evidenceLine } from './steps.ts'

const DATABASE = {
  role: 'ledger',
  database: 'tally',
  serverVersion: '15.8',
  serverMajor: 15,
  snapshotAt: '2026-11-23T17:00:20Z',
  tables: 9,
  rows: '12345',
  digest: 'd1d2d3d4d5d6d7d8',
  schemaDigest: 'e1',
  archiveBytes: 3_560_000,
  sizeBytes: 24_000_000,
  writeCounter: '1',
  schemaFingerprint: 'f'.repeat(64),
  placement: 'e'.repeat(64),
}

/** Marks where lines begin, so that blanks at the ends are seen. */
function page(text: string): string {
  expect(text.endsWith('\n')).toBe(true)
  return `\n${text}`
}

test('an error: what failed, what was not changed, what to do, the code', () => {
  const error = new PawlError({
    code: 'target-older',
    message: '2026.1.12 is older than 2026.2.9\u001b[2J, which runs\n\u0007look',
    unchanged: 'Nothing was changed.',
    facts: { release: 'tally', namespace: 'shop' },
  })
  expect(page(renderError(error, false))).toMatchInlineSnapshot(`
    "
    Error: 2026.1.12 is older than 2026.2.9, which runs
      look
    Not changed: Nothing was changed.
    What to do: Pawl only goes forward. To get back to the state before an upgrade: "pawl recover tally -n shop".
    Code: target-older (exit 20)
    "
  `)
  expect(renderError(new Error('boom'), false)).toContain('Code: internal (exit 70)')
  expect(renderError(error, true)).toContain('\u001b[31m')
})

test('a plan that nothing stands in the way of', () => {
  expect(page(renderPlan(PLAN, { colour: false }))).toMatchInlineSnapshot(`
    "
    Plan for tally -n shop: 2026.2.9 -> 2026.3.9
    chart 1.46.1 -> 1.52.2, profile tally, from revision 2

    Gates
      ✔ target-newer      2026.3.9 is newer than 2026.2.9
      ! target-supported  2026.3.9 is supported until 2027-03-17: 20 days
                          do: Plan the next upgrade.

    Databases, each backed up, proven and then migrated alone
      ROLE    DATABASE  SERVER                               SIZE  MIGRATIONS
      ledger  tally     PostgreSQL 15 at tally-postgresql  23 MiB  20260205100000-insurance -> 20260304100000-priority-rank

    Writers, stopped meanwhile
      DEPLOYMENT      REPLICAS  NUMBER OWNED BY
      tally-recorder         2  kubectl
      tally-board            3  autoscaler tally-board

    Changes to 2 objects, every line with --diff
      ~ Deployment/tally-board  image
      + ConfigMap/tally-new

    Backup and proof take about 40 s; the product is down for about 2 min 5 s
      from 23 MiB in 1 database
    A recovery would take about 52 s: databases are restored from the store (--recovery staged: renamed)

    ✔ Nothing stands in the way. Writers stop first; after the proof comes the point of no return.
    Plan hash: 0123456789ab
    "
  `)
})

test('a plan says what refuses it, and what waits for a word', () => {
  const refuse = (gate: string, mandatory: boolean): GateAnswer => ({
    gate,
    answer: 'refuse',
    mandatory,
    code: 'gate-refused',
    evidence: 'seen',
    remedy: 'mend it',
  })
  const lines = (gates: GateAnswer[], by?: string): string =>
    renderPlan(
      {
        ...PLAN,
        gates,
        accepted: by === undefined ? [] : gates.map(({ gate }) => ({ gate, by, at: '', evidence: '' })),
      },
      { colour: false },
    )
  expect(lines([refuse('a', true), refuse('b', false)])).toContain('✖ Refused: a. Nothing was changed.')
  expect(lines([{ ...refuse('c', false), answer: 'unknown' }])).toContain('✖ Refused: c.')
  expect(lines([refuse('b', false)])).toContain('repeat with --accept b')
  expect(lines([refuse('b', false)])).toContain('do: mend it')
  expect(lines([refuse('b', false)], 'ana')).toContain('seen (accepted by ana)')
  expect(lines([refuse('b', false)], 'ana')).toContain('Nothing stands in the way')
})

test('an upgrade that spares its source says so in its plan, and its run keeps whose word it was', () => {
  const accepted = [{ gate: 'backup-proven', by: 'ana', at: '2026-11-23T16:59:00Z', evidence: 'rows are counted only' }]
  const plan = { ...PLAN, sourceLoad: 'low' as const, accepted }
  expect(renderPlan(plan, { colour: false })).toContain('Databases, each counted, backed up to restored+')
  const run = { ...PARKED.run, spec: { kind: 'upgrade' as const, plan, by: 'ana' } }
  expect(renderRun(run, NOW, false)).toContain(
    'accepted backup-proven by ana, 2026-11-23 16:59:00Z: rows are counted only',
  )
  expect(evidenceLine('prove', { rung: 'restored+', notCovered: [] })).not.toBe(
    evidenceLine('prove', { rung: 'proven', notCovered: [] }).replace('proven', 'restored+'),
  )
})

test('a recovery says what will be lost', () => {
  expect(page(renderRecoveryPlan(RECOVERY_PLAN, false))).toMatchInlineSnapshot(`
    "
    Recovery of tally -n shop: back to 2026.2.9 (chart 1.46.1)
    backup set 20261123-170000-abcd, back from tally-20261123-170000-abcd

    Databases, restored beside the live ones, compared, then exchanged by name
      ROLE    DATABASE  COMES BACK WITH      AND
      ledger  tally     digest d1d2d3d4d5d6  last migration 20260205100000-insurance

    ! 1 240 row changes since the backup (2026-11-23 17:00:20Z) will be lost.
      The databases as they are now are kept under a dated name.

    Plan hash: fedcba987654
    "
  `)
  const loss = (rowChanges: string): string =>
    renderRecoveryPlan({ ...RECOVERY_PLAN, loss: { rowChanges, since: '', served: true } }, false)
  expect(loss('0')).toContain('nothing will be lost')
  expect(loss('1')).toContain('1 row change since the backup (unknown) will be lost.')
  expect(loss('unknown')).toContain('will be lost; how much is unknown.')
})

test('runs, listed and shown', () => {
  expect(renderRunList([], NOW, false)).toBe('No runs yet.\n')
  expect(page(renderRunList([GOOD.run, PARKED.run, RECOVERED.run], NOW, false))).toMatchInlineSnapshot(`
    "
    RUN                         KIND      TO        BEGUN                 TOOK       PHASE      STATE
    tally-20261123-170000-abcd  upgrade   2026.3.9  2026-11-23 17:00:00Z  3 min 9 s  DONE       done
    tally-20261123-170000-abcd  upgrade   2026.3.9  2026-11-23 17:00:00Z  1 h        PONR       parked at migrate
    tally-20261123-173000-efgh  recovery  2026.2.9  2026-11-23 17:00:00Z  55 s       RECOVERED  recovered
    "
  `)
  expect(page(renderRun(PARKED.run, NOW, false))).toMatchInlineSnapshot(`
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

    begun 2026-11-23 17:00:00Z (1 h ago)
    last owner depot/1234/x (fence 1)

    Journal, 16 entries
      2026-11-23 17:00:00Z  run        begun by ana@depot
      2026-11-23 17:00:00Z  run        owned by depot/1234/x (fence 1)
      2026-11-23 17:00:00Z  capture    keep chart, values and record of the running release
      2026-11-23 17:00:01Z  capture    done in 1 s: 2 Deployments remembered
      2026-11-23 17:00:01Z  quiesce    stop every writer; the databases say that they are still
      2026-11-23 17:00:13Z  quiesce    done in 12 s: ledger is still
      2026-11-23 17:00:13Z  backup     every database in one locked snapshot, encrypted and stored
      2026-11-23 17:00:54Z  backup     done in 41 s: 1 database, 12 345 rows, digest d1d2d3d4d5d6, 3.4 MiB archived, set 20261123-170000-abcd
      2026-11-23 17:00:54Z  prove      restore the stored bytes and compare them row for row
      2026-11-23 17:01:27Z  prove      done in 33 s: proven: restored and equal, 1 thing not covered
      2026-11-23 17:01:27Z  commit     look once more that nothing was written since the backup
      2026-11-23 17:01:29Z  commit     done in 2 s: nothing was written since the backup; THE POINT OF NO RETURN IS CROSSED
      2026-11-23 17:01:29Z  stage      put the new release in place with nothing running
      2026-11-23 17:01:33Z  stage      done in 4 s: chart 1.52.2 is revision 3
      2026-11-23 17:01:33Z  migrate    migrate each database alone
      2026-11-23 17:01:40Z  migrate    parked: database ledger: its migrator failed. Its last lines:
          ERROR: invalid input syntax for type numeric: "n/a" (migration-failed)
          next: pawl recover tally -n shop
    "
  `)
})

test('backup sets and a proof', () => {
  const set: BackupSet = {
    name: '20261123-170000-abcd',
    namespace: 'shop',
    release: 'tally',
    set: 'shop/tally/20261123-170000-abcd',
    store: { type: 'volume', claim: 'pawl-store' },
    status: {
      manifestSha256: 'ff',
      rung: 'proven',
      databases: [DATABASE],
      product: PLAN.from,
      takenAt: '2026-11-23T17:00:20Z',
      proofs: [{ at: '2026-11-23T17:01:00Z', rung: 'proven', notCovered: [] }],
      writers: [],
      targets: [],
    },
  }
  const { status: _status, ...begun } = set
  expect(renderBackupList([], NOW, false)).toBe('No backup sets yet.\n')
  expect(page(renderBackupList([set, { ...begun, name: '20261123-175900-efgh' }], NOW, false))).toMatchInlineSnapshot(`
    "
    SET                   TAKEN                 VERSION   RUNG    DATABASES    ROWS     SIZE  LAST PROOF
    20261123-170000-abcd  2026-11-23 17:00:20Z  2026.2.9  proven  ledger     12 345  3.4 MiB  2026-11-23 17:01:00Z (59 min ago)
    20261123-175900-efgh  not finished
    "
  `)
  const proof = { ...DATABASE, rung: 'proven' as const, notCovered: ['unlogged table cache'] }
  expect(
    page(renderProof({ set: set.set, manifestSha256: 'ff', rung: 'proven', databases: [proof], proof: 'p' }, false)),
  ).toMatchInlineSnapshot(`
    "
    ✔ proven  shop/tally/20261123-170000-abcd
      ROLE    DATABASE  TABLES    ROWS  DIGEST
      ledger  tally          9  12 345  d1d2d3d4d5d6
    Not covered (1 thing):
      - ledger: unlogged table cache
    "
  `)
})

test('doctor', () => {
  const checks = [
    { name: 'Node.js', ok: true, found: '24.21.0' },
    { name: 'Helm', ok: false, found: 'not found', remedy: 'Install Helm 4.' },
  ]
  expect(page(renderDoctor(checks, false))).toMatchInlineSnapshot(`
    "
    ✔ Node.js  24.21.0
    ✖ Helm     not found
               do: Install Helm 4.

    1 check failed.
    "
  `)
  expect(renderDoctor(checks.slice(0, 1), false)).toContain('Everything that was looked for is here.')
})
