// The first thing a person types.
import { expect, test } from 'vitest'
import { known, unknown } from '../../../core/plan/facts.ts'
import type { LastBackup, Status } from '../../../core/status/status.ts'
import { renderStatus } from './status.ts'

const NOW = new Date('2026-11-23T18:03:00Z')

const STATUS: Status = {
  release: 'tally',
  namespace: 'shop',
  profile: 'tally',
  title: 'Tally',
  today: '2026-11-23',
  chart: { name: 'tally', version: '1.52.2' },
  helm: { revision: 4, status: 'deployed', at: '2026-11-23T17:03:00Z' },
  running: known('2026.3.9'),
  witnesses: [
    { who: 'Helm record, revision 4', version: known('2026.3.9') },
    { who: 'pods', version: known('2026.3.9') },
  ],
  pods: known({ ready: 6, total: 6 }),
  support: { state: 'supported', until: '2027-03-09', daysLeft: 106 },
  newest: known('2026.8.10'),
  databases: known([
    {
      role: 'ledger',
      database: 'tally',
      host: 'tally-postgresql',
      port: 5432,
      seen: unknown('nobody has looked at it yet'),
    },
  ]),
  features: known([]),
  managers: known([]),
  lastRehearsal: known('none'),
  lastProof: known({ set: '20261123-170000-abcd', at: '2026-11-23T17:01:00Z', rung: 'proven', version: '2026.2.9' }),
  lastBackup: known({
    set: '20261123-170000-abcd',
    at: '2026-11-23T17:00:30Z',
    archiveBytes: 1000,
    databaseBytes: 9000,
    rung: 'proven',
  }),
  proofLimitMs: 7 * 24 * 3_600_000,
  schedule: known('none'),
  staged: known([]),
  unfinishedRun: known('none'),
  guard: known('not installed'),
  initialised: true,
}

test('all is well', () => {
  expect(`\n${renderStatus(STATUS, NOW, false)}`).toMatchInlineSnapshot(`
    "
    tally -n shop  Tally, profile tally
      ✔ runs        2026.3.9
        chart       tally 1.52.2
        Helm        revision 4, deployed, 2026-11-23 17:03:00Z
        managed by  nobody else: no sign of KOTS, Flux or Argo CD
      ✔ pods        6 of 6 pods ready
      ✔ support     until 2027-03-09 (106 days left)
        newest      2026.8.10
      ? databases   ledger (tally at tally-postgresql:5432): unknown: nobody has looked at it yet
      ✔ last proof  proven 2026-11-23 17:01:00Z (1 h 2 min ago), set 20261123-170000-abcd of 2026.2.9
        run         none under way
        guard       not installed
    "
  `)
})

test('what is not known is said to be unknown, and every witness speaks', () => {
  const status: Status = {
    ...STATUS,
    running: unknown('Helm record says 2026.3.9, pods says 2026.2.9'),
    witnesses: [
      { who: 'Helm record, revision 4', version: known('2026.3.9') },
      { who: 'pods', version: unknown('no pod runs') },
    ],
    pods: known({ ready: 2, total: 6 }),
    support: { state: 'unknown', why: 'its release date is not known' },
    newest: unknown('no chart source is known'),
    databases: unknown('the profile does not say'),
    lastProof: known('none'),
    unfinishedRun: known({
      name: 'tally-1',
      kind: 'upgrade',
      phase: 'PONR',
      parked: true,
      next: 'pawl recover tally -n shop',
    }),
    helm: { revision: 4, status: 'pending-upgrade' },
  }
  expect(`\n${renderStatus(status, NOW, false)}`).toMatchInlineSnapshot(`
    "
    tally -n shop  Tally, profile tally
      ? runs        unknown: Helm record says 2026.3.9, pods says 2026.2.9
                    Helm record, revision 4: 2026.3.9
      ?             pods: unknown: no pod runs
        chart       tally 1.52.2
      ! Helm        revision 4, pending-upgrade: nobody else can upgrade meanwhile
        managed by  nobody else: no sign of KOTS, Flux or Argo CD
      ! pods        2 of 6 pods ready
      ? support     unknown: its release date is not known
      ? newest      unknown: no chart source is known
      ? databases   unknown: the profile does not say
      ! last proof  none yet
      ✖ run         upgrade tally-1 is parked, phase PONR
        guard       not installed

    Next: pawl recover tally -n shop
    "
  `)
})

