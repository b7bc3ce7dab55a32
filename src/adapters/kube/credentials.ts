// How requests prove who we are: certificates, tokens and token files here; credential programs, OIDC and proxies by client-node.
import { readFileSync } from 'node:fs'
import type { Agent as HttpAgent } from 'node:http'
import { createSecureContext } from 'node:tls'
import { Agent as HttpsAgent, type AgentOptions, type RequestOptions } from 'node:https'
import { PawlError } from '../../core/errors.ts'
import type { Connection } from './kubeconfig.ts'

/** Idle connections are closed after this long, before load balancers drop them silently. */
const IDLE_MS = 20_000
/** The kubelet rotates mounted tokens long before they expire; reading the file again every minute is enough. */
const TOKEN_FILE_MS = 60_000

export interface Credentials {
  headers(): Promise<Record<string, string>>
  agent(): Promise<HttpAgent | HttpsAgent>
  /** Forgets cached tokens; called after a 401. */
  forget(): void
  close(): void
}

export function credentialsOf(connection: Connection): Credentials {
  const { user, cluster } = connection
  // client-node takes about 80 ms to load: only where its providers or proxies are needed.
  const needsClient =
    user.exec !== undefined || user['auth-provider'] !== undefined || cluster['proxy-url'] !== undefined
  return needsClient ? clientCredentials(connection) : ownCredentials(connection)
}

function ownCredentials(connection: Connection): Credentials {
  const { user, cluster } = connection
  let agent: HttpAgent | HttpsAgent | undefined
  let token: { value: string; readAt: number } | undefined
  const bearer = (): string | undefined => {
    if (user.tokenFile === undefined) return user.token
    if (token === undefined || performance.now() - token.readAt > TOKEN_FILE_MS) {
      token = { value: readOwn(user.tokenFile).toString('utf8').trim(), readAt: performance.now() }
    }
    return token.value
  }
  return {
    headers: async () => ({ ...authorization(bearer(), user.username, user.password), ...impersonation(connection) }),
    agent: async () => (agent ??= makeAgent(cluster.server, tlsOf(connection))),
    forget: () => (token = undefined),
    close: () => agent?.destroy(),
  }
}

function authorization(bearer?: string, username?: string, password?: string): Record<string, string> {
  if (bearer !== undefined && bearer !== '') return { authorization: `Bearer ${bearer}` }
  if (username === undefined || username === '') return {}
  return { authorization: `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}` }
}

function impersonation({ user }: Connection): Record<string, string> {
  if (user.as === undefined || user.as === '') return {}
  const groups = user['as-groups'] ?? []
  return { 'impersonate-user': user.as, ...(groups.length > 0 ? { 'impersonate-group': groups.join(',') } : {}) }
}

function makeAgent(server: string, tls: AgentOptions): HttpAgent | HttpsAgent {
  // Few connections: each costs a handshake on both sides, and requests are short (streams have their own).
  const options = { keepAlive: true, timeout: IDLE_MS, maxSockets: 3 }
  return server.startsWith('http:')
    ? new (process.getBuiltinModule('node:http').Agent)(options)
    : // Certificates are parsed once, not for each connection.
      new HttpsAgent({ ...options, ...tls, secureContext: createSecureContext(tls) })
}

function tlsOf({ cluster, user }: Connection): AgentOptions {
  const options: AgentOptions = {}
  const ca = material(cluster['certificate-authority-data'], cluster['certificate-authority'])
  const cert = material(user['client-certificate-data'], user['client-certificate'])
  const key = material(user['client-key-data'], user['client-key'])
  if (ca !== undefined) options.ca = ca
  if (cert !== undefined) options.cert = cert
  if (key !== undefined) options.key = key
  if (cluster['insecure-skip-tls-verify'] === true) options.rejectUnauthorized = false
  if (cluster['tls-server-name'] !== undefined) options.servername = cluster['tls-server-name']
  return options
}

/** Inline data wins over a file, as in kubectl. */
function material(data: string | undefined, path: string | undefined): Buffer | undefined {
  if (data !== undefined && data !== '') return Buffer.from(data, 'base64')
  return path === undefined || path === '' ? undefined : readOwn(path)
}

