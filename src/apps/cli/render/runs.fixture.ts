// Runs as journals leave them: a good upgrade, one whose migration failed, and the recovery from it.
import { fold } from '../../../core/run/fold.ts'
import type { Plan, PlannedDatabase } from '../../../core/plan/plan.ts'
import type { RecoveryPlan, Run, RunEvent, RunSpec, RunState, StepName } from '../../../core/run/run.ts'

export const NOW = new Date('2026-11-23T18:00:00Z')
const START = Date.parse('2026-11-23T17:00:00Z')

const DATABASE: PlannedDatabase = {
  target: {
    role: 'ledger',
    host: 'tally-postgresql',
    port: 5432,
    database: 'tally',
    login: { user: 'tally' },
    tls: 'disable',
    migrations: { table: 'public.migrations', column: 'name' },
  },
  serverMajor: 15,
  sizeBytes: 24_000_000,
  lastMigration: '20260205100000-insurance',
  expectedMigration: '20260304100000-priority-rank',
  migrator: { kind: 'init-container', deployment: 'tally-ledger-api', container: 'migrate' },
}

export const PLAN: Plan = {
  release: 'tally',
  namespace: 'shop',
  profile: 'tally',
  from: { appVersion: '2026.2.9', chartVersion: '1.46.1', chartDigest: 'aa' },
  to: { appVersion: '2026.3.9', chartVersion: '1.52.2', chartDigest: 'bb' },
  revision: 2,
  applyMethod: 'ssa',
  gates: [
    {
      gate: 'target-newer',
      answer: 'pass',
      mandatory: true,
      code: 'target-older',
      evidence: '2026.3.9 is newer than 2026.2.9',
    },
    {
      gate: 'target-supported',
      answer: 'warn',
      mandatory: false,
      code: 'target-unsupported',
      evidence: '2026.3.9 is supported until 2027-03-17: 20 days',
      remedy: 'Plan the next upgrade.',
    },
  ],
  accepted: [],
  databases: [DATABASE],
  writers: [
    { deployment: 'tally-recorder', replicas: 2, scaledBy: 'kubectl' },
    { deployment: 'tally-board', replicas: 3, autoscaler: 'tally-board' },
  ],
  changes: [
    { object: 'Deployment/tally-board', change: 'change', details: ['image: 2026.2.9 -> 2026.3.9'] },
    { object: 'ConfigMap/tally-new', change: 'add', details: [] },
  ],
  values: { files: [], merged: 'cc' },
  estimate: { backupSeconds: 40, downtimeSeconds: 125, recoverySeconds: 52, basedOn: '23 MiB in 1 database' },
  createdAt: '2026-11-23T16:59:00Z',
  hash: '0123456789abcdef',
}

export const RECOVERY_PLAN: RecoveryPlan = {
  release: 'tally',
  namespace: 'shop',
  profile: 'tally',
  set: '20261123-170000-abcd',
  digests: { ledger: 'd1d2d3d4d5d6d7d8' },
  lastMigrations: { ledger: '20260205100000-insurance' },
  to: PLAN.from,
  of: 'tally-20261123-170000-abcd',
  databases: [DATABASE],
  writers: PLAN.writers,
  loss: { rowChanges: '1240', since: '2026-11-23T17:00:20Z', served: true },
  createdAt: '2026-11-23T17:30:00Z',
  hash: 'fedcba9876543210',
}

type Happening = RunEvent extends infer E ? (E extends RunEvent ? Omit<E, 'seq' | 'at' | 'fence'> : never) : never

interface Told {
  run: Run
  state: RunState
}

/** A journal from happenings and the seconds between them. */
export function tell(
  name: string,
  spec: RunSpec,
  happenings: readonly (readonly [afterSeconds: number, what: Happening])[],
): Told {
  let at = START
  const events = happenings.map(([afterSeconds, what], seq) => {
    at += afterSeconds * 1000
    return { seq, at: new Date(at).toISOString(), fence: 1, ...what } as RunEvent
  })
  const run: Run = { name, namespace: 'shop', spec, createdAt: new Date(START).toISOString(), events }
  return { run, state: fold(events) }
}

