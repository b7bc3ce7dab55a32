// A control plane without a node, of any version: what admission does needs no kubelet. Its own data, ports and keys; gone with the test.
import { spawn, type ChildProcess } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import { flags } from '../cluster/controlplane.ts'
import { etcdDir, kubernetesDir, layoutOf } from '../cluster/layout.ts'
import { apiServerBuild, ensureBuild, type ApiServerVersion } from '../cluster/toolchain.ts'

export interface Plane {
  kubeconfig: string
  /** Ends the API server at once and starts it again; returns when the new process listens, long before its caches are filled. */
  restartApiServer(): Promise<void>
  stop(): Promise<void>
}

/** What creates objects from objects: enough for Deployments, Jobs, garbage and namespaces. */
const CONTROLLERS = [
  'deployment-controller',
  'replicaset-controller',
  'statefulset-controller',
  'daemonset-controller',
  'job-controller',
  'cronjob-controller',
  'garbage-collector-controller',
  'namespace-controller',
  'disruption-controller',
  'validatingadmissionpolicy-status-controller',
]

/** Ends with us, however we end: its standard input closes then. */
const WATCHED = `
exec 3<&0
"$@" </dev/null 3<&- &
program=$!
{ read -r _ <&3; kill -KILL "$program" 2>/dev/null; } &
wait "$program"
`

/** `durable`: etcd waits for the disk at each write, as it does for everybody but tests. */
export async function startPlane(
  version: ApiServerVersion | 'of the test cluster',
  { durable = false } = {},
): Promise<Plane> {
  const layout = layoutOf(process.env)
  const own = kubernetesDir(layout)
  let apiServer = join(own, 'kube-apiserver')
  if (version !== 'of the test cluster') {
    const build = apiServerBuild(layout, version)
    await ensureBuild(layout, build)
    apiServer = join(build.directory, 'kube-apiserver')
  }
  const directory = await mkdtemp(join(tmpdir(), 'pawl-plane-'))
  const [client, peer, port] = [await freePort(), await freePort(), await freePort()]
  const token = randomBytes(16).toString('hex')
  const etcdUrl = `http://127.0.0.1:${client}`
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const file = (name: string): string => join(directory, name)
  await writeFile(file('sa.key'), privateKey, { mode: 0o600 })
  await writeFile(file('sa.pub'), publicKey)
  await writeFile(file('tokens.csv'), `${token},admin,admin,system:masters\n`, { mode: 0o600 })
  const running = new Map<string, ChildProcess>()
  const start = async (name: string, program: string, args: string[]): Promise<void> => {
    const log = await open(file(`${name}.log`), 'a')
    const child = spawn('/bin/sh', ['-c', WATCHED, name, program, ...args], {
      cwd: directory,
      stdio: ['pipe', log.fd, log.fd],
    })
    running.set(name, child)
    await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject))
    await log.close()
  }
  const startApiServer = async (): Promise<void> =>
    await start(
      'kube-apiserver',
      apiServer,
      flags({
        'bind-address': '127.0.0.1',
        'advertise-address': '127.0.0.1',
        'secure-port': port,
        'etcd-servers': etcdUrl,
        'cert-dir': file('certs'),
        'token-auth-file': file('tokens.csv'),
        'authorization-mode': 'RBAC',
        'service-cluster-ip-range': '198.19.0.0/16',
        'disable-admission-plugins': 'ServiceAccount',
        'service-account-issuer': 'https://kubernetes.default.svc',
        'service-account-key-file': file('sa.pub'),
        'service-account-signing-key-file': file('sa.key'),
        'endpoint-reconciler-type': 'none',
      }),
    )
  const end = async (name: string): Promise<void> => {
    const child = running.get(name)
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.stdin?.end()
    await gone
  }
  const stop = async (): Promise<void> => {
    for (const name of ['kube-controller-manager', 'kube-apiserver', 'etcd']) await end(name)
    await rm(directory, { recursive: true, force: true })
  }
  const answers = async (path: string, limitMs: number): Promise<void> => {
    const deadline = Date.now() + limitMs
    for (;;) {
      if (await listening(port, path, file('certs/apiserver.crt'), token)) return
      const child = running.get('kube-apiserver')
      if (child?.exitCode !== null || Date.now() > deadline) {
        const tail = (await readFile(file('kube-apiserver.log'), 'utf8')).split('\n').slice(-8).join('\n')
        throw new Error(`kube-apiserver ${version} does not answer ${path}:\n${tail}`)
      }
      await sleep(100)
    }
  }
  try {
    await start(
      'etcd',
      join(etcdDir(layout), 'etcd'),
      flags({
        'data-dir': file('etcd'),
        'listen-client-urls': etcdUrl,
        'advertise-client-urls': etcdUrl,
        'listen-peer-urls': `http://127.0.0.1:${peer}`,
        'initial-advertise-peer-urls': `http://127.0.0.1:${peer}`,
        'initial-cluster': `default=http://127.0.0.1:${peer}`,
        'unsafe-no-fsync': !durable,
        'log-level': 'error',
      }),
    )
    await startApiServer()
    await answers('/readyz', 60_000)
    const kubeconfig = file('kubeconfig')
    // The certificate that it signs itself holds the authority that it signed with.
    const authority = (await readFile(file('certs/apiserver.crt'))).toString('base64')
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'plane',
      clusters: [
        { name: 'plane', cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority-data': authority } },
      ],
      users: [{ name: 'admin', user: { token } }],
      contexts: [{ name: 'plane', context: { cluster: 'plane', user: 'admin' } }],
    }
    await writeFile(kubeconfig, stringify(config), { mode: 0o600 })
    await start(
      'kube-controller-manager',
      join(own, 'kube-controller-manager'),
      flags({ kubeconfig, controllers: CONTROLLERS.join(','), 'leader-elect': false, 'secure-port': 0 }),
    )
    return {
      kubeconfig,
      stop,
      async restartApiServer() {
        await end('kube-apiserver')
        await startApiServer()
        await answers('/livez/ping', 60_000)
      },
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function listening(port: number, path: string, authority: string, token: string): Promise<boolean> {
  const { request } = await import('node:https')
  const ca = await readFile(authority).catch(() => undefined)
  if (ca === undefined) return false
  return await new Promise((resolve) => {
    const asked = request(
      { host: '127.0.0.1', port, path, ca, headers: { authorization: `Bearer ${token}` }, timeout: 2000 },
      (response) => {
        response.resume()
        resolve(response.statusCode === 200)
      },
    )
    asked.on('error', () => resolve(false)).on('timeout', () => asked.destroy())
    asked.end()
  })
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
