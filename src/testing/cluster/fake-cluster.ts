// A Kubernetes API in memory. It passes the same conformance suite as the real adapter, and serves tests that must make
// happen what a real one does not do on command.
import type { Cluster, KubeObject, ListQuery, ObjectMeta, ObjectRef, Patch, WriteOptions } from '../../ports/cluster.ts'
import { PawlError } from '../../core/errors.ts'
import { FakeLog } from './fake-log.ts'
import { kindOf, type Kind } from './kinds.ts'
import { comparable, conflict, keyOf, normal, placeOf, specOf, systemMeta, turn, updater } from './objects.ts'
import { afterWrite, applyTo, ownersAsGiven, type Writer } from './ownership.ts'
import { TestFailed, applyPatch } from './patches.ts'
import { matchesFields, matchesLabels } from './selectors.ts'

export interface FakeClusterOptions {
  namespace?: string
  now?: () => Date
  /** False: Pawl's kinds are missing until their definitions are created. */
  ours?: boolean
}

export interface ChangeEvent {
  type: 'added' | 'modified' | 'deleted'
  object: KubeObject
}

/** Looks at a write before it happens; text refuses it, in the words of an admission policy. */
export type Admission = (write: {
  operation: 'CREATE' | 'UPDATE' | 'DELETE'
  object: KubeObject
  old: KubeObject | undefined
}) => string | undefined

interface Write {
  writer: Writer
  dryRun: boolean
  /** Paths owned from now on, for an apply. */
  named?: Set<string>
}

export class FakeCluster implements Cluster {
  readonly where: Cluster['where']
  readonly #objects = new Map<string, KubeObject>()
  readonly #logs = new Map<string, FakeLog>()
  readonly #listeners = new Set<(event: ChangeEvent) => void>()
  readonly #admissions: Admission[] = []
  readonly #now: () => Date
  readonly #ours: boolean
  #version = 1000
  #uids = 0

  constructor(options: FakeClusterOptions = {}) {
    this.where = { context: 'fake', server: 'memory://fake', namespace: options.namespace ?? 'default' }
    this.#now = options.now ?? (() => new Date())
    this.#ours = options.ours ?? true
  }

  // What tests use besides the port.

