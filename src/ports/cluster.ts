// The Kubernetes API, as narrow as Pawl needs it. Every method takes its AbortSignal last and translates failures to PawlError.

export interface ObjectMeta {
  name: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  creationTimestamp?: string
  deletionTimestamp?: string
  deletionGracePeriodSeconds?: number
  labels?: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences?: { apiVersion: string; kind: string; name: string; uid: string; controller?: boolean }[]
  managedFields?: ManagedFields[]
  finalizers?: string[]
}

export interface ManagedFields {
  manager?: string
  operation?: 'Apply' | 'Update'
  apiVersion?: string
  subresource?: string
  fieldsV1?: Record<string, unknown>
  time?: string
}

/** Any Kubernetes object; read kinds of ours through the schemas in core. */
export interface KubeObject {
  apiVersion: string
  kind: string
  metadata: ObjectMeta
  [field: string]: unknown
}

export interface ObjectRef {
  apiVersion: string
  kind: string
  name: string
  namespace?: string
}

export interface ListQuery {
  apiVersion: string
  kind: string
  namespace?: string
  labelSelector?: string
  fieldSelector?: string
  /** Only `apiVersion`, `kind` and `metadata` of each object: for lists whose objects are large. */
  metadataOnly?: boolean
}

export interface WriteOptions {
  dryRun?: boolean
  /** Field manager; `pawl` where absent. */
  manager?: string
}

export type Patch =
  | { type: 'merge'; body: Record<string, unknown> }
  | { type: 'json'; body: { op: 'add' | 'remove' | 'replace' | 'test'; path: string; value?: unknown }[] }

export interface Cluster {
  /** Where it talks to, for messages: context name and server address. */
  readonly where: { context: string; server: string; namespace: string }
  /** `undefined` where there is no such object (or no such kind). Idempotent. */
  get(ref: ObjectRef, signal?: AbortSignal): Promise<KubeObject | undefined>
  /** All of them, however many pages. An unknown kind gives an empty list. Idempotent. */
  list(query: ListQuery, signal?: AbortSignal): Promise<KubeObject[]>
  /** Throws `cluster-conflict` where the name is taken. */
  create(object: KubeObject, options?: WriteOptions, signal?: AbortSignal): Promise<KubeObject>
  /**
   * Compare and swap: throws `cluster-conflict` unless `metadata.resourceVersion` is the current one (also where the object is
   * gone). `subresource` e.g. `status`. When the answer is lost it throws `cluster-unreachable` with `facts.outcome: 'unknown'`.
   */
  replace(
    object: KubeObject,
    options?: WriteOptions & { subresource?: string },
    signal?: AbortSignal,
  ): Promise<KubeObject>
  /** Server-side apply. Idempotent; throws `cluster-conflict` on a field of another manager unless `force`. */
  apply(object: KubeObject, options: WriteOptions & { force?: boolean }, signal?: AbortSignal): Promise<KubeObject>
  /** Throws `cluster-conflict` where a `test` operation or a given resourceVersion does not hold, or the object is gone. */
  patch(
    ref: ObjectRef,
    patch: Patch,
    options?: WriteOptions & { subresource?: string },
    signal?: AbortSignal,
  ): Promise<KubeObject>
  /** True where something was there to delete. Idempotent. Background propagation unless told. */
  remove(
    ref: ObjectRef,
    options?: { propagation?: 'Background' | 'Foreground' | 'Orphan'; uid?: string },
    signal?: AbortSignal,
  ): Promise<boolean>
  /**
   * Calls `onLine` for each complete line of a container's log, from its start, each once, until the container ends or the
   * signal aborts (then it throws the signal's reason). Waits for a container that has not started; returns where there is no such
   * pod, or one that is long deleted and only stays because its node does not answer. Outlives lost connections for some minutes, then
   * throws `cluster-unreachable`: also where only the node has no log to give.
   */
  followLog(
    pod: { namespace: string; name: string; container: string },
    onLine: (line: string) => void,
    signal?: AbortSignal,
  ): Promise<void>
  /** The last lines of a container's log; empty where there is none. `previous`: of its last ended run. */
  readLog(
    pod: { namespace: string; name: string; container: string; tailLines?: number; previous?: boolean },
    signal?: AbortSignal,
  ): Promise<string>
  serverVersion(signal?: AbortSignal): Promise<{ major: number; minor: number; gitVersion: string }>
}
