// The rows of rows.fixture.ts about what the cluster itself says: who else is at work on it, what it would take, what has room.
import type { Refusal } from '../../rendered/refusal.ts'
import type { Capacity } from '../capacity.ts'
import { known, unknown } from '../facts.ts'
import type { CheapFacts } from '../facts.ts'
import { observation } from '../facts.fixture.ts'
import type { sampleFacts } from '../facts.fixture.ts'
import type { PullFacts } from '../pulls.ts'

type Spoiled = Parameters<typeof sampleFacts>[0]

export type Row = [gate: string, what: string, spoiled: Spoiled, expected: string]

export const lost = unknown('the API did not answer')
const cheap = (over: Partial<CheapFacts>): Spoiled => ({ cheap: over })
const room = (over: Partial<Capacity>): Spoiled => {
  const amount = { cpu: 1, memory: 1, pods: 1 }
  return {
    rendered: { capacity: known({ needs: amount, free: amount, nodes: 1, homeless: [], forbidden: [], ...over }) },
  }
}
const extension = (extensions: Record<string, string>, ownsDatabase: boolean): Spoiled => {
  const rights = { ownsDatabase, createDatabase: true, endSessions: true, bypassRowSecurity: true, createSchema: true }
  return {
    profile: { needs: { extensions: { ledger: ['pgcrypto'] } } },
    observed: { observations: known([observation('ledger', { extensions, rights })]) },
  }
}
const pulls = (over: Partial<PullFacts>): Spoiled => ({
  observed: { pulls: known({ there: 0, pulled: 0, failed: [], waiting: [], nodes: [], ...over }) },
})
const refused = (object: string, kind: Refusal['kind'], fields: string[] = []): Spoiled => ({
  rendered: { refused: [{ object, kind, fields, owners: ['kubectl'], why: 'w' }] },
})

export const CLUSTER_ROWS: Row[] = [
  [
    'not-managed-elsewhere',
    'KOTS',
    cheap({ managers: known([{ tool: 'KOTS', owner: 'carto', state: 'active', evidence: 'e' }]) }),
    'refuse gate-refused',
  ],
  [
    'not-managed-elsewhere',
    'Argo CD, beside a Flux that is suspended',
    cheap({
      managers: known([
        { tool: 'Flux', owner: 'flux/prod', state: 'suspended', evidence: 'e' },
        { tool: 'Argo CD', owner: 'prod', state: 'active', evidence: 'e' },
      ]),
    }),
    'refuse gate-refused',
  ],
  [
    'not-managed-elsewhere',
    'a suspended HelmRelease',
    cheap({ managers: known([{ tool: 'Flux', owner: 'flux/prod', state: 'suspended', evidence: 'e' }]) }),
    'warn',
  ],
  [
    'not-managed-elsewhere',
    'marks of Flux without a HelmRelease',
    cheap({ managers: known([{ tool: 'Flux', owner: 'flux/prod', state: 'absent', evidence: 'e' }]) }),
    'refuse gate-refused (acceptable)',
  ],
  ['not-managed-elsewhere', 'not seen', cheap({ managers: lost }), 'unknown unknown-state'],

  ['cluster-accepts', 'a field that cannot change', refused('StatefulSet/pg', 'immutable'), 'refuse gate-refused'],
  ['cluster-accepts', 'a policy', refused('Deployment/api', 'policy'), 'refuse gate-refused'],
  [
    'cluster-accepts',
    'an image that somebody edited',
    refused('Deployment/api', 'owned', ['.spec.template.spec.containers[name="api"].image']),
    'refuse gate-refused',
  ],
  ['cluster-accepts', 'a number that Pawl hands over', refused('Deployment/api', 'owned', ['.spec.replicas']), 'pass'],
  [
    'cluster-accepts',
    'a number that nobody hands over',
    refused('StatefulSet/x', 'owned', ['.spec.replicas']),
    'refuse gate-refused',
  ],
  ['cluster-accepts', 'not judged', { rendered: { unverified: ['Thing/x: its kind comes with the target'] } }, 'warn'],

  [
    'random-values',
    'a password',
    { rendered: { volatile: [{ object: 'Secret/x', fields: ['data.password'], certificate: false }] } },
    'refuse gate-refused (acceptable)',
  ],
  [
    'random-values',
    'a certificate',
    { rendered: { volatile: [{ object: 'Secret/x-tls', fields: ['data.tls.crt'], certificate: true }] } },
    'pass',
  ],
  [
    'random-values',
    'a time in a ConfigMap',
    { rendered: { volatile: [{ object: 'ConfigMap/x', fields: ['data.at'], certificate: false }] } },
    'pass',
  ],

  [
    'no-pinned-images',
    'an old part',
    { rendered: { pinned: { images: ['Deployment/x: y:1'], values: ['x.image.tag'] } } },
    'refuse gate-refused (acceptable)',
  ],
  [
    'no-pinned-images',
    'values without effect',
    { rendered: { pinned: { images: [], values: ['x.image.tag'] } } },
    'warn',
  ],

  ['beyond-the-cluster', 'a reminder', { profile: { reminders: ['the notes name a version'] } }, 'warn'],

  ['no-hook-leftovers', 'one', { rendered: { hookLeftovers: ['Job/x'] } }, 'refuse gate-refused'],

  [
    'writes-counted',
    'switched off',
    { observed: { observations: known([observation('ledger', { countsWrites: false })]) } },
    'refuse unknown-state',
  ],
  ['writes-counted', 'not seen', { observed: { observations: lost } }, 'unknown unknown-state'],

  ['database-extensions', 'there', extension({ pgcrypto: '1.3' }, true), 'pass'],
  ['database-extensions', 'to be added by its owner', extension({}, true), 'warn'],
  ['database-extensions', 'not to be added', extension({}, false), 'refuse database-rights (acceptable)'],

  ['capacity', 'no room', room({ homeless: ['Deployment/api: 1 of 2'] }), 'refuse gate-refused (acceptable)'],
  ['capacity', 'a quota', room({ forbidden: ['ResourceQuota/q'] }), 'refuse gate-refused (acceptable)'],
  ['capacity', 'nobody may look', { rendered: { capacity: lost } }, 'warn'],

  [
    'target-stays-stopped',
    'a new writer',
    { rendered: { startedWhileStaged: known({ deployments: ['Deployment/new'], others: [] }) } },
    'refuse gate-refused',
  ],
  [
    'target-stays-stopped',
    'a new CronJob',
    { rendered: { startedWhileStaged: known({ deployments: [], others: ['CronJob/new'] }) } },
    'refuse gate-refused (acceptable)',
  ],
  ['target-stays-stopped', 'databases not known', { rendered: { startedWhileStaged: lost } }, 'unknown unknown-state'],

  ['images-pullable', 'not there', pulls({ failed: [{ image: 'a', why: 'w' }] }), 'refuse gate-refused (acceptable)'],
  ['images-pullable', 'too slow', pulls({ waiting: ['a'] }), 'refuse gate-refused (acceptable)'],
  ['images-pullable', 'nobody to ask', { observed: { pulls: lost } }, 'refuse gate-refused (acceptable)'],
]
