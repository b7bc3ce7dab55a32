// Pawl's custom resources (`pawl.dev/v1alpha1`): their shapes, how they are read and how they are written.
import type { RecoveryWay, StagedCopies } from './backup/staged.ts'
import type { DatabaseEvidence, Rehearsal, Rung, SecretRef, StoreSpec } from './data/tasks.ts'
import type { RecordedFloor } from './floor/floor.ts'
import { isRecord, listOf, recordOf, textOf } from './json.ts'
import type { PlannedDatabase, ProductRelease, Writer } from './plan/plan.ts'
import { invalid, required } from './resource-object.ts'
import type { ResourceObject } from './resource-object.ts'
import { fold } from './run/fold.ts'
import type { Phase, Run, RunEvent, RunSpec } from './run/run.ts'
import { parseStoreSpec } from './store/spec.ts'

export type { ResourceObject }

export const GROUP = 'pawl.dev'
export const API_VERSION = 'pawl.dev/v1alpha1'

/** Label that ties every resource of ours to the Helm release it belongs to. */
export const RELEASE_LABEL = 'pawl.dev/release'

/** Where the identity that proof and recovery decrypt with is kept, unless the Installation says otherwise. */
export const DEFAULT_IDENTITY: SecretRef = { secret: 'pawl-identity', key: 'identity' }

/** How one release is kept: one per Helm release, with the release's own name. */
export interface Installation {
  name: string
  namespace: string
  /** Name of the profile, for example `carto`. */
  profile: string
  release: string
  store: StoreSpec
  /** Chart repository URL or directory of chart archives. */
  charts?: string
  /** Image of the data Jobs; `{major}` stands for the PostgreSQL major. */
  dataImage: string
  /** age recipients every archive is encrypted to. */
  recipients: string[]
  /** Identity in the namespace that can decrypt them. */
  identity: SecretRef
  /** How its upgrades are to be recovered from where nobody says otherwise; absent: from the store. */
  recovery?: RecoveryWay
  /** What was written into the databases, in its status. */
  floor?: RecordedFloor
  resourceVersion?: string
}

/** For work that needs no PostgreSQL programs any data image will do. */
const ANY_MAJOR = 15

/** The data image for a PostgreSQL major; any of them where none is named. */
export function dataImageOf({ dataImage }: Pick<Installation, 'dataImage'>, major = ANY_MAJOR): string {
  return dataImage.replaceAll('{major}', String(major))
}

export interface SetProof {
  at: string
  rung: Rung
  /** Task id or run that made it. */
  by?: string
  notCovered: string[]
  /** Of a recovery that was carried through. */
  rehearsal?: Rehearsal
}

/** What a proof or a look at every stored byte has found after the last proof, if there was any. */
export interface Refutation {
  at: string
  why: string
  /** Task id. */
  by: string
}

export interface BackupSetStatus {
  manifestSha256: string
  rung: Rung
  databases: DatabaseEvidence[]
  product: ProductRelease
  /** When the last of its snapshots was taken (ISO 8601, UTC). */
  takenAt: string
  /** Secret that holds chart, values and record of the release. */
  releaseFiles?: string
  proofs: SetProof[]
  /** Until a later proof succeeds the set is no better than `archived`, whatever its proofs say. */
  refuted?: Refutation
  /** What ran, so that recovery gives it back. */
  writers: Writer[]
  /** How the databases were reached when it was taken. */
  targets: PlannedDatabase[]
  /** Copies that its proof left beside the live databases, until somebody accepts what runs. */
  staged?: StagedCopies
  /** Since when it is being removed from its store (ISO 8601, UTC): only then is it no wonder that it is not there. */
  removing?: string
}

export interface BackupSet {
  name: string
  namespace: string
  release: string
  /** Directory of the set in the store: `<namespace>/<release>/<set id>`. */
  set: string
  store: StoreSpec
  /** Run that took it. */
  run?: string
  /** Absent until the set is complete. */
  status?: BackupSetStatus
  resourceVersion?: string
}

export interface RunResource {
  run: Run
  resourceVersion?: string
  fence: number
  phase?: Phase
}

function texts(value: unknown): string[] {
  return listOf(value).filter((item) => typeof item === 'string')
}

function optional<K extends string>(key: K, value: string | undefined): { [P in K]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: string })
}

function place(object: ResourceObject): { name: string; namespace: string; resourceVersion?: string } {
  const { name, namespace, resourceVersion } = object.metadata
  return { name, namespace: namespace ?? 'default', ...optional('resourceVersion', resourceVersion) }
}

/** Reads what says where backup sets live. Throws `input-invalid`. */
export function parseStore(object: ResourceObject, value: unknown): StoreSpec {
  const store = parseStoreSpec(value)
  if (typeof store === 'string') throw invalid(object, store)
  return store
}

/** Reads an Installation. Throws `input-invalid` where a field that is needed is missing; unknown fields are ignored. */
export function parseInstallation(object: ResourceObject): Installation {
  const spec = recordOf(object['spec'])
  const identity = recordOf(spec['identity'])
  return {
    ...place(object),
    release: required(object, spec, 'release'),
    profile: required(object, spec, 'profile'),
    store: parseStore(object, spec['store']),
    dataImage: required(object, spec, 'dataImage'),
    recipients: texts(spec['recipients']),
    identity: {
      secret: textOf(identity['secret']) ?? DEFAULT_IDENTITY.secret,
      key: textOf(identity['key']) ?? DEFAULT_IDENTITY.key,
    },
    ...optional('charts', textOf(spec['charts'])),
    ...(spec['recovery'] === 'staged' || spec['recovery'] === 'store' ? { recovery: spec['recovery'] } : {}),
    ...recordedFloor(recordOf(object['status'])['floor']),
  }
}