function readOwn(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new PawlError({
      code: 'cluster-refused',
      message: `The kubeconfig names ${path}, which cannot be read.`,
      cause,
    })
  }
}

function clientCredentials(connection: Connection): Credentials {
  let loaded: Promise<RequestOptions> | undefined
  let loadedAt = 0
  const load = (): Promise<RequestOptions> => {
    if (loaded === undefined || performance.now() - loadedAt > TOKEN_FILE_MS) {
      loadedAt = performance.now()
      loaded = askClient(connection)
      loaded.catch(() => (loaded = undefined))
    }
    return loaded
  }
  let agent: HttpAgent | HttpsAgent | undefined
  return {
    headers: async () => {
      const { headers } = await load()
      const given = Object.entries((headers ?? {}) as Record<string, unknown>)
      return {
        ...Object.fromEntries(given.map(([name, value]) => [name, String(value)])),
        ...impersonation(connection),
      }
    },
    agent: async () => {
      const options = await load()
      if (connection.cluster['proxy-url'] !== undefined) return options.agent as HttpsAgent
      const { ca, cert, key, rejectUnauthorized, servername } = options
      const tls = { ca, cert, key, rejectUnauthorized, servername }
      const given = Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined))
      agent ??= makeAgent(connection.cluster.server, given)
      return agent
    },
    forget: () => {
      // A new credential may be a new certificate. Sockets of the old agent end when they have been idle.
      loaded = undefined
      agent = undefined
    },
    close: () => agent?.destroy(),
  }
}

/** Asks client-node for headers, TLS material and proxy agent. A new KubeConfig each time: its own token cache has no way out. */
async function askClient({ context, namespace, cluster, user }: Connection): Promise<RequestOptions> {
  const { KubeConfig } = await import('@kubernetes/client-node')
  const config = new KubeConfig()
  config.loadFromOptions({
    currentContext: context,
    contexts: [{ name: context, cluster: 'cluster', user: 'user', namespace }],
    clusters: [
      {
        name: 'cluster',
        server: cluster.server,
        caData: cluster['certificate-authority-data'],
        caFile: cluster['certificate-authority'],
        // client-node refuses plain HTTP unless told that there is nothing to verify.
        skipTLSVerify: cluster['insecure-skip-tls-verify'] === true || cluster.server.startsWith('http:'),
        tlsServerName: cluster['tls-server-name'],
        proxyUrl: cluster['proxy-url'],
      },
    ],
    users: [
      {
        name: 'user',
        certData: user['client-certificate-data'],
        certFile: user['client-certificate'],
        keyData: user['client-key-data'],
        keyFile: user['client-key'],
        token: user.tokenFile === undefined ? user.token : readOwn(user.tokenFile).toString('utf8').trim(),
        username: user.username,
        password: user.password,
        authProvider: user['auth-provider'],
        exec: user.exec === undefined ? undefined : { ...user.exec, env: execEnvironment(cluster.server, user.exec) },
      },
    ],
  })
  const options: RequestOptions = {}
  try {
    await config.applyToHTTPSOptions(options)
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new PawlError({
      code: 'cluster-refused',
      message: `The kubeconfig's credential ${user.exec === undefined ? 'provider' : `program "${user.exec.command}"`} failed: ${message.slice(0, 500)}`,
      cause,
    })
  }
  if (options.auth !== undefined && options.auth !== null) {
    const headers = (options.headers ?? {}) as Record<string, string>
    options.headers = { ...headers, authorization: `Basic ${Buffer.from(options.auth).toString('base64')}` }
  }
  return options
}

/** What client-go tells credential programs (client.authentication.k8s.io ExecCredential); some refuse to run without it. */
function execEnvironment(
  server: string,
  exec: NonNullable<Connection['user']['exec']>,
): { name: string; value: string }[] {
  const info = {
    kind: 'ExecCredential',
    apiVersion: exec.apiVersion ?? 'client.authentication.k8s.io/v1',
    spec: { interactive: false, ...(exec.provideClusterInfo === true ? { cluster: { server } } : {}) },
  }
  return [...(exec.env ?? []), { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) }]
}