test('databases, package, features and whoever else manages it', () => {
  const at = '2026-11-20T18:03:00Z'
  const place = { database: 'd', host: 'db', port: 5432 }
  const rights = { ownsDatabase: true, createDatabase: false, endSessions: false, bypassRowSecurity: false }
  const server = { at, serverVersion: '15.4', sizeBytes: 50 * 1024 * 1024 }
  const text = renderStatus(
    {
      ...STATUS,
      helm: { revision: 4, status: 'pending-upgrade', touchedAt: '2026-11-23T17:51:00Z' },
      databases: known([
        { role: 'metadata', ...place, seen: known(server) },
        { role: 'accounts', ...place, overriddenBy: 'accountsApi', seen: known(server) },
        { role: 'aiproxy', ...place, seen: known({ ...server, rights }) },
      ]),
      features: known([
        { name: 'AI', on: true },
        { name: 'disconnected', on: false },
      ]),
      package: { installed: known('2026.7.2'), newest: unknown('asked for with --look only') },
      managers: known([{ tool: 'Flux', owner: 'flux-system/carto', state: 'suspended', evidence: 'HelmRelease x' }]),
    },
    NOW,
    false,
  )
  const wanted = /^ {2}.? (Helm|managed|package|features|databases| {11}) /
  expect(
    `\n${text
      .split('\n')
      .filter((line) => wanted.test(line))
      .join('\n')}\n`,
  ).toMatchInlineSnapshot(`
    "
      ! Helm        revision 4, pending-upgrade, last touched 2026-11-23 17:51:00Z (12 min ago): nobody else can upgrade meanwhile
      ! managed by  Flux, suspended (HelmRelease x)
        package     2026.7.2 in the values; newest unknown (asked for with --look only)
        features    AI on, disconnected off
        databases   metadata (d at db:5432): PostgreSQL 15.4, 50 MiB, as the backup of 2026-11-20 18:03:00Z (3 d ago) saw it
                    accounts (d at db:5432 by the values alone; accountsApi may override that, --look tells): PostgreSQL 15.4, 50 MiB, as the backup of 2026-11-20 18:03:00Z (3 d ago) saw it
                    aiproxy (d at db:5432): PostgreSQL 15.4, 50 MiB, reachable; its logins may not create databases, end sessions
    "
  `)
})

test('support that is about to end, or has ended', () => {
  const line = (support: Status['support']): string =>
    renderStatus({ ...STATUS, support }, NOW, false)
      .split('\n')
      .find((text) => text.includes('support')) ?? ''
  expect(line({ state: 'ending', until: '2026-11-24', daysLeft: 1 })).toBe(
    '  ! support     ends 2026-11-24 (1 day left)',
  )
  expect(line({ state: 'ended', until: '2026-11-20', daysLeft: -3 })).toBe(
    '  ✖ support     ended 2026-11-20 (3 days ago)',
  )
})

test('the next command where there is one', () => {
  const run = { name: 'r', kind: 'backup' as const, phase: 'PLANNED' as const, parked: false }
  expect(renderStatus({ ...STATUS, initialised: false }, NOW, false)).toContain('Next: pawl init tally -n shop\n')
  expect(renderStatus({ ...STATUS, unfinishedRun: known(run) }, NOW, false)).toContain(
    'Next: pawl runs watch tally -n shop\n',
  )
  expect(renderStatus(STATUS, NOW, false)).not.toContain('Next:')
})

