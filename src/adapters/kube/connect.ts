// The Cluster port on a real API server.
import type { Cluster, KubeObject, ListQuery, ObjectRef, Patch, WriteOptions } from '../../ports/cluster.ts'
import { PawlError } from '../../core/errors.ts'
import { containerState, type ContainerState } from './container-state.ts'
import { credentialsOf } from './credentials.ts'
import { connectionFailure, failureOf, type Attempt } from './failure.ts'
import { followLog, readLog, type ContainerRef, type LogSource } from './follow-log.ts'
import { readConnection, type ConnectOptions } from './kubeconfig.ts'
import { groupPath, knownResource, resourceName, resourcePath, type Resource } from './resources.ts'
import { DEFAULT_RETRY, Retrier, type Repeatable, type RetryPolicy } from './retry.ts'
import { Transport, type ApiRequest, type ApiResponse } from './transport.ts'

const PAGE_SIZE = 250
const DEFAULT_MANAGER = 'pawl'

export interface Tuning {
  requestTimeoutMs?: number
  /** Objects per request of a list; 250 where absent. */
  pageSize?: number
  retry?: RetryPolicy
  log?: { silenceMs?: number; pauseMs?: number; patienceMs?: number; nodeGoneMs?: number }
}

export interface ConnectedCluster extends Cluster {
  /** Closes idle connections, so that the process can end at once. */
  close(): void
}

/** Reads the kubeconfig at once (throws `input-invalid` or `cluster-unreachable`); the network is first used by the first request. */
export function connect(options: ConnectOptions & { tuning?: Tuning } = {}): ConnectedCluster {
  const connection = readConnection(options)
  const server = connection.cluster.server
  const where = { context: connection.context, server, namespace: connection.namespace }
  return new ApiCluster(where, new Transport(server, credentialsOf(connection)), options.tuning ?? {})
}

interface Call {
  attempt: Attempt
  method: ApiRequest['method']
  path: string
  repeatable: Repeatable
  body?: unknown
  contentType?: string
  accept?: string
}

class ApiCluster implements ConnectedCluster {
  readonly where: Cluster['where']
  readonly #transport: Transport
  readonly #retrier: Retrier
  readonly #timeoutMs: number
  readonly #pageSize: number
  readonly #log: LogSource
  readonly #discovered = new Map<string, Promise<Map<string, Resource>>>()

