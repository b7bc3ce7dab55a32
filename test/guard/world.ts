// One guarded toy in a namespace of its own on some control plane, the programs that people use on it, and what is there before and after.
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseHelmYaml } from '../../src/adapters/artifacts/helm-yaml.ts'
import { releaseRecords } from '../../src/adapters/helm/records.ts'
import { connect, type ConnectedCluster } from '../../src/adapters/kube/connect.ts'
import { systemClock } from '../../src/adapters/world/clock.ts'
import { applyDefinitions } from '../../src/apps/cli/definitions.ts'
import type { Finding } from '../../src/core/guard/findings.ts'
import type { ReleaseGuard } from '../../src/core/guard/guard.ts'
import { changeGuard } from '../../src/steps/guard/guard.ts'
import { installGuard } from '../../src/steps/guard/install.ts'
import { lookAtGuard } from '../../src/steps/guard/look.ts'
import { proveGuard } from '../../src/steps/guard/prove.ts'
import { tryRun, type RunResult } from '../cluster/run.ts'
import { image, type Charts } from './toy.ts'

export interface Programs {
  kubeconfig: string
  helm: string
  helm3: string
  kubectl: string
  /** A database for Helm's records, where Helm is told to keep them in one. */
  sql?: string
  charts: Charts
  /** True where a kubelet tries to run things: then controllers write all the time. */
  restless: boolean
}

export const RELEASE = 'toy'

export class World {
  readonly namespace: string
  readonly cluster: ConnectedCluster
  readonly programs: Programs
  readonly place: { cluster: ConnectedCluster; namespace: string; release: string }

  private constructor(programs: Programs) {
    this.programs = programs
    this.namespace = `guard-${randomBytes(3).toString('hex')}`
    this.cluster = connect({ kubeconfig: programs.kubeconfig, namespace: this.namespace })
    this.place = { cluster: this.cluster, namespace: this.namespace, release: RELEASE }
  }

  /** Three revisions, an old Deployment that sleeps, an old CronJob that is suspended; then the guard. */
  static async make(programs: Programs): Promise<World> {
    const world = new World(programs)
    await world.cluster.create({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: world.namespace, labels: { 'pawl.dev/test': 'true' } },
    })
    await world.good(world.helm(['install', RELEASE, programs.charts.of('old')]))
    await world.good(world.helm(['upgrade', RELEASE, programs.charts.of('middle')]))
    await world.good(world.helm(['upgrade', RELEASE, programs.charts.of('now')]))
    // A StatefulSet waits for a pod to get ready before it replaces it, and these never do.
    await world.good(world.kubectl(['delete', 'pod', 'toy-queue-0', '--now', '--ignore-not-found']))
    const dormant = ['create', 'deployment', 'dormant', `--image=${image('api', 'old')}`, '--replicas=0']
    await world.good(world.kubectl(dormant))
    const nightly = ['create', 'cronjob', 'suspended', '--schedule=0 3 1 1 *', `--image=${image('api', 'old')}`]
    await world.good(world.kubectl(nightly))
    await world.good(
      world.kubectl(['patch', 'cronjob', 'suspended', '--type=merge', '-p', '{"spec":{"suspend":true}}']),
    )
    await world.install()
    return world
  }

  async install(): Promise<void> {
    const { cluster, place } = this
    await applyDefinitions(cluster, false, () => undefined)
    const [record] = await releaseRecords(cluster, systemClock()).history(RELEASE, this.namespace, { limit: 1 })
    if (record === undefined) throw new Error('the toy is not installed')
    await installGuard({ ...place, record, parseYaml: parseHelmYaml, enforcement: 'Enforce', dryRun: false })
    await this.change((guard) => guard)
  }

  /** Changes the guard and returns when the API server acts by it. */
  async change(change: (guard: ReleaseGuard) => ReleaseGuard): Promise<ReleaseGuard> {
    const guard = await changeGuard(this.place, change)
    if (guard === undefined) throw new Error('there is no guard')
    await proveGuard({ ...this.place, clock: systemClock() }, guard, guard.ticket)
    return guard
  }

  /** Waits until a dry run is answered so: what was just written takes a moment to reach the policies. */
  async until(args: string[], refused: boolean, input?: string): Promise<void> {
    for (let tries = 0; tries < 100; tries += 1) {
      const { exitCode } = await this.kubectl([...args, '--dry-run=server'], input)
      if ((exitCode !== 0) === refused) return
      await sleep(100)
    }
    throw new Error(`kubectl ${args.join(' ')} is never ${refused ? 'refused' : 'admitted'}`)
  }

  async helm(args: string[], env: Record<string, string> = {}, version: 'helm' | 'helm3' = 'helm'): Promise<RunResult> {
    return await this.run(this.programs[version], args, env)
  }

  async kubectl(args: string[], input?: string, env: Record<string, string> = {}): Promise<RunResult> {
    return await this.run(this.programs.kubectl, args, env, input)
  }

  /** The same world as somebody sees it who works in another namespace. */
  elsewhere(namespace: string): World {
    return Object.assign(Object.create(World.prototype) as World, this, { namespace })
  }

  async good(running: Promise<RunResult>): Promise<string> {
    const { exitCode, stdout, stderr } = await running
    if (exitCode !== 0) throw new Error(`expected success, got ${exitCode}: ${stderr}`)
    return stdout
  }

  async findings(): Promise<Finding[]> {
    const records = releaseRecords(this.cluster, systemClock())
    return (await lookAtGuard({ ...this.place, records })).findings
  }

  /** `Kind/name` -> everything that a write would change. */
  async objects(): Promise<Record<string, string>> {
    const kinds =
      'deployments,replicasets,statefulsets,daemonsets,controllerrevisions,jobs,cronjobs,pods,replicationcontrollers,secrets,configmaps,releaseguards.pawl.dev'
    const text = await this.good(this.kubectl(['get', kinds, '-o', 'json']))
    const { items } = JSON.parse(text) as { items: Seen[] }
    const { restless } = this.programs
    return Object.fromEntries(
      items.map(({ kind, metadata }) => {
        const version = restless && CONTROLLED.has(kind) ? (metadata.generation ?? 0) : metadata.resourceVersion
        return [`${kind}/${metadata.name}`, `${metadata.uid} ${version}`]
      }),
    )
  }

  /** Until controllers have done what there was to do. */
  async quiet(): Promise<void> {
    for (let tries = 0, last = ''; tries < 60; tries += 1) {
      const now = JSON.stringify(await this.objects())
      if (now === last) return
      last = now
      await sleep(300)
    }
    throw new Error('the namespace does not come to rest')
  }

  async end(): Promise<void> {
    await this.kubectl(['delete', 'namespace', this.namespace, '--wait=false'])
    this.cluster.close()
  }

  private async run(program: string, args: string[], env: Record<string, string>, input?: string): Promise<RunResult> {
    return await tryRun(program, [...args, '-n', this.namespace], {
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], KUBECONFIG: this.programs.kubeconfig, ...env },
      timeoutMs: 60_000,
      ...(input === undefined ? {} : { input }),
    })
  }
}

interface Seen {
  kind: string
  metadata: { name: string; uid: string; resourceVersion: string; generation?: number }
}

/** Their status follows what a kubelet does. */
const CONTROLLED = new Set([
  'Deployment',
  'ReplicaSet',
  'StatefulSet',
  'DaemonSet',
  'Pod',
  'Job',
  'CronJob',
  'ReplicationController',
])
