// The Debian packages that the cluster runs on, and what data work on this machine uses beside PostgreSQL. Only what is missing is installed.
import { exists, findProgram } from './files.ts'
import { run, tryRun } from './run.ts'

interface Need {
  package: string
  /** A program on the PATH, or a file by its full path. */
  witness: string
}

const needs: readonly Need[] = [
  { package: 'containerd', witness: 'containerd' },
  { package: 'runc', witness: 'runc' },
  { package: 'containernetworking-plugins', witness: '/usr/lib/cni/ptp' },
  { package: 'iptables', witness: 'iptables' },
  { package: 'conntrack', witness: 'conntrack' },
  { package: 'iproute2', witness: 'ip' },
  { package: 'mount', witness: 'umount' },
  { package: 'isal', witness: 'igzip' },
  { package: 'buildah', witness: 'buildah' },
  { package: 'mmdebstrap', witness: 'mmdebstrap' },
  { package: 'ca-certificates', witness: '/etc/ssl/certs/ca-certificates.crt' },
]

const aptOptions = ['-y', '-q', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300']

export async function missingPackages(): Promise<string[]> {
  const answers = await Promise.all(
    needs.map(async (need) => {
      const isThere = need.witness.startsWith('/')
        ? await exists(need.witness)
        : (await findProgram(need.witness)) !== undefined
      return isThere ? [] : [need.package]
    }),
  )
  return answers.flat()
}

/** Installs packages, refreshing apt's lists only where it does not know them. A service that a package starts is left alone. */
export async function installPackages(names: readonly string[]): Promise<void> {
  if (names.length === 0) return
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const install = ['install', ...aptOptions, ...names]
  if ((await tryRun('apt-get', install, { env })).exitCode === 0) return
  await run('apt-get', ['update', '-q'], { env })
  await run('apt-get', install, { env })
}