export function step(
  name: StepName,
  seconds: number,
  evidence: Record<string, unknown>,
  phase?: RunState['phase'],
): [number, Happening][] {
  return [
    [0, { event: 'intent', step: name, attempt: 1 }],
    [seconds, { event: 'done', step: name, evidence, ...(phase === undefined ? {} : { phase }) }],
  ]
}

const BEGIN: [number, Happening][] = [
  [0, { event: 'created', phase: 'PLANNED', by: 'ana@depot' }],
  [0, { event: 'owned', holder: 'depot/1234/x' }],
]

const SET = '20261123-170000-abcd'
const CONTENTS = [
  { role: 'ledger', database: 'tally', tables: 9, rows: '12345', digest: 'd1d2d3d4d5d6d7d8', archiveBytes: 3_560_000 },
]
const READY = [
  { name: 'tally-board', ready: 3, wanted: 3 },
  { name: 'tally-recorder', ready: 2, wanted: 2 },
]

const UNTIL_COMMIT: [number, Happening][] = [
  ...BEGIN,
  ...step('capture', 1, { secret: 's', files: [], deployments: READY }),
  ...step('quiesce', 12, { databases: [{ role: 'ledger' }] }, 'QUIESCED'),
  ...step('backup', 41, { set: SET, databases: CONTENTS }),
  ...step('prove', 33, { set: SET, rung: 'proven', notCovered: ['a'] }),
  ...step('commit', 2, {}, 'PONR'),
  ...step('stage', 4, { revision: 3, chart: '1.52.2', appVersion: '2026.3.9' }),
]

const UPGRADE: RunSpec = { kind: 'upgrade', plan: PLAN, by: 'ana@depot' }

export const BEFORE_BACKUP = tell('tally-20261123-170000-abcd', UPGRADE, [
  ...UNTIL_COMMIT.slice(0, 6),
  [0, { event: 'intent', step: 'backup', attempt: 1 }],
])

export const GOOD = tell('tally-20261123-170000-abcd', UPGRADE, [
  ...UNTIL_COMMIT,
  ...step('migrate', 75, {
    databases: [{ role: 'ledger', from: '20260205100000-insurance', to: '20260304100000-priority-rank' }],
  }),
  ...step('rollout', 20, { revision: 4, deployments: READY }),
  ...step(
    'verify',
    1,
    { revision: 4, deployments: READY, migrations: { ledger: '20260304100000-priority-rank' } },
    'DONE',
  ),
  [0, { event: 'ended', outcome: 'done' }],
])

export const PARKED = tell('tally-20261123-170000-abcd', UPGRADE, [
  ...UNTIL_COMMIT,
  [0, { event: 'intent', step: 'migrate', attempt: 1 }],
  [
    7,
    {
      event: 'parked',
      step: 'migrate',
      next: 'pawl recover tally -n shop',
      error: {
        code: 'migration-failed',
        message:
          'database ledger: its migrator failed. Its last lines:\nERROR: invalid input syntax for type numeric: "n/a"',
        hint: 'Send the last lines to the vendor.',
        facts: {},
      },
    },
  ],
])

export const RECOVERED = tell(
  'tally-20261123-173000-efgh',
  { kind: 'recovery', plan: RECOVERY_PLAN, by: 'ana@depot' },
  [
    [0, { event: 'created', phase: 'REC', by: 'ana@depot' }],
    [0, { event: 'owned', holder: 'depot/1300/y' }],
    ...step('quiesce', 3, { databases: [{ role: 'ledger' }] }),
    ...step('restore', 28, { set: SET, databases: CONTENTS }),
    ...step('swap', 1, { databases: [{ role: 'ledger', live: 'tally', kept: 'tally_before_20261123' }] }, 'RESTORED'),
    ...step('reinstall', 22, { revision: 5, deployments: READY }),
    ...step(
      'verify',
      1,
      { revision: 5, deployments: READY, migrations: { ledger: '20260205100000-insurance' } },
      'RECOVERED',
    ),
    [0, { event: 'ended', outcome: 'recovered' }],
  ],
)

export const GIVEN_UP = tell('tally-20261123-170000-abcd', UPGRADE, [
  ...UNTIL_COMMIT.slice(0, 6),
  [5, { event: 'abort-requested', by: 'ana@depot' }],
  ...step('reopen', 8, { deployments: READY }, 'ABORTED'),
  [0, { event: 'ended', outcome: 'aborted' }],
])
