// How each gate answers when one thing is wrong: gate, what is wrong, the spoiled part, the verdict.
import { known, unknown } from '../facts.ts'
import type { CheapFacts } from '../facts.ts'
import type { TrapFinding } from '../../profile/traps.ts'
import { CHEAP, chart, database, liveDatabase, observation } from '../facts.fixture.ts'
import type { sampleFacts } from '../facts.fixture.ts'
import { CLUSTER_ROWS, lost } from './rows-cluster.fixture.ts'
import type { Row } from './rows-cluster.fixture.ts'
import { PACKAGE_ROWS } from './rows-package.fixture.ts'

export { lost } from './rows-cluster.fixture.ts'
const target = (appVersion: string, version: string, namedInFull = true): Partial<CheapFacts> => ({
  target: known({ chart: chart(appVersion, version), chartDigest: 'b', namedInFull }),
})
const installed = (appVersion: string, version: string): Partial<CheapFacts> => ({
  installed: known({ ...CHEAP.latest, chart: chart(appVersion, version) }),
})
const seen = (over: Parameters<typeof observation>[1]): Parameters<typeof sampleFacts>[0] => ({
  observed: { observations: known([observation('ledger', over)]) },
})
const RIGHTS = observation('ledger').rights
const floors = (floor: string | null, written?: string): Parameters<typeof sampleFacts>[0] => {
  const row = { product: 'sample', release: 'ledger/prod', run: 'prod-1', recoveryEpoch: 0, at: '2026-04-01' }
  const there = floor === null ? null : { ...row, appVersion: floor, floor }
  const recorded = { ...row, roles: ['ledger'], missing: {} }
  return {
    observed: {
      observations: known([observation('ledger', { floor: there })]),
      ...(written === undefined ? {} : { recordedFloor: { ...recorded, floor: written } }),
    },
  }
}
/** The sample database's size. */
const SIZE = 200_000_000
const space = (freeBytes: number, share?: number): Parameters<typeof sampleFacts>[0] => ({
  observed: {
    store: known({ freeBytes }),
    ...(share === undefined
      ? {}
      : { earlier: known([{ role: 'ledger', sizeBytes: SIZE, archiveBytes: SIZE * share }]) }),
  },
})
const trap = (over: Partial<TrapFinding>): Parameters<typeof sampleFacts>[0] => ({
  cheap: {
    traps: known({
      looked: 3,
      findings: [
        { name: 'pinned', weight: 'acceptable', says: 'the command is old', remedy: 'Take the command away.', ...over },
      ],
    }),
  },
})
const cheap = (over: Partial<CheapFacts>): Parameters<typeof sampleFacts>[0] => ({ cheap: over })

const { source: _, ...silent } = liveDatabase('ledger')

