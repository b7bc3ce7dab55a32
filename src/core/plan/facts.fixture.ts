// Facts of an installation with nothing wrong, for tests of gates and plans; each test spoils one part.
import type { DatabaseObservation } from '../data/tasks.ts'
import type { ExpectedDatabase } from '../profile/databases.ts'
import type { Profile } from '../profile/profile.ts'
import type { LiveDatabase } from '../profile/truth.ts'
import { known } from './facts.ts'
import type { CheapFacts, ObservedFacts, PlanFacts, RenderedFacts } from './facts.ts'
import type { ChartFacts } from './target.ts'

export const SAMPLE_PROFILE: Profile = {
  name: 'sample',
  title: 'Sample',
  chart: 'sample',
  versionScheme: 'calver',
  lifecycle: { supportMonths: 12, warnDays: 30 },
  fullname: 'release.name',
  package: { version: "''", minVersionAnnotation: 'minVersion' },
  databases: [],
  quiescedValues: [],
  immutableValues: ['secrets.key'],
  needs: { kubernetes: { minor: 29, warnMinor: 30 }, postgresMajor: 14 },
}

export function chart(appVersion: string, version: string, annotations: Record<string, string> = {}): ChartFacts {
  return { name: 'sample', version, appVersion, annotations }
}

export function database(
  role: string,
  over: Partial<ExpectedDatabase['target']> = {},
  expected?: string,
): ExpectedDatabase {
  return {
    target: {
      role,
      host: 'db',
      port: 5432,
      database: role,
      login: { user: 'app', password: { secret: 'db', key: 'password' } },
      tls: 'disable',
      migrations: { table: 'public.migrations', column: 'name' },
      ...over,
    },
    migrator: { kind: 'init-container', deployment: 'api', container: 'migrations' },
    evidence: {
      configMap: 'api',
      deployment: 'api',
      container: 'api',
      host: 'H',
      port: 'P',
      database: 'D',
      user: 'U',
    },
    ...(expected === undefined ? {} : { expectedMigration: expected }),
  }
}

export function liveDatabase(role: string, over: Partial<LiveDatabase> = {}): LiveDatabase {
  const { target } = database(role)
  return { role, source: 'Deployment/api, container api', target, overridden: [], differences: [], ...over }
}

export function observation(role: string, over: Partial<DatabaseObservation> = {}): DatabaseObservation {
  return {
    role,
    at: '2026-04-01T00:00:00.000Z',
    serverVersion: '15.4',
    serverMajor: 15,
    sizeBytes: 200_000_000,
    sessions: [],
    writeCounter: '1000',
    migrations: ['001', '002'],
    schemaFingerprint: 'f',
    placement: 'p',
    countsWrites: true,
    rights: {
      ownsDatabase: true,
      createDatabase: true,
      endSessions: true,
      bypassRowSecurity: false,
      createSchema: true,
    },
    extensions: {},
    floor: null,
    untrustedExtensions: [],
    preparedTransactions: 0,
    ...over,
  }
}

export const CHEAP: CheapFacts = {
  today: '2026-04-01',
  newestReleaseDay: '2026-03-09',
  latest: { revision: 4, status: 'deployed', chart: chart('2026.2.9', '1.46.1'), applyMethod: 'ssa' },
  installed: known({ revision: 4, status: 'deployed', chart: chart('2026.2.9', '1.46.1'), applyMethod: 'ssa' }),
  runningVersion: known('2026.2.9'),
  strays: known([]),
  activeHooks: known([]),
  managers: known([]),
  target: known({ chart: chart('2026.3.9', '1.52.2'), chartDigest: 'b'.repeat(64), namedInFull: true }),
  package: known({ version: '2026.3.1', floor: '2025.11.3' }),
  databases: known([database('ledger', {}, '002')]),
  databasesAfter: known([database('ledger', {}, '004')]),
  liveDatabases: known([liveDatabase('ledger')]),
  missingSecretKeys: known([]),
  changedImmutables: known([]),
  traps: known({ looked: 0, findings: [] }),
  installedChart: known({ digest: 'a'.repeat(64) }),
  unfinishedRuns: known([]),
  stagedSets: known([]),
  paces: known([]),
  recipients: ['age1x'],
  identityThere: known(true),
  helm: known({ version: '4.3.1', major: 4, minor: 3 }),
  kubernetes: known({ major: 1, minor: 35 }),
  deployments: known([{ name: 'api', replicas: 2 }]),
  writers: known([{ deployment: 'api', replicas: 2 }]),
  otherWriters: known([]),
  valuesFiles: [{ name: 'values.yaml', digest: 'c'.repeat(64) }],
  mergedValuesDigest: 'd'.repeat(64),
  dataImage: 'registry:5000/pawl-data:{major}',
}

export const RENDERED: RenderedFacts = {
  changes: [{ object: 'Deployment/api', change: 'change', details: ['image'] }],
  refused: [],
  unverified: [],
  volatile: [],
  pinned: { images: [], values: [] },
  capacity: known({
    needs: { cpu: 1, memory: 2 ** 30, pods: 4 },
    free: { cpu: 4, memory: 2 ** 33, pods: 90 },
    nodes: 1,
    homeless: [],
    forbidden: [],
  }),
  images: [],
  storage: [],
  initContainers: { api: ['migrations'], board: [] },
  hooks: [{ name: 'prod-pre-install', kind: 'Job', events: ['pre-install', 'pre-upgrade'] }],
  hookLeftovers: [],
  startedWhileStaged: known({ deployments: [], others: [] }),
  pairDifferences: known([]),
}

export const OBSERVED: ObservedFacts = {
  observations: known([observation('ledger')]),
  store: known({ freeBytes: 10_000_000_000 }),
  pulls: known({ there: 3, pulled: 1, failed: [], waiting: [], nodes: ['n1'] }),
}

interface Spoiled extends Pick<PlanFacts, 'staging' | 'sourceLoad'> {
  cheap?: Partial<CheapFacts>
  rendered?: Partial<RenderedFacts>
  observed?: Partial<ObservedFacts>
  profile?: Partial<Profile>
}

export function sampleFacts({ cheap, rendered, observed, profile, staging, sourceLoad }: Spoiled = {}): PlanFacts {
  return {
    release: 'prod',
    namespace: 'ledger',
    profile: { ...SAMPLE_PROFILE, ...profile },
    at: '2026-04-01T09:00:00.000Z',
    requested: '2026.3.9',
    ...(staging === undefined ? {} : { staging }),
    ...(sourceLoad === undefined ? {} : { sourceLoad }),
    cheap: { ...CHEAP, ...cheap },
    rendered: known({ ...RENDERED, ...rendered }),
    observed: { ...OBSERVED, ...observed },
  }
}
