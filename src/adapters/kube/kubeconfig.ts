// Finds and merges kubeconfig files by kubectl's own rules, and picks the context to talk to.
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, isAbsolute, join } from 'node:path'
import { load } from 'js-yaml'
import { PawlError } from '../../core/errors.ts'

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

export interface ClusterEntry {
  server: string
  'certificate-authority'?: string
  'certificate-authority-data'?: string
  'insecure-skip-tls-verify'?: boolean
  'tls-server-name'?: string
  'proxy-url'?: string
}

export interface ExecEntry {
  apiVersion?: string
  command: string
  args?: string[]
  env?: { name: string; value: string }[]
  provideClusterInfo?: boolean
}

export interface UserEntry {
  'client-certificate'?: string
  'client-certificate-data'?: string
  'client-key'?: string
  'client-key-data'?: string
  token?: string
  tokenFile?: string
  username?: string
  password?: string
  as?: string
  'as-groups'?: string[]
  exec?: ExecEntry
  'auth-provider'?: { name: string; config?: Record<string, unknown> }
}

interface ContextEntry {
  cluster: string
  user?: string
  namespace?: string
}

/** Everything that is needed to reach one cluster as one user. Holds secrets: never print it. */
export interface Connection {
  context: string
  namespace: string
  cluster: ClusterEntry
  user: UserEntry
}

export interface ConnectOptions {
  /** One file; without it KUBECONFIG (several files), `~/.kube/config`, then the pod's service account. */
  kubeconfig?: string
  context?: string
  namespace?: string
  env?: NodeJS.ProcessEnv
}

interface Merged {
  current: string
  clusters: Map<string, ClusterEntry>
  users: Map<string, UserEntry>
  contexts: Map<string, ContextEntry>
}

/** Throws `input-invalid` for files or contexts that cannot be used, `cluster-unreachable` where nothing says which cluster. */
export function readConnection(options: ConnectOptions): Connection {
  const env = options.env ?? process.env
  const paths = configPaths(options.kubeconfig, env)
  const found = paths.filter((path) => existsSync(path))
  if (options.kubeconfig !== undefined && found.length === 0) {
    throw new PawlError({ code: 'input-invalid', message: `There is no kubeconfig file ${options.kubeconfig}.` })
  }
  const merged = merge(found.map(readFile))
  if (merged.contexts.size === 0 && options.context === undefined) return inCluster(options, env, paths)
  return pick(merged, options, found)
}

function configPaths(explicit: string | undefined, env: NodeJS.ProcessEnv): string[] {
  if (explicit !== undefined) return [explicit]
  const listed = (env.KUBECONFIG ?? '').split(delimiter).filter((path) => path !== '')
  return listed.length > 0 ? listed : [join(env.HOME ?? homedir(), '.kube', 'config')]
}

/** For each name the first file wins, and the first file with a current context sets it (kubectl's merging rules). */
function merge(files: Merged[]): Merged {
  const result: Merged = { current: '', clusters: new Map(), users: new Map(), contexts: new Map() }
  for (const file of files) {
    if (result.current === '') result.current = file.current
    addMissing(result.clusters, file.clusters)
    addMissing(result.users, file.users)
    addMissing(result.contexts, file.contexts)
  }
  return result
}

function addMissing<T>(into: Map<string, T>, from: Map<string, T>): void {
  for (const [name, value] of from) if (!into.has(name)) into.set(name, value)
}

function readFile(path: string): Merged {
  const content = parseConfig(path)
  const root = dirname(path)
  const clusters = named<ClusterEntry>(content.clusters, 'cluster')
  const users = named<UserEntry>(content.users, 'user')
  for (const cluster of clusters.values()) resolvePaths(cluster, ['certificate-authority'], root)
  for (const user of users.values()) resolvePaths(user, ['client-certificate', 'client-key', 'tokenFile'], root)
  const current = content['current-context']
  return {
    current: typeof current === 'string' ? current : '',
    clusters,
    users,
    contexts: named<ContextEntry>(content.contexts, 'context'),
  }
}

function parseConfig(path: string): Record<string, unknown> {
  try {
    const content: unknown = load(readFileSync(path, 'utf8')) ?? {}
    if (typeof content === 'object' && content !== null) return content as Record<string, unknown>
  } catch (cause) {
    // The YAML parser quotes the line it stumbled on, which may hold a token: only its code is repeated.
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'not YAML'
    throw new PawlError({ code: 'input-invalid', message: `Kubeconfig ${path} cannot be read: ${code}.` })
  }
  throw new PawlError({ code: 'input-invalid', message: `Kubeconfig ${path} is not a mapping.` })
}

function named<T extends object>(list: unknown, field: string): Map<string, T> {
  const result = new Map<string, T>()
  if (!Array.isArray(list)) return result
  for (const item of list as Record<string, unknown>[]) {
    const value = item?.[field]
    if (typeof item?.name === 'string' && !result.has(item.name)) result.set(item.name, { ...(value as T) })
  }
  return result
}

function resolvePaths(entry: object, fields: string[], root: string): void {
  const record = entry as Record<string, unknown>
  for (const field of fields) {
    const path = record[field]
    if (typeof path === 'string' && path !== '' && !isAbsolute(path)) record[field] = join(root, path)
  }
}

function pick(merged: Merged, options: ConnectOptions, paths: string[]): Connection {
  const name = options.context ?? merged.current
  const context = merged.contexts.get(name)
  if (context === undefined) {
    const known = [...merged.contexts.keys()].join(', ') || 'none'
    const wanted = name === '' ? 'no current context' : `no context "${name}"`
    throw new PawlError({
      code: 'input-invalid',
      message: `There is ${wanted} in ${paths.join(', ') || 'any kubeconfig'}; known: ${known}.`,
    })
  }
  const cluster = merged.clusters.get(context.cluster)
  if (cluster?.server === undefined || !URL.canParse(cluster.server)) {
    throw new PawlError({
      code: 'input-invalid',
      message: `Context "${name}" names cluster "${context.cluster}", which has no usable server address.`,
    })
  }
  const namespace = options.namespace ?? (context.namespace || 'default')
  return { context: name, namespace, cluster, user: merged.users.get(context.user ?? '') ?? {} }
}

function inCluster(options: ConnectOptions, env: NodeJS.ProcessEnv, looked: string[]): Connection {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env
  if (host === undefined || port === undefined || !existsSync(`${SERVICE_ACCOUNT}/token`)) {
    throw new PawlError({
      code: 'cluster-unreachable',
      message: `Nothing says which cluster to use: no context in ${looked.join(', ')}, and this is not a pod with a service account.`,
    })
  }
  const address = host.includes(':') ? `[${host}]` : host
  const own = `${SERVICE_ACCOUNT}/namespace`
  return {
    context: 'in-cluster',
    namespace: options.namespace ?? (existsSync(own) ? readFileSync(own, 'utf8').trim() : 'default'),
    cluster: { server: `https://${address}:${port}`, 'certificate-authority': `${SERVICE_ACCOUNT}/ca.crt` },
    user: { tokenFile: `${SERVICE_ACCOUNT}/token` },
  }
}