export const GATE_ROWS: Row[] = [
  ...CLUSTER_ROWS,
  ...PACKAGE_ROWS,

  ['target-known', 'no such release', cheap({ target: unknown('none', 'target-unknown') }), 'refuse target-unknown'],
  ['target-known', 'latest', cheap({ target: unknown('latest', 'version-unparsable') }), 'refuse version-unparsable'],
  ['target-known', 'no answer', cheap({ target: unknown('down', 'store-unreadable') }), 'unknown store-unreadable'],

  ['installed-known', 'nothing was ever deployed', cheap({ installed: lost }), 'unknown unknown-state'],
  ['installed-known', 'a pod runs something else', cheap({ strays: known(['pod x']) }), 'refuse unknown-state'],
  ['installed-known', 'pods not seen', cheap({ strays: lost }), 'unknown unknown-state'],
  [
    'installed-known',
    'ConfigMap of another version',
    cheap({ runningVersion: known('2026.1.12') }),
    'refuse unknown-state',
  ],
  ['installed-known', 'no ConfigMap', cheap({ runningVersion: lost }), 'unknown unknown-state'],
  [
    'installed-known',
    'a failed attempt since',
    cheap({ latest: { ...CHEAP.latest, revision: 5, status: 'failed' } }),
    'warn',
  ],

  [
    'no-pending-operation',
    'pending',
    cheap({ latest: { ...CHEAP.latest, status: 'pending-upgrade' } }),
    'refuse release-pending',
  ],
  [
    'no-pending-operation',
    'uninstalling',
    cheap({ latest: { ...CHEAP.latest, status: 'uninstalling' } }),
    'refuse release-pending',
  ],
  [
    'no-pending-operation',
    'a hook at work',
    cheap({ activeHooks: known(['prod-pre-install']) }),
    'refuse release-pending',
  ],
  ['no-pending-operation', 'hooks not seen', cheap({ activeHooks: lost }), 'unknown unknown-state'],

  ['no-unfinished-run', 'a parked run', cheap({ unfinishedRuns: known(['prod-1']) }), 'refuse run-unfinished'],
  ['no-unfinished-run', 'runs not seen', cheap({ unfinishedRuns: lost }), 'unknown unknown-state'],

  ['target-newer', 'older', cheap(target('2026.1.12', '1.41.1')), 'refuse target-older'],
  [
    'target-newer',
    'older by text, newer by number',
    cheap({ ...installed('2026.9.1', '1.80.1'), ...target('2026.10.1', '1.90.1') }),
    'pass',
  ],
  ['target-newer', 'the same', cheap(target('2026.2.9', '1.46.1')), 'refuse target-same'],
  ['target-newer', 'newer application, older chart', cheap(target('2026.3.9', '1.45.9')), 'refuse target-older'],
  ['target-newer', 'same application, newer chart', cheap(target('2026.2.9', '1.46.2')), 'pass'],
  [
    'target-newer',
    'the candidate of what is installed',
    cheap(target('2026.2.9-rc.3', '1.46.0-beta')),
    'refuse target-older',
  ],
  ['target-newer', 'the patch of what is installed', cheap(target('2026.2.9-patch1', '1.46.2')), 'pass'],
  ['target-newer', 'no version', cheap(target('nightly', '1.60.1')), 'refuse version-unparsable'],
  ['target-newer', 'nothing installed', cheap({ installed: lost }), 'unknown unknown-state'],

  ['target-supported', 'ending', cheap({ today: '2027-02-20' }), 'warn'],
  ['target-supported', 'the last day', cheap({ today: '2027-03-09' }), 'warn'],
  ['target-supported', 'ended', cheap({ today: '2027-03-10' }), 'refuse target-unsupported'],
  ['target-supported', 'a clock that is wrong', cheap({ today: '2026-03-01' }), 'unknown unknown-state'],
  ['target-supported', 'a candidate before its planned day', cheap(target('2026.4.13-rc.2', '1.57.1-beta')), 'warn'],
  [
    'target-supported',
    'a candidate that was planned long ago',
    cheap({ ...target('2026.4.13-rc.2', '1.57.1-beta'), today: '2028-01-01' }),
    'warn',
  ],
  ['target-supported', 'no date', cheap(target('nightly', '1.60.1')), 'unknown unknown-state'],

  [
    'target-not-candidate',
    'a candidate by its chart',
    cheap(target('2026.4.13-rc.2', '1.57.1-beta', false)),
    'refuse gate-refused',
  ],
  ['target-not-candidate', 'a candidate by its full name', cheap(target('2026.4.13-rc.2', '1.57.1-beta')), 'warn'],
  ['target-not-candidate', 'no version', cheap(target('nightly', '1.60.1')), 'unknown unknown-state'],

  ['databases-known', 'no rule applies', cheap({ databases: lost }), 'unknown unknown-state'],
  ['databases-known', 'none at all', cheap({ databases: known([]) }), 'unknown unknown-state'],
  [
    'databases-known',
    'a Secret without the key',
    cheap({ missingSecretKeys: known(['db/password']) }),
    'refuse unknown-state',
  ],
  ['databases-known', 'Secrets not seen', cheap({ missingSecretKeys: lost }), 'unknown unknown-state'],

  [
    'databases-agree',
    'the values say one name, the release another',
    cheap({ liveDatabases: known([liveDatabase('ledger', { differences: ['ledger database: x, y'] })]) }),
    'refuse unknown-state',
  ],
  [
    'databases-agree',
    'a container that cannot be read',
    cheap({ liveDatabases: known([liveDatabase('ledger', { unknown: 'no container' })]) }),
    'unknown unknown-state',
  ],
  [
    'databases-agree',
    'a setting of the values counts',
    cheap({ liveDatabases: known([liveDatabase('ledger', { overridden: ['ledger database is books'] })]) }),
    'pass',
  ],
  ['databases-agree', 'not seen', cheap({ liveDatabases: lost }), 'unknown unknown-state'],
  ['databases-agree', 'a database that the release says nothing of', cheap({ liveDatabases: known([silent]) }), 'pass'],

  [
    'database-names-unchanged',
    'renamed',
    cheap({ databasesAfter: known([database('ledger', { database: 'companion' })]) }),
    'refuse gate-refused',
  ],
  [
    'database-names-unchanged',
    'another host',
    cheap({ databasesAfter: known([database('ledger', { host: 'prod-postgresql' })]) }),
    'refuse gate-refused',
  ],
  [
    'database-names-unchanged',
    'another user',
    cheap({ databasesAfter: known([database('ledger', { login: { user: 'x' } })]) }),
    'refuse gate-refused',
  ],
  ['database-names-unchanged', 'dropped', cheap({ databasesAfter: known([]) }), 'refuse gate-refused'],
  [
    'database-names-unchanged',
    'one more',
    cheap({ databasesAfter: known([database('ledger'), database('assist')]) }),
    'warn',
  ],
  ['database-names-unchanged', 'not known', cheap({ databasesAfter: lost }), 'unknown unknown-state'],

  [
    'immutable-values-unchanged',
    'another key',
    cheap({ changedImmutables: known(['secrets.key']) }),
    'refuse gate-refused',
  ],
  ['immutable-values-unchanged', 'not known', cheap({ changedImmutables: lost }), 'unknown unknown-state'],

  ['writers-known', 'a CronJob', cheap({ otherWriters: known(['CronJob/x']) }), 'refuse gate-refused (acceptable)'],
  ['writers-known', 'nobody', cheap({ writers: known([]) }), 'unknown unknown-state'],
  ['writers-known', 'not seen', cheap({ writers: lost }), 'unknown unknown-state'],

  [
    'replicas-owner',
    'scaled by hand',
    cheap({ deployments: known([{ name: 'api', replicas: 3, scaledBy: 'kubectl' }]) }),
    'warn',
  ],
  [
    'replicas-owner',
    'an autoscaler',
    cheap({
      deployments: known([{ name: 'api', replicas: 3, scaledBy: 'kube-controller-manager', autoscaler: 'api' }]),
    }),
    'pass',
  ],
  ['replicas-owner', 'not seen', cheap({ deployments: lost }), 'warn'],

  ['helm-usable', 'missing', cheap({ helm: unknown('no helm', 'helm-missing') }), 'refuse helm-missing'],
  ['helm-usable', 'a bad build', cheap({ helm: unknown('4.2.1', 'helm-unusable') }), 'refuse helm-unusable'],
  [
    'helm-usable',
    'too old',
    cheap({ helm: known({ version: '3.13.3', major: 3, minor: 13 }) }),
    'refuse helm-unusable',
  ],
  [
    'helm-usable',
    'Helm 3 on a release of Helm 4',
    cheap({ helm: known({ version: '3.19.0', major: 3, minor: 19 }) }),
    'warn',
  ],
  ['helm-usable', 'no answer', cheap({ helm: lost }), 'unknown unknown-state'],

  ['kubernetes-version', 'too old', cheap({ kubernetes: known({ major: 1, minor: 28 }) }), 'refuse gate-refused'],
  ['kubernetes-version', 'soon too old', cheap({ kubernetes: known({ major: 1, minor: 29 }) }), 'warn'],
  ['kubernetes-version', 'no answer', cheap({ kubernetes: lost }), 'unknown unknown-state'],

  ['keys-present', 'no recipients', cheap({ recipients: [] }), 'refuse not-initialised'],
  ['keys-present', 'no identity', cheap({ identityThere: known(false) }), 'refuse not-initialised'],
  ['keys-present', 'not seen', cheap({ identityThere: lost }), 'unknown unknown-state'],

  [
    'chart-of-installed-available',
    'gone',
    cheap({ installedChart: unknown('gone', 'target-unknown') }),
    'refuse gate-refused',
  ],
  ['chart-of-installed-available', 'no answer', cheap({ installedChart: lost }), 'unknown unknown-state'],

  [
    'storage-unchanged',
    'a claim goes',
    { rendered: { storage: ['StatefulSet/pg would be removed'] } },
    'refuse gate-refused',
  ],

  ['migrator-found', 'no such Deployment', { rendered: { initContainers: {} } }, 'refuse unknown-state'],
  ['migrator-found', 'no such container', { rendered: { initContainers: { api: ['other'] } } }, 'refuse unknown-state'],
  ['migrator-found', 'databases not known', cheap({ databasesAfter: lost }), 'unknown unknown-state'],

  [
    'chart-of-installed-matches',
    'another archive',
    { rendered: { pairDifferences: known(['Deployment/api']) } },
    'refuse gate-refused (acceptable)',
  ],
  ['chart-of-installed-matches', 'not rendered', { rendered: { pairDifferences: lost } }, 'unknown unknown-state'],

  [
    'databases-reachable',
    'no way in',
    { observed: { observations: unknown('refused', 'database-unreachable') } },
    'refuse database-unreachable',
  ],
  [
    'databases-reachable',
    'one of two unseen',
    cheap({ databases: known([database('ledger', {}, '002'), database('assist')]) }),
    'refuse database-unreachable',
  ],
  [
    'databases-reachable',
    'the Job failed',
    { observed: { observations: unknown('evicted', 'job-failed') } },
    'unknown job-failed',
  ],

  [
    'database-rights',
    'nobody may create',
    seen({
      rights: {
        ownsDatabase: true,
        createDatabase: false,
        endSessions: true,
        bypassRowSecurity: false,
        createSchema: true,
      },
    }),
    'refuse database-rights (acceptable)',
  ],

  ['database-floor', 'of the release that runs', floors('2026.2.9'), 'pass'],
  ['database-floor', 'of an older one', floors('2026.1.12'), 'pass'],
  ['database-floor', 'newer than what runs', floors('2026.3.9'), 'refuse floor-newer'],
  ['database-floor', 'newer by number, older by text', floors('2026.10.1'), 'refuse floor-newer'],
  ['database-floor', 'of no version', floors('nightly'), 'unknown unknown-state'],
  ['database-floor', 'gone although it was written', floors(null, '2026.2.9'), 'refuse floor-lost'],
  ['database-floor', 'older than what was written', floors('2026.1.12', '2026.2.9'), 'refuse floor-lost'],
  ['database-floor', 'as it was written', floors('2026.2.9', '2026.2.9'), 'pass'],
  ['database-floor', 'none, and no right to make one', seen({ rights: { ...RIGHTS, createSchema: false } }), 'warn'],
  ['database-floor', 'nothing is known of what runs', cheap({ installed: lost }), 'unknown unknown-state'],

  [
    'server-major-supported',
    'older than the product allows',
    seen({ serverMajor: 13 }),
    'refuse client-major-mismatch',
  ],
  [
    'server-major-supported',
    'another than the image',
    cheap({ dataImage: 'registry:5000/pawl-data:16' }),
    'refuse client-major-mismatch',
  ],
  ['server-major-supported', 'the same as the image', cheap({ dataImage: 'registry:5000/pawl-data:15' }), 'pass'],

  ['no-staged-copies', 'not known', cheap({ stagedSets: lost }), 'unknown unknown-state'],
  [
    'no-staged-copies',
    'of an earlier upgrade',
    cheap({ stagedSets: known([{ set: '20260101-000000-abcd', bytes: SIZE }]) }),
    'refuse gate-refused (acceptable)',
  ],
  ['staging-possible', 'asked for', { staging: {} }, 'pass'],
  [
    'staging-possible',
    'somebody has prepared a transaction',
    { staging: {}, ...seen({ preparedTransactions: 1 }) },
    'refuse database-rights',
  ],
  ['staging-possible', 'prepared, and recovery from the store', seen({ preparedTransactions: 1 }), 'pass'],
  [
    'staging-possible',
    'nobody may create',
    { staging: {}, ...seen({ rights: { ...observation('ledger').rights, createDatabase: false } }) },
    'refuse database-rights',
  ],
  ['staging-possible', 'an extension', { staging: {}, ...seen({ untrustedExtensions: ['postgis'] }) }, 'warn'],
  ['staging-possible', 'not seen', { staging: {}, observed: { observations: lost } }, 'unknown unknown-state'],
  ['staging-room', 'nobody said', { staging: {} }, 'refuse gate-refused (acceptable)'],
  ['staging-room', 'enough', { staging: { roomBytes: SIZE } }, 'pass'],
  ['staging-room', 'short', { staging: { roomBytes: SIZE - 1 } }, 'refuse gate-refused (acceptable)'],
  ['staging-room', 'not seen', { staging: {}, observed: { observations: lost } }, 'unknown unknown-state'],

  ['schema-clean', 'ahead', seen({ migrations: ['001', '002', '003'] }), 'refuse unknown-state'],
  ['schema-clean', 'behind', seen({ migrations: ['001'] }), 'refuse unknown-state'],
  ['schema-clean', 'empty', seen({ migrations: [] }), 'refuse unknown-state'],
  ['schema-clean', 'the chart does not say', cheap({ databases: known([database('ledger')]) }), 'warn'],

  [
    'store-writable',
    'not writable',
    { observed: { store: unknown('read-only', 'store-unwritable') } },
    'refuse store-unwritable',
  ],
  ['store-writable', 'no answer', { observed: { store: lost } }, 'unknown unknown-state'],

  ['backup-proven', 'the source is to be spared', { sourceLoad: 'low' }, 'refuse gate-refused (acceptable)'],

  ['store-space', 'no room', space(1000), 'refuse store-full'],
  ['store-space', 'it may fit, nothing tells', space(SIZE / 2), 'warn'],
  ['store-space', 'it will not fit, earlier sets tell', space(SIZE / 2, 0.6), 'refuse store-full'],
  ['store-space', 'it fits, earlier sets tell', space(SIZE / 2, 0.4), 'pass'],
  ['store-space', 'it does not tell', { observed: { store: known({}) } }, 'pass'],
  ['store-space', 'no answer', { observed: { store: lost } }, 'unknown unknown-state'],

  ['known-traps', 'one is there: its own answer says what', trap({}), 'pass'],
  ['known-traps', 'not looked for', cheap({ traps: lost }), 'unknown unknown-state'],
  ['trap-pinned', 'acceptable', trap({}), 'refuse gate-refused (acceptable)'],
  ['trap-pinned', 'mandatory', trap({ weight: 'mandatory' }), 'refuse gate-refused'],
  ['trap-pinned', 'only worth knowing', trap({ weight: 'warn' }), 'warn'],
  ['trap-pinned', 'cannot be told', trap({ unknown: 'no such value' }), 'unknown unknown-state'],
  ['trap-pinned', 'cannot be told, only worth knowing', trap({ weight: 'warn', unknown: 'no such value' }), 'warn'],
]