  constructor(where: Cluster['where'], transport: Transport, tuning: Tuning) {
    this.where = where
    this.#transport = transport
    this.#retrier = new Retrier(tuning.retry ?? DEFAULT_RETRY)
    this.#timeoutMs = tuning.requestTimeoutMs ?? 30_000
    this.#pageSize = tuning.pageSize ?? PAGE_SIZE
    this.#log = {
      transport,
      server: where.server,
      state: (container, signal) => this.#state(container, signal),
      requestTimeoutMs: this.#timeoutMs,
      silenceMs: tuning.log?.silenceMs ?? 15_000,
      pauseMs: tuning.log?.pauseMs ?? 500,
      patienceMs: tuning.log?.patienceMs ?? 300_000,
      nodeGoneMs: tuning.log?.nodeGoneMs ?? 300_000,
    }
  }

  async get(ref: ObjectRef, signal?: AbortSignal): Promise<KubeObject | undefined> {
    const resource = await this.#resource(ref.apiVersion, ref.kind, signal)
    if (resource === undefined) return undefined
    const { call, namespace } = this.#call('get', 'GET', ref, resource, 'yes')
    const response = await this.#send(call, signal)
    if (response.status === 404) return undefined
    return objectIn(response, call.attempt, ref, namespace)
  }

  async list(query: ListQuery, signal?: AbortSignal): Promise<KubeObject[]> {
    const resource = await this.#resource(query.apiVersion, query.kind, signal)
    if (resource === undefined) return []
    // A continue token lives for some minutes; when it has expired (410) the list starts again from the beginning.
    for (let restarts = 0; ; restarts += 1) {
      const items = await this.#pages(query, resource, restarts < 3, signal)
      if (items !== undefined) return items
    }
  }

  async create(object: KubeObject, options: WriteOptions = {}, signal?: AbortSignal): Promise<KubeObject> {
    const resource = await this.#mustKnow(object, signal)
    const { call, namespace } = this.#call(
      'create',
      'POST',
      { ...refOf(object), name: undefined },
      resource,
      repeatableIfDry(options),
    )
    call.attempt.name = object.metadata.name
    call.path += writeQuery(options)
    call.body = namespace === undefined ? object : withNamespace(object, namespace)
    return await this.#write(call, object, namespace, signal)
  }

  async replace(
    object: KubeObject,
    options: WriteOptions & { subresource?: string } = {},
    signal?: AbortSignal,
  ): Promise<KubeObject> {
    if (object.metadata.resourceVersion === undefined) {
      throw new PawlError({
        code: 'internal',
        message: `replace of ${object.kind} ${object.metadata.name} without a resourceVersion`,
      })
    }
    const resource = await this.#mustKnow(object, signal)
    const { call, namespace } = this.#call(
      'update',
      'PUT',
      refOf(object),
      resource,
      repeatableIfDry(options),
      options.subresource,
    )
    call.path += writeQuery(options)
    call.body = namespace === undefined ? object : withNamespace(object, namespace)
    return await this.#write(call, object, namespace, signal)
  }

  async apply(
    object: KubeObject,
    options: WriteOptions & { force?: boolean },
    signal?: AbortSignal,
  ): Promise<KubeObject> {
    const resource = await this.#mustKnow(object, signal)
    const { call, namespace } = this.#call('patch', 'PATCH', refOf(object), resource, 'yes')
    call.path += writeQuery({ ...options, force: options.force === true })
    call.contentType = 'application/apply-patch+yaml'
    const { managedFields: _managed, ...metadata } = object.metadata
    call.body = { ...object, metadata: namespace === undefined ? metadata : { ...metadata, namespace } }
    return await this.#write(call, object, namespace, signal)
  }

  async patch(
    ref: ObjectRef,
    patch: Patch,
    options: WriteOptions & { subresource?: string } = {},
    signal?: AbortSignal,
  ): Promise<KubeObject> {
    const resource = await this.#mustKnow(ref, signal)
    const repeatable = patch.type === 'merge' && !pinsVersion(patch.body) ? 'yes' : repeatableIfDry(options)
    const { call, namespace } = this.#call('patch', 'PATCH', ref, resource, repeatable, options.subresource)
    call.path += writeQuery(options)
    call.contentType = patch.type === 'merge' ? 'application/merge-patch+json' : 'application/json-patch+json'
    call.body = patch.body
    return await this.#write(call, ref, namespace, signal)
  }

  async remove(
    ref: ObjectRef,
    options: { propagation?: 'Background' | 'Foreground' | 'Orphan'; uid?: string } = {},
    signal?: AbortSignal,
  ): Promise<boolean> {
    const resource = await this.#resource(ref.apiVersion, ref.kind, signal)
    if (resource === undefined) return false
    const { call } = this.#call('delete', 'DELETE', ref, resource, 'yes')
    call.body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: options.propagation ?? 'Background',
      ...(options.uid === undefined ? {} : { preconditions: { uid: options.uid } }),
    }
    const response = await this.#send(call, signal)
    // Gone at the second attempt: the first one, whose answer was lost, did it.
    if (response.status === 404) return response.attempts > 1
    // A precondition on the uid that fails means that the object asked for is gone and another one has its name.
    if (response.status === 409 && options.uid !== undefined && response.text.includes('UID')) return false
    if (response.status >= 400) throw failureOf(response, call.attempt)
    return true
  }

  async followLog(pod: ContainerRef, onLine: (line: string) => void, signal?: AbortSignal): Promise<void> {
    await followLog(this.#log, pod, onLine, signal)
  }

  async readLog(pod: ContainerRef & { tailLines?: number; previous?: boolean }, signal?: AbortSignal): Promise<string> {
    return await readLog(this.#log, pod, pod, signal)
  }

  async serverVersion(signal?: AbortSignal): Promise<{ major: number; minor: number; gitVersion: string }> {
    const attempt = { verb: 'get', resource: 'version', server: this.where.server }
    const response = await this.#send({ attempt, method: 'GET', path: '/version', repeatable: 'yes' }, signal)
    if (response.status !== 200) throw failureOf(response, attempt)
    const version = parseJson(response, attempt) as { major?: string; minor?: string; gitVersion?: string }
    // Managed clusters say "34+".
    return {
      major: Number.parseInt(version.major ?? '', 10),
      minor: Number.parseInt(version.minor ?? '', 10),
      gitVersion: version.gitVersion ?? '',
    }
  }

  close(): void {
    this.#transport.close()
  }

  /** Undefined where a page's continue token had expired and `mayRestart`. */
  async #pages(
    query: ListQuery,
    resource: Resource,
    mayRestart: boolean,
    signal?: AbortSignal,
  ): Promise<KubeObject[] | undefined> {
    const { call } = this.#call('list', 'GET', { ...query, name: undefined }, resource, 'yes')
    if (query.metadataOnly === true)
      call.accept = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json'
    const items: KubeObject[] = []
    let next: string | undefined
    do {
      const search = new URLSearchParams({ limit: String(this.#pageSize) })
      if (query.labelSelector !== undefined) search.set('labelSelector', query.labelSelector)
      if (query.fieldSelector !== undefined) search.set('fieldSelector', query.fieldSelector)
      if (next !== undefined) search.set('continue', next)
      const response = await this.#send({ ...call, path: `${call.path}?${search}` }, signal)
      if (response.status === 410 && mayRestart) return undefined
      if (response.status === 404) return []
      if (response.status !== 200) throw failureOf(response, call.attempt)
      const page = parseJson(response, call.attempt) as { items?: KubeObject[]; metadata?: { continue?: string } }
      // Items of a list carry neither apiVersion nor kind.
      for (const item of page.items ?? []) items.push({ ...item, apiVersion: query.apiVersion, kind: query.kind })
      next = page.metadata?.continue || undefined
    } while (next !== undefined)
    return items
  }

  #call(
    verb: string,
    method: ApiRequest['method'],
    ref: { apiVersion: string; name: string | undefined; namespace?: string | undefined },
    resource: Resource,
    repeatable: Repeatable,
    subresource?: string,
  ): { call: Call; namespace: string | undefined } {
    const anyNamespace = verb === 'list' && ref.namespace === undefined
    const namespace = resource.namespaced && !anyNamespace ? (ref.namespace ?? this.where.namespace) : undefined
    const path = resourcePath(ref.apiVersion, resource, { namespace, name: ref.name, subresource })
    const attempt = {
      verb,
      resource: resourceName(ref.apiVersion, resource, subresource),
      name: ref.name,
      namespace,
      server: this.where.server,
    }
    return { call: { attempt, method, path, repeatable }, namespace }
  }

  async #write(
    call: Call,
    what: { apiVersion: string; kind: string },
    namespace: string | undefined,
    signal?: AbortSignal,
  ): Promise<KubeObject> {
    const response = await this.#send(call, signal)
    return objectIn(response, call.attempt, what, namespace)
  }

  async #send(call: Call, signal?: AbortSignal): Promise<ApiResponse & { attempts: number }> {
    const { attempt: _attempt, repeatable, ...rest } = call
    const request: ApiRequest = { ...rest, timeoutMs: this.#timeoutMs, signal }
    let renewed = false
    const once = async (): Promise<ApiResponse> => {
      const response = await this.#transport.call(request)
      if (response.status !== 401 || renewed) return response
      // A token may have expired a moment ago; nothing was done yet, so any request may be sent once more.
      renewed = true
      this.#transport.forgetCredentials()
      return await this.#transport.call(request)
    }
    return await this.#retrier.run(once, repeatable, signal).catch((error: unknown) => {
      throw connectionFailure(error, call.attempt)
    })
  }

  async #mustKnow(ref: { apiVersion: string; kind: string }, signal?: AbortSignal): Promise<Resource> {
    const resource = await this.#resource(ref.apiVersion, ref.kind, signal)
    if (resource !== undefined) return resource
    const code = ref.apiVersion.startsWith('pawl.dev/') ? 'not-initialised' : 'input-invalid'
    throw new PawlError({
      code,
      message: `The cluster has no kind ${ref.kind} in ${ref.apiVersion}.`,
      facts: { kind: ref.kind },
    })
  }

  async #resource(apiVersion: string, kind: string, signal?: AbortSignal): Promise<Resource | undefined> {
    const known = knownResource(apiVersion, kind)
    if (known !== undefined) return known
    const cached = await this.#discovered.get(apiVersion)
    if (cached?.has(kind) === true) return cached.get(kind)
    // Not cached when the kind is missing: a CRD may have been installed since.
    const fresh = this.#discover(apiVersion, signal)
    this.#discovered.set(apiVersion, fresh)
    fresh.catch(() => this.#discovered.delete(apiVersion))
    return (await fresh).get(kind)
  }

  async #discover(apiVersion: string, signal?: AbortSignal): Promise<Map<string, Resource>> {
    const attempt = { verb: 'get', resource: `the kinds of ${apiVersion}`, server: this.where.server }
    const response = await this.#send(
      { attempt, method: 'GET', path: groupPath(apiVersion), repeatable: 'yes' },
      signal,
    )
    if (response.status === 404) return new Map()
    if (response.status !== 200) throw failureOf(response, attempt)
    const list = parseJson(response, attempt) as { resources?: { name: string; kind: string; namespaced: boolean }[] }
    const whole = (list.resources ?? []).filter(({ name }) => !name.includes('/'))
    return new Map(whole.map(({ name, kind, namespaced }) => [kind, { plural: name, namespaced }]))
  }

  async #state({ namespace, name, container }: ContainerRef, signal?: AbortSignal): Promise<ContainerState> {
    const pod = await this.get({ apiVersion: 'v1', kind: 'Pod', namespace, name }, signal)
    return pod === undefined ? { phase: 'gone', restarts: 0 } : containerState(pod, container)
  }
}