test('a proof that is too old is a warning, and a schedule says when the next is due and what the last came to', () => {
  const linesFor = (change: Partial<Status>): string[] => renderStatus({ ...STATUS, ...change }, NOW, false).split('\n')
  const lineOf = (change: Partial<Status>, name: string): string | undefined =>
    linesFor(change).find((text) => text.includes(name))
  expect(lineOf({ proofLimitMs: 3_600_000 }, 'last proof')).toMatch(/^ {2}! .*: older than 1 h$/)
  expect(lineOf({ proofLimitMs: 3_900_000 }, 'last proof')).toMatch(/^ {2}✔/)
  expect(lineOf({}, 'schedule')).toBeUndefined()
  const schedule = {
    name: 's',
    cron: '0 3 * * *',
    timeZone: 'Etc/UTC',
    what: 'backup' as const,
    suspended: false,
    underWay: false,
    timetable: known({ next: ['2026-11-24T03:00:00.000Z'], longestGapMs: 1_800_000 }),
  }
  expect(lineOf({ schedule: known(schedule), proofLimitMs: 3_600_000 }, 'last proof')).toContain('its schedule')
  expect(lineOf({ schedule: known(schedule) }, 'schedule')).toMatch(/^ {4}schedule .*next 2026-11-24 03:00:00Z/)
  const failed = { at: '2026-11-23T18:00:00Z', outcome: 'failed' as const, code: 'store-full', message: 'no room' }
  expect(lineOf({ schedule: known({ ...schedule, last: failed }) }, 'schedule')).toMatch(/✖ .*3 min ago.*store-full/)
  expect(lineOf({ schedule: known({ ...schedule, diedAt: '2026-11-23T03:00:00Z' }) }, 'schedule')).toContain('✖')
  expect(lineOf({ schedule: known({ ...schedule, suspended: true }) }, 'schedule')).toMatch(/! .*suspended/)
  const unreadable = { ...schedule, timetable: unknown('it is never due') }
  expect(lineOf({ schedule: known(unreadable) }, 'schedule')).toMatch(/! .*next unknown/)
})

test('how long the last recovery took, where there was one', () => {
  const rehearsal = { set: 's-2', run: 'tally-1', at: '2026-11-23T17:30:00Z', seconds: 90 }
  const text = renderStatus({ ...STATUS, lastRehearsal: known(rehearsal) }, NOW, false)
  expect(text).toMatch(/recovery +took 1 min 30 s from the restore on, .*33 min ago.*s-2/)
  expect(renderStatus(STATUS, NOW, false)).not.toMatch(/^ +recovery /m)
})

test('a newest set that is not proven is named, with what it reached', () => {
  const lastBackup = { set: 's-2', at: '2026-11-23T17:00:30Z', archiveBytes: 1, databaseBytes: 1, rung: 'restored+' }
  const text = renderStatus({ ...STATUS, lastBackup: known(lastBackup as LastBackup) }, NOW, false)
  expect(text).toMatch(/newest set +restored\+, not proven: s-2/)
  expect(renderStatus(STATUS, NOW, false)).not.toContain('newest set')
})

test('the floor in the databases: as it was written, as it was looked at, and what is wrong with it', () => {
  const recorded = { floor: '2026.3.9', run: 'tally-1', recoveryEpoch: 0, at: '', roles: ['ledger'], missing: {} }
  const lines = (floor: Status['floor']): string[] =>
    renderStatus({ ...STATUS, ...(floor === undefined ? {} : { floor }) }, NOW, false)
      .split('\n')
      .filter((line) => line.includes('floor') || line.startsWith('Next'))
  expect(lines(undefined)).toEqual([])
  expect(lines({ recorded })).toEqual([
    '    floor       2026.3.9 in ledger, as written; --look tells whether it is still there',
  ])
  expect(lines({ recorded: { ...recorded, missing: { ai: 'no right' } }, faults: [] })).toEqual([
    '  ! floor       2026.3.9 in ledger, none in ai',
  ])
  const text = 'ledger has no floor, but Pawl wrote 2026.3.9 into it: this database was put here by hand'
  expect(lines({ recorded, faults: [{ role: 'ledger', is: 'restored', text }] })).toEqual([
    `  ✖ floor       ${text}`,
    'Next: pawl recover tally -n shop',
  ])
})