  /** Puts an object there exactly as given, status and all, without admission or field ownership. */
  seed(object: KubeObject): KubeObject {
    const kind = this.#kind(object.apiVersion, object.kind)
    const placed = this.#place(object, kind)
    const known = this.#objects.get(keyOf(placed))
    const stored = { ...placed, metadata: { ...this.#newMeta(placed.metadata), ...placed.metadata } }
    this.#commit(
      { ...stored, metadata: { ...stored.metadata, resourceVersion: this.#next() } },
      known === undefined ? 'added' : 'modified',
    )
    return structuredClone(stored)
  }
  /** Sets `status` as a controller would. A container that has terminated ends its log. */
  setStatus(ref: ObjectRef, status: Record<string, unknown>): void {
    const live = this.#find(ref)
    if (live === undefined) throw new Error(`there is no ${ref.kind} ${ref.name}`)
    this.#commit({ ...live, status, metadata: { ...live.metadata, resourceVersion: this.#next() } }, 'modified')
    const containers =
      live.kind === 'Pod'
        ? (status.containerStatuses as { name: string; state?: { terminated?: object } }[] | undefined)
        : []
    const { name, namespace = '' } = live.metadata
    for (const container of containers ?? []) {
      if (container.state?.terminated !== undefined) this.log({ namespace, name, container: container.name }).end()
    }
  }
  /** Called after each change, as a controller's watch would be. Returns how to stop. */
  onChange(listener: (event: ChangeEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
  admit(admission: Admission): void {
    this.#admissions.push(admission)
  }
  log(pod: { namespace: string; name: string; container: string }): FakeLog {
    const key = [pod.namespace, pod.name, pod.container].join('/')
    const log = this.#logs.get(key) ?? new FakeLog()
    this.#logs.set(key, log)
    return log
  }
  /** Everything there is, for comparisons of before and after. */
  snapshot(): Record<string, KubeObject> {
    return structuredClone(Object.fromEntries([...this.#objects].toSorted(([a], [b]) => (a < b ? -1 : 1))))
  }

  // The port.

  async get(ref: ObjectRef, signal?: AbortSignal): Promise<KubeObject | undefined> {
    await turn(signal)
    const live = this.#find(ref)
    return live === undefined ? undefined : structuredClone(live)
  }

  async list(query: ListQuery, signal?: AbortSignal): Promise<KubeObject[]> {
    await turn(signal)
    const found = [...this.#objects.values()].filter(
      (object) =>
        object.apiVersion === query.apiVersion &&
        object.kind === query.kind &&
        (query.namespace === undefined ||
          object.metadata.namespace === undefined ||
          object.metadata.namespace === query.namespace) &&
        matchesLabels(object, query.labelSelector) &&
        matchesFields(object, query.fieldSelector),
    )
    const shown = found.map(({ apiVersion, kind, metadata, ...rest }) =>
      query.metadataOnly === true ? { apiVersion, kind, metadata } : { apiVersion, kind, metadata, ...rest },
    )
    return structuredClone(shown).toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  }

  async create(object: KubeObject, options: WriteOptions = {}, signal?: AbortSignal): Promise<KubeObject> {
    await turn(signal)
    const kind = this.#kind(object.apiVersion, object.kind)
    const placed = normal(this.#place(object, kind))
    if (this.#objects.has(keyOf(placed)))
      throw conflict(`${object.kind} "${object.metadata.name}" already exists`, { exists: true })
    const { status: _status, ...bare } = placed
    const fresh = {
      ...(kind.status === 'always' ? bare : placed),
      metadata: { ...placed.metadata, ...this.#newMeta(placed.metadata) },
    }
    return this.#write(undefined, fresh as KubeObject, { writer: updater(options), dryRun: options.dryRun === true })
  }

  async replace(
    object: KubeObject,
    options: WriteOptions & { subresource?: string } = {},
    signal?: AbortSignal,
  ): Promise<KubeObject> {
    await turn(signal)
    const kind = this.#kind(object.apiVersion, object.kind)
    const live = this.#mustFind(this.#place(object, kind))
    if (object.metadata.resourceVersion === undefined) {
      throw new PawlError({
        code: 'internal',
        message: `replace of ${object.kind} ${object.metadata.name} without a resourceVersion`,
      })
    }
    const next = this.#combine(live, normal(this.#place(object, kind)), kind, options.subresource)
    return this.#write(
      live,
      next,
      { writer: updater(options), dryRun: options.dryRun === true },
      object.metadata.resourceVersion,
    )
  }

  async apply(
    object: KubeObject,
    options: WriteOptions & { force?: boolean },
    signal?: AbortSignal,
  ): Promise<KubeObject> {
    await turn(signal)
    const kind = this.#kind(object.apiVersion, object.kind)
    const { status: _status, ...bare } = normal(this.#place(object, kind))
    const given = (kind.status === 'always' ? bare : normal(this.#place(object, kind))) as KubeObject
    const live = this.#objects.get(keyOf(given))
    const manager = options.manager ?? 'pawl'
    const empty = {
      apiVersion: given.apiVersion,
      kind: given.kind,
      metadata: { ...this.#newMeta(given.metadata), ...placeOf(given.metadata) },
    }
    const applied = applyTo(live ?? empty, given, manager)
    if (applied.conflicts.length > 0 && options.force !== true) {
      throw conflict(`Apply failed with ${applied.conflicts.length} conflict(s): ${applied.conflicts.join('; ')}`)
    }
    const writer: Writer = { manager, operation: 'Apply' }
    return this.#write(
      live,
      applied.object,
      { writer, dryRun: options.dryRun === true, named: applied.named },
      given.metadata.resourceVersion,
    )
  }

  async patch(
    ref: ObjectRef,
    patch: Patch,
    options: WriteOptions & { subresource?: string } = {},
    signal?: AbortSignal,
  ): Promise<KubeObject> {
    await turn(signal)
    const kind = this.#kind(ref.apiVersion, ref.kind)
    const live = this.#mustFind(this.#placeRef(ref))
    const patched = this.#patched(live, patch)
    const next = this.#combine(live, normal(patched), kind, options.subresource)
    // A Scale has no way to say zero (omitempty), so that the real server records no owner for it.
    const nobody = options.subresource === 'scale' && (next.spec as { replicas?: number }).replicas === 0
    const write: Write = {
      writer: updater(options),
      dryRun: options.dryRun === true,
      ...(nobody ? { named: new Set<string>() } : {}),
    }
    return this.#write(live, next, write, patched.metadata.resourceVersion)
  }

  async remove(
    ref: ObjectRef,
    options: { propagation?: 'Background' | 'Foreground' | 'Orphan'; uid?: string } = {},
    signal?: AbortSignal,
  ): Promise<boolean> {
    await turn(signal)
    const live = this.#find(ref)
    if (live === undefined || (options.uid !== undefined && live.metadata.uid !== options.uid)) return false
    this.#ask({ operation: 'DELETE', object: live, old: live })
    if ((live.metadata.finalizers ?? []).length > 0) {
      const metadata = { ...live.metadata, deletionTimestamp: this.#now().toISOString(), resourceVersion: this.#next() }
      this.#commit({ ...live, metadata }, 'modified')
    } else this.#delete(live, options.propagation === 'Orphan')
    return true
  }

  async followLog(
    pod: { namespace: string; name: string; container: string },
    onLine: (line: string) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    await turn(signal)
    if (this.#find({ apiVersion: 'v1', kind: 'Pod', ...pod }) === undefined) return
    await this.log(pod).follow(onLine, signal)
  }

  async readLog(
    pod: { namespace: string; name: string; container: string; tailLines?: number; previous?: boolean },
    signal?: AbortSignal,
  ): Promise<string> {
    await turn(signal)
    const { lines } = this.log(pod.previous === true ? { ...pod, container: `${pod.container}#previous` } : pod)
    const wanted = pod.tailLines === undefined ? lines : lines.slice(-pod.tailLines)
    return wanted.map((line) => `${line}\n`).join('')
  }

  async serverVersion(signal?: AbortSignal): Promise<{ major: number; minor: number; gitVersion: string }> {
    await turn(signal)
    return { major: 1, minor: 35, gitVersion: 'v1.35.4' }
  }

  // How it works inside.

  #write(live: KubeObject | undefined, next: KubeObject, write: Write, expectedVersion?: string): KubeObject {
    if (expectedVersion !== undefined && expectedVersion !== live?.metadata.resourceVersion) {
      throw conflict(
        `${next.kind} "${next.metadata.name}" has been modified; expected ${expectedVersion}, is ${live?.metadata.resourceVersion}`,
      )
    }
    this.#ask({ operation: live === undefined ? 'CREATE' : 'UPDATE', object: next, old: live })
    const stamped = this.#stamp(live, next, write)
    if (write.dryRun) return structuredClone(stamped)
    if (stamped.metadata.deletionTimestamp !== undefined && (stamped.metadata.finalizers ?? []).length === 0)
      this.#delete(stamped, false)
    else if (stamped !== live) this.#commit(stamped, live === undefined ? 'added' : 'modified')
    return structuredClone(stamped)
  }

  /** Generation, field owners and version; the live object itself where nothing changes, as the real server does it. */
  #stamp(live: KubeObject | undefined, next: KubeObject, write: Write): KubeObject {
    const managedFields = afterWrite(
      ownersAsGiven(live, next),
      next,
      write.writer,
      write.named,
      this.#now().toISOString(),
    )
    const specChanged = live !== undefined && JSON.stringify(specOf(live)) !== JSON.stringify(specOf(next))
    const generation = live === undefined ? 1 : (live.metadata.generation ?? 1) + (specChanged ? 1 : 0)
    const candidate = { ...next, metadata: { ...next.metadata, generation, managedFields } }
    if (live !== undefined && comparable(live) === comparable(candidate)) return live
    return { ...candidate, metadata: { ...candidate.metadata, resourceVersion: this.#next() } }
  }

  /** Which parts of a write count: the subresource's own, or everything but it. */
  #combine(live: KubeObject, given: KubeObject, kind: Kind, subresource?: string): KubeObject {
    const metadata = { ...given.metadata, ...systemMeta(live.metadata, given.metadata) }
    if (subresource === 'status') return { ...live, status: given.status }
    if (subresource === 'scale') {
      const replicas = (given.spec as { replicas?: number } | undefined)?.replicas
      return { ...live, spec: { ...(live.spec as object), replicas } }
    }
    if (kind.status === 'never') return { ...given, metadata }
    const { status: _status, ...bare } = given
    return (
      live.status === undefined ? { ...bare, metadata } : { ...bare, metadata, status: live.status }
    ) as KubeObject
  }

  #patched(live: KubeObject, patch: Patch): KubeObject {
    try {
      const { resourceVersion, ...metadata } = live.metadata
      // A version in the result is one the patch gave or tested, and so a condition.
      const target = patch.type === 'merge' ? { ...live, metadata } : live
      const result = applyPatch(target, patch) as KubeObject
      return {
        ...result,
        metadata: { ...result.metadata, ...(patch.type === 'json' ? { resourceVersion: resourceVersion ?? '' } : {}) },
      }
    } catch (error) {
      if (error instanceof TestFailed) throw conflict(error.message)
      throw error
    }
  }

  #ask(write: Parameters<Admission>[0]): void {
    for (const admission of this.#admissions) {
      const refusal = admission(write)
      if (refusal === undefined) continue
      const { kind, metadata } = write.object
      throw new PawlError({
        code: 'cluster-refused',
        message: `${kind} "${metadata.name}" is forbidden: ValidatingAdmissionPolicy denied request: ${refusal}`,
      })
    }
  }

  #delete(object: KubeObject, orphan: boolean): void {
    this.#objects.delete(keyOf(object))
    this.#tell({ type: 'deleted', object })
    // A copy: dependents are deleted on the way.
    const others = Array.from(this.#objects.values())
    for (const dependent of others) {
      const owners = dependent.metadata.ownerReferences ?? []
      if (!owners.some(({ uid }) => uid === object.metadata.uid)) continue
      const left = owners.filter(({ uid }) => uid !== object.metadata.uid)
      if (left.length === 0 && !orphan) this.#delete(dependent, false)
      else this.#commit({ ...dependent, metadata: { ...dependent.metadata, ownerReferences: left } }, 'modified')
    }
    if (object.kind === 'Pod')
      for (const [key, log] of this.#logs)
        if (key.startsWith(`${object.metadata.namespace}/${object.metadata.name}/`)) log.end()
  }

  #commit(object: KubeObject, type: 'added' | 'modified'): void {
    this.#objects.set(keyOf(object), structuredClone(object))
    this.#tell({ type, object })
  }
  #tell(event: ChangeEvent): void {
    const copy = structuredClone(event)
    for (const listener of this.#listeners) queueMicrotask(() => listener(copy))
  }
  #next(): string {
    this.#version += 1
    return String(this.#version)
  }
  #newMeta(given: ObjectMeta): ObjectMeta {
    this.#uids += 1
    const uid = `00000000-0000-4000-8000-${String(this.#uids).padStart(12, '0')}`
    return { name: given.name, uid, generation: 1, creationTimestamp: `${this.#now().toISOString().slice(0, 19)}Z` }
  }
  #find(ref: ObjectRef): KubeObject | undefined {
    return this.#kindIfAny(ref.apiVersion, ref.kind) === undefined
      ? undefined
      : this.#objects.get(keyOf(this.#placeRef(ref)))
  }
  #mustFind(object: KubeObject): KubeObject {
    const live = this.#objects.get(keyOf(object))
    if (live === undefined) throw conflict(`${object.kind} "${object.metadata.name}" not found`, { gone: true })
    return live
  }
  #placeRef({ apiVersion, kind, name, namespace }: ObjectRef): KubeObject {
    const found = this.#kind(apiVersion, kind)
    return this.#place(
      { apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } },
      found,
    )
  }
  #place(object: KubeObject, kind: Kind): KubeObject {
    const { namespace, ...metadata } = object.metadata
    const copy = structuredClone({ ...object, metadata })
    return kind.namespaced
      ? { ...copy, metadata: { ...copy.metadata, namespace: namespace ?? this.where.namespace } }
      : copy
  }
  #kind(apiVersion: string, kind: string): Kind {
    const found = this.#kindIfAny(apiVersion, kind)
    if (found !== undefined) return found
    const code = apiVersion.startsWith('pawl.dev/') ? 'not-initialised' : 'input-invalid'
    throw new PawlError({ code, message: `The cluster has no kind ${kind} in ${apiVersion}.`, facts: { kind } })
  }
  #kindIfAny(apiVersion: string, kind: string): Kind | undefined {
    const definitions = [...this.#objects.values()].filter((object) => object.kind === 'CustomResourceDefinition')
    return kindOf(apiVersion, kind, definitions, this.#ours)
  }
}