function refOf(object: KubeObject): ObjectRef {
  const { name, namespace } = object.metadata
  return { apiVersion: object.apiVersion, kind: object.kind, name, ...(namespace === undefined ? {} : { namespace }) }
}

function withNamespace(object: KubeObject, namespace: string): KubeObject {
  return { ...object, metadata: { ...object.metadata, namespace } }
}

function repeatableIfDry(options: WriteOptions): Repeatable {
  return options.dryRun === true ? 'yes' : 'no'
}

function pinsVersion(body: Record<string, unknown>): boolean {
  const metadata = body.metadata as { resourceVersion?: unknown } | undefined
  return metadata?.resourceVersion !== undefined
}

function writeQuery(options: WriteOptions & { force?: boolean }): string {
  const query = new URLSearchParams({ fieldManager: options.manager ?? DEFAULT_MANAGER })
  if (options.dryRun === true) query.set('dryRun', 'All')
  if (options.force === true) query.set('force', 'true')
  return `?${query}`
}

function objectIn(
  response: ApiResponse,
  attempt: Attempt,
  what: { apiVersion: string; kind: string },
  namespace: string | undefined,
): KubeObject {
  if (response.status >= 300) throw failureOf(response, attempt)
  const object = parseJson(response, attempt) as KubeObject
  const metadata = namespace === undefined ? object.metadata : { ...object.metadata, namespace }
  return { ...object, apiVersion: object.apiVersion ?? what.apiVersion, kind: object.kind ?? what.kind, metadata }
}

function parseJson(response: ApiResponse, attempt: Attempt): unknown {
  try {
    return JSON.parse(response.text)
  } catch (cause) {
    // A proxy's login page, or an answer that was cut.
    throw new PawlError({
      code: 'cluster-unreachable',
      message: `${attempt.server} did not answer in JSON (HTTP ${response.status}).`,
      cause,
    })
  }
}
