// The CustomResourceDefinitions that `pawl init` installs, as data.
import { RUNGS } from './data/tasks.ts'
import { GUARD_SPEC } from './guard/crd.ts'
import { API_VERSION, GROUP } from './resources.ts'
import type { ResourceObject } from './resources.ts'
import { STORE_TYPES } from './store/spec.ts'

type Schema = Record<string, unknown>

const text: Schema = { type: 'string' }
const filled: Schema = { type: 'string', minLength: 1 }
const time: Schema = { type: 'string' }
/** Deep parts are checked when Pawl reads them; the API server must only keep them whole. */
const open: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
const openList: Schema = { type: 'array', items: open }

function object(properties: Record<string, Schema>, required: string[] = []): Schema {
  return { type: 'object', properties, ...(required.length === 0 ? {} : { required }) }
}

const store: Schema = {
  ...object({ type: { type: 'string', enum: [...STORE_TYPES] } }, ['type']),
  'x-kubernetes-preserve-unknown-fields': true,
}

/**
 * Rises with every change of a definition. There is one set of them in a cluster, and an API server drops what a definition does not
 * know: an older Pawl must not put its own in place of a newer one's.
 */
export const DEFINITIONS_VERSION = 2
const DEFINITIONS_LABEL = 'pawl.dev/definitions'

/** True where a definition that is there comes from a newer Pawl than this one. */
export function isNewerDefinition(live: ResourceObject): boolean {
  return Number(live.metadata.labels?.[DEFINITIONS_LABEL]) > DEFINITIONS_VERSION
}

interface Column {
  name: string
  type: 'string' | 'integer' | 'date'
  jsonPath: string
}

function column(name: string, jsonPath: string, type: Column['type'] = 'string'): Column {
  return { name, type, jsonPath }
}

interface Definition {
  kind: string
  plural: string
  shortNames: string[]
  spec: Schema
  status: Schema
  columns: Column[]
}

function definition(crd: Definition): ResourceObject {
  const [, version = ''] = API_VERSION.split('/')
  const singular = crd.kind.toLowerCase()
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${crd.plural}.${GROUP}`,
      labels: { 'app.kubernetes.io/name': 'pawl', [DEFINITIONS_LABEL]: String(DEFINITIONS_VERSION) },
    },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: { kind: crd.kind, listKind: `${crd.kind}List`, plural: crd.plural, singular, shortNames: crd.shortNames },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: [...crd.columns, column('Age', '.metadata.creationTimestamp', 'date')],
          schema: { openAPIV3Schema: object({ spec: crd.spec, status: crd.status }, ['spec']) },
        },
      ],
    },
  }
}

export const CRDS: readonly ResourceObject[] = [
  definition({
    kind: 'Installation',
    plural: 'installations',
    shortNames: ['pawlinst'],
    spec: object(
      {
        release: filled,
        profile: filled,
        store,
        charts: text,
        dataImage: filled,
        recipients: { type: 'array', items: text },
        identity: object({ secret: filled, key: filled }),
        recovery: { type: 'string', enum: ['staged', 'store'] },
      },
      ['release', 'profile', 'store', 'dataImage'],
    ),
    status: open,
    columns: [
      column('Release', '.spec.release'),
      column('Profile', '.spec.profile'),
      column('Store', '.spec.store.type'),
    ],
  }),
  definition({
    kind: 'BackupSet',
    plural: 'backupsets',
    shortNames: ['pawlset'],
    spec: object({ release: filled, set: filled, store, run: text }, ['release', 'set', 'store']),
    status: object({
      manifestSha256: text,
      rung: { type: 'string', enum: [...RUNGS] },
      databases: openList,
      product: open,
      takenAt: time,
      releaseFiles: text,
      proofs: openList,
      refuted: open,
      writers: openList,
      targets: openList,
      staged: open,
      removing: time,
    }),
    columns: [
      column('Release', '.spec.release'),
      column('Version', '.status.product.appVersion'),
      column('Proof', '.status.rung'),
      column('Taken', '.status.takenAt'),
    ],
  }),
  definition({
    kind: 'Run',
    plural: 'runs',
    shortNames: ['pawlrun'],
    spec: object(
      { kind: { type: 'string', enum: ['upgrade', 'recovery', 'backup'] }, plan: open, by: text, effort: open },
      ['kind', 'plan'],
    ),
    status: object({ fence: { type: 'integer', minimum: 0 }, phase: text, outcome: text, events: openList }),
    columns: [
      column('Release', '.spec.plan.release'),
      column('Kind', '.spec.kind'),
      column('To', '.spec.plan.to.appVersion'),
      column('Phase', '.status.phase'),
      column('Outcome', '.status.outcome'),
    ],
  }),
  definition({
    kind: 'ReleaseGuard',
    plural: 'releaseguards',
    shortNames: ['pawlguard'],
    spec: GUARD_SPEC,
    status: open,
    columns: [
      column('Release', '.spec.release'),
      column('Enforcement', '.spec.enforcement'),
      column('Open until', '.spec.opening.until'),
      column('Quiesced by', '.spec.quiesced.run'),
      column('Epoch', '.spec.recoveryEpoch', 'integer'),
    ],
  }),
]
