// Builds the programs from Go modules into the cache, once per version.
import { mkdir, readdir, rename, rm, symlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { exists, findProgram } from './files.ts'
import { etcdDir, kubernetesDir, versions } from './layout.ts'
import type { Layout } from './layout.ts'
import { run } from './run.ts'

export interface Build {
  title: string
  usually: string
  /** Directory in the cache; it is there exactly when the build is whole. */
  directory: string
  /** Programs that are offered in `bin/` as well: name there -> name in the directory. */
  offered: Record<string, string>
  steps: readonly BuildStep[]
}

type BuildStep =
  /** Packages of a committed module under `go/`; `output` ends in `/` for several programs. */
  | { module: string; output: string; packages: readonly string[]; ldflags: string }
  /** `go install package@version` */
  | { install: string }

const strip = '-s -w'
const modulesDir = join(dirname(fileURLToPath(import.meta.url)), 'go')

/** Without the version the server calls itself v0.0.0-master and every chart's `kubeVersion` check fails. */
function kubernetesFlags(version: string): string {
  const [major, minor] = version.split('.')
  const facts = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' }
  return [
    strip,
    ...Object.entries(facts).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`),
  ].join(' ')
}

function toolBuild(layout: Layout, name: string, version: string, source: string, usually: string): Build {
  return {
    title: `building ${name} ${version}`,
    usually,
    directory: join(layout.tools, `${name}-${version}`),
    offered: { [name]: name },
    steps: [{ install: `${source}@v${version}` }],
  }
}

/** Both Helms from one module: nearly all of their libraries are the same, and are then built once. */
function helmBuild(layout: Layout, name: string, version: string, usually: string): Build {
  const source = `helm.sh/helm/v${version.split('.')[0]}/cmd/helm`
  return {
    title: `building ${name} ${version}`,
    usually,
    directory: join(layout.tools, `${name}-${version}`),
    offered: { [name]: 'helm' },
    steps: [{ module: 'helm', output: 'helm', packages: [source], ldflags: strip }],
  }
}

/** Small programs that every kind of cluster needs. */
export function clientBuilds(layout: Layout): Build[] {
  return [
    helmBuild(layout, 'helm', versions.helm, '2 min on 2 cores, once'),
    toolBuild(layout, 'crane', versions.crane, 'github.com/google/go-containerregistry/cmd/crane', '20 s, once'),
  ]
}

/** What only tests need: an older Helm, and object stores. */
export function testBuilds(layout: Layout): Build[] {
  return [
    helmBuild(layout, 'helm3', versions.helm3, '20 s, once'),
    toolBuild(layout, 'versitygw', versions.versitygw, 'github.com/versity/versitygw/cmd/versitygw', '1 min, once'),
    toolBuild(layout, 'fake-gcs-server', versions.fakeGcs, 'github.com/fsouza/fake-gcs-server', '1 min, once'),
  ]
}

/** The cluster itself. */
export function clusterBuilds(layout: Layout): Build[] {
  const commands = [
    'kube-apiserver',
    'kube-controller-manager',
    'kube-scheduler',
    'kubelet',
    'kube-proxy',
    'kubeadm',
    'kubectl',
  ]
  return [
    {
      title: `building Kubernetes ${versions.kubernetes} from source`,
      usually: '5 min on 2 cores, once',
      directory: kubernetesDir(layout),
      offered: { kubectl: 'kubectl' },
      steps: [
        {
          module: 'kubernetes',
          output: './',
          packages: commands.map((command) => `k8s.io/kubernetes/cmd/${command}`),
          ldflags: kubernetesFlags(versions.kubernetes),
        },
      ],
    },
    {
      title: `building etcd ${versions.etcd} and CoreDNS ${versions.coredns}`,
      usually: '1 min on 2 cores, once',
      directory: etcdDir(layout),
      offered: {},
      steps: [
        { module: 'etcd-coredns', output: 'etcd', packages: ['go.etcd.io/etcd/server/v3'], ldflags: strip },
        { module: 'etcd-coredns', output: 'coredns', packages: ['./coredns'], ldflags: strip },
      ],
    },
    {
      title: 'building the pause program',
      usually: '2 s, once',
      directory: join(layout.tools, 'pause-1'),
      offered: {},
      steps: [{ module: 'pause', output: 'pause', packages: ['.'], ldflags: strip }],
    },
  ]
}

/** API servers of other minors, for what only admission has to do with: the oldest that the guard works with, and the newest there is. */
export const apiServerVersions = ['1.30.14', '1.37.2'] as const
export type ApiServerVersion = (typeof apiServerVersions)[number]

export function apiServerBuild(layout: Layout, version: ApiServerVersion): Build {
  return {
    title: `building kube-apiserver ${version} from source`,
    usually: '4 min on 2 cores, once',
    directory: join(layout.tools, `kube-apiserver-${version}`),
    offered: {},
    steps: [
      {
        module: `apiserver-${version.split('.').slice(0, 2).join('.')}`,
        output: './',
        packages: ['k8s.io/kubernetes/cmd/kube-apiserver'],
        ldflags: kubernetesFlags(version),
      },
    ],
  }
}

export function isBuilt(build: Build): Promise<boolean> {
  return exists(build.directory)
}

/** Makes the programs of a build be there. A build that was killed half-way left only a `.partial` directory and is done again. */
export async function ensureBuild(layout: Layout, build: Build): Promise<void> {
  if (!(await isBuilt(build))) await makeBuild(build)
  await mkdir(layout.bin, { recursive: true })
  for (const [name, program] of Object.entries(build.offered))
    await offer(join(build.directory, program), join(layout.bin, name))
}

async function makeBuild(build: Build): Promise<void> {
  const go = await findProgram('go')
  if (go === undefined) throw new Error(`${build.title}: there is no Go on the PATH`)
  const partial = `${build.directory}.${process.pid}.partial`
  await removePartials(build.directory)
  await mkdir(partial, { recursive: true })
  const flags = '-trimpath -buildvcs=false -gcflags=all=-dwarf=false'
  const env = {
    ...process.env,
    CGO_ENABLED: '0',
    GOWORK: 'off',
    GOFLAGS: `-mod=readonly ${flags}`,
    GOBIN: partial,
    // Besides there being no debugging data: a compiler that collects its garbage more rarely. Together a fifth of the time.
    GOGC: '200',
  }
  for (const step of build.steps) {
    if ('install' in step) {
      // `go install package@version` looks at no go.mod of ours, so it takes no -mod flag.
      await run(go, ['install', '-ldflags', strip, step.install], {
        cwd: partial,
        env: { ...env, GOFLAGS: flags },
      })
    } else {
      const output = step.output === './' ? `${partial}/` : join(partial, step.output)
      await run(go, ['build', '-o', output, '-ldflags', step.ldflags, ...step.packages], {
        cwd: join(modulesDir, step.module),
        env,
      })
    }
  }
  await rename(partial, build.directory)
}

async function removePartials(directory: string): Promise<void> {
  const parent = dirname(directory)
  await mkdir(parent, { recursive: true })
  for (const name of await readdir(parent)) {
    if (name.startsWith(`${basename(directory)}.`) && name.endsWith('.partial'))
      await rm(join(parent, name), { recursive: true })
  }
}

/** A link that is replaced in one step, so that a program is never missing for a moment. */
async function offer(program: string, link: string): Promise<void> {
  const partial = `${link}.${process.pid}.partial`
  await rm(partial, { force: true })
  await symlink(program, partial)
  await rename(partial, link)
}