function recordedFloor(value: unknown): { floor?: RecordedFloor } {
  const part = recordOf(value)
  const { recoveryEpoch, missing } = part
  const [floor, run, at] = [textOf(part['floor']), textOf(part['run']), textOf(part['at'])]
  if (floor === undefined || run === undefined || at === undefined || typeof recoveryEpoch !== 'number') return {}
  const whys = Object.entries(recordOf(missing)).map(([role, why]) => [role, String(why)])
  return {
    floor: { floor, run, at, recoveryEpoch, roles: texts(part['roles']), missing: Object.fromEntries(whys) },
  }
}

export function installationObject(installation: Installation): ResourceObject {
  const { name, namespace, resourceVersion, floor: _status, ...spec } = installation
  return {
    apiVersion: API_VERSION,
    kind: 'Installation',
    metadata: {
      name,
      namespace,
      labels: { [RELEASE_LABEL]: spec.release },
      ...optional('resourceVersion', resourceVersion),
    },
    spec,
  }
}

function parseSetStatus(object: ResourceObject, value: unknown): BackupSetStatus | undefined {
  if (!isRecord(value) || textOf(value['manifestSha256']) === undefined) return undefined
  const proofs = listOf(value['proofs']).map((proof) => {
    const { at, rung, by, notCovered, rehearsal } = recordOf(proof)
    return {
      at: textOf(at) ?? '',
      rung: rung as Rung,
      notCovered: texts(notCovered),
      ...optional('by', textOf(by)),
      ...(isRecord(rehearsal) ? { rehearsal: rehearsal as unknown as Rehearsal } : {}),
    }
  })
  return {
    manifestSha256: required(object, value, 'manifestSha256'),
    rung: required(object, value, 'rung') as Rung,
    databases: listOf(value['databases']) as DatabaseEvidence[],
    product: recordOf(value['product']) as unknown as ProductRelease,
    takenAt: required(object, value, 'takenAt'),
    proofs,
    writers: listOf(value['writers']) as Writer[],
    targets: listOf(value['targets']) as PlannedDatabase[],
    ...(isRecord(value['refuted']) ? { refuted: value['refuted'] as unknown as Refutation } : {}),
    ...(isRecord(value['staged']) ? { staged: value['staged'] as unknown as StagedCopies } : {}),
    ...optional('releaseFiles', textOf(value['releaseFiles'])),
    ...optional('removing', textOf(value['removing'])),
  }
}

/** Reads a BackupSet; one without a complete status is a set that was begun and not finished. Throws `input-invalid`. */
export function parseBackupSet(object: ResourceObject): BackupSet {
  const spec = recordOf(object['spec'])
  const status = parseSetStatus(object, object['status'])
  return {
    ...place(object),
    release: required(object, spec, 'release'),
    set: required(object, spec, 'set'),
    store: parseStore(object, spec['store']),
    ...optional('run', textOf(spec['run'])),
    ...(status === undefined ? {} : { status }),
  }
}

/** The whole object. Create it first, then `replace` it with `subresource: 'status'`: creation ignores the status. */
export function backupSetObject(set: BackupSet): ResourceObject {
  const { name, namespace, resourceVersion, status, ...spec } = set
  return {
    apiVersion: API_VERSION,
    kind: 'BackupSet',
    metadata: {
      name,
      namespace,
      labels: { [RELEASE_LABEL]: spec.release },
      ...optional('resourceVersion', resourceVersion),
    },
    spec,
    ...(status === undefined ? {} : { status }),
  }
}

/** Reads a Run with its journal. Throws `input-invalid` where the journal has a gap, since a fold over it would lie. */
export function parseRun(object: ResourceObject): RunResource {
  const spec = recordOf(object['spec'])
  const kind = required(object, spec, 'kind')
  if (kind !== 'upgrade' && kind !== 'recovery' && kind !== 'backup') throw invalid(object, `unknown kind "${kind}"`)
  const status = recordOf(object['status'])
  const events = listOf(status['events']) as RunEvent[]
  if (events.some((event, index) => event.seq !== index)) throw invalid(object, 'its journal has a gap')
  const { name, namespace, resourceVersion } = place(object)
  const phase = textOf(status['phase'])
  const createdAt = object.metadata.creationTimestamp ?? textOf(spec['createdAt']) ?? events[0]?.at ?? ''
  return {
    run: { name, namespace, spec: spec as unknown as RunSpec, createdAt, events },
    fence: typeof status['fence'] === 'number' ? status['fence'] : 0,
    ...(phase === undefined ? {} : { phase: phase as Phase }),
    ...optional('resourceVersion', resourceVersion),
  }
}

function outcomeOf(events: readonly RunEvent[]): string {
  const { ended, parked, stoppedAt } = fold(events)
  if (ended !== undefined) return ended.outcome
  if (parked !== undefined) return 'parked'
  return stoppedAt === undefined ? 'under way' : 'stopped'
}

export function runObject(resource: RunResource): ResourceObject {
  const { run, fence, phase, resourceVersion } = resource
  return {
    apiVersion: API_VERSION,
    kind: 'Run',
    metadata: {
      name: run.name,
      namespace: run.namespace,
      labels: { [RELEASE_LABEL]: run.spec.plan.release },
      ...optional('resourceVersion', resourceVersion),
    },
    spec: run.spec,
    // The outcome is for whoever lists runs with kubectl; it is never read back.
    status: { fence, events: run.events, outcome: outcomeOf(run.events), ...(phase === undefined ? {} : { phase }) },
  }
}
