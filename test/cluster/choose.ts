// Which cluster this machine gets: the user's own, else kind, else one from source. The choice is pure; looking is beside it.
import { ClusterUnavailable } from './errors.ts'
import { exists, findProgram } from './files.ts'
import { etcdDir, kubernetesDir } from './layout.ts'
import type { Layout } from './layout.ts'
import { tryRun } from './run.ts'

export interface Surroundings {
  /** `PAWL_TEST_KUBECONFIG` */
  userKubeconfig: string | undefined
  /** `PAWL_TEST_REGISTRY`: where the user's cluster pulls from and we may push to. */
  userRegistry: string | undefined
  dockerAnswers: boolean
  hasKind: boolean
  isLinux: boolean
  isRoot: boolean
  hasApt: boolean
  hasGo: boolean
  /** Every program from source is in the cache already, so Go is not needed. */
  isBuilt: boolean
}

export type Choice =
  | { kind: 'user'; kubeconfig: string; registry: string }
  | { kind: 'kind' }
  | { kind: 'source' }
  | { kind: 'none'; reason: string }

export function choose(here: Surroundings): Choice {
  if (here.userKubeconfig) {
    if (here.userRegistry) return { kind: 'user', kubeconfig: here.userKubeconfig, registry: here.userRegistry }
    return {
      kind: 'none',
      reason: 'PAWL_TEST_KUBECONFIG is set, but PAWL_TEST_REGISTRY (a registry that this cluster pulls from) is not',
    }
  }
  if (here.dockerAnswers && here.hasKind) return { kind: 'kind' }
  const missing = [
    here.isLinux ? '' : 'Linux',
    here.isRoot ? '' : 'root',
    here.hasApt ? '' : 'apt-get',
    here.hasGo || here.isBuilt ? '' : 'Go',
  ].filter(Boolean)
  if (missing.length === 0) return { kind: 'source' }
  const docker = here.dockerAnswers ? 'Docker answers but there is no kind' : 'no Docker daemon answers'
  return { kind: 'none', reason: `${docker}, and for a cluster from source this is missing: ${missing.join(', ')}` }
}

export async function lookAround(layout: Layout, env: Record<string, string | undefined>): Promise<Surroundings> {
  const [docker, kind, apt, go, kubernetes, etcd] = await Promise.all([
    findProgram('docker'),
    findProgram('kind'),
    findProgram('apt-get'),
    findProgram('go'),
    exists(kubernetesDir(layout)),
    exists(etcdDir(layout)),
  ])
  return {
    userKubeconfig: env['PAWL_TEST_KUBECONFIG'] || undefined,
    userRegistry: env['PAWL_TEST_REGISTRY'] || undefined,
    // Asking a daemon takes time, so only where the answer matters.
    dockerAnswers: docker !== undefined && kind !== undefined && (await dockerAnswers(docker)),
    hasKind: kind !== undefined,
    isLinux: process.platform === 'linux',
    isRoot: process.getuid?.() === 0,
    hasApt: apt !== undefined,
    hasGo: go !== undefined,
    isBuilt: kubernetes && etcd,
  }
}

/** The choice for this machine; throws `ClusterUnavailable` where there is none. */
export async function chooseHere(layout: Layout): Promise<Exclude<Choice, { kind: 'none' }>> {
  const choice = choose(await lookAround(layout, process.env))
  if (choice.kind === 'none') throw new ClusterUnavailable(choice.reason)
  return choice
}

async function dockerAnswers(docker: string): Promise<boolean> {
  return (await tryRun(docker, ['version', '--format', '{{.Server.Version}}'], { timeoutMs: 5000 })).exitCode === 0
}
