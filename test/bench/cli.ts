// How fast the command line answers: help, and status against what a person would type instead.
// `npm run bench -- cli [--release NAME] [--namespace NAME]`; without them the first Tally that Helm knows is taken.
import { execFile } from 'node:child_process'
import { availableParallelism, loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { ensureCluster } from '../cluster/index.ts'
import { median } from './bench.ts'
import type { Bench, Figure } from './bench.ts'
import { timeInTurn } from './timing.ts'

const HELP_ROUNDS = 10
const STATUS_ROUNDS = 10
const ROOT = join(import.meta.dirname, '../..')
const PAWL = join(ROOT, 'bin/pawl.js')

interface Installed {
  release: string
  namespace: string
}

export const cli: Bench = {
  name: 'cli',
  title: 'how fast the command line answers',
  usually: '30 s',
  async run(args, say) {
    await promisify(execFile)(process.execPath, [join(ROOT, 'scripts/build.ts')], { cwd: ROOT })
    const [load = 0] = loadavg()
    if (load > availableParallelism())
      say(`others are at work here (load ${load.toFixed(1)}): times are longer than they would be alone`)
    const help = await measureHelp()
    say(`pawl --help: ${help.toFixed(0)} ms (median of ${HELP_ROUNDS})`)
    const figures: Figure[] = [{ name: 'pawl --help', value: help, unit: 'ms', target: { below: 100 } }]
    const cluster = await ensureCluster(say)
    const env = { ...process.env, KUBECONFIG: cluster.kubeconfig }
    const { release, namespace } = await chosenRelease(args, cluster.helm, env)
    const [status = [], list = [], pods = []] = await timeInTurn(STATUS_ROUNDS, [
      {
        program: process.execPath,
        args: [PAWL, 'status', release, '-n', namespace],
        env: { ...env, PATH: `${cluster.binDir}:${process.env['PATH'] ?? ''}` },
      },
      { program: cluster.helm, args: ['list', '-n', namespace], env },
      { program: cluster.kubectl, args: ['get', 'pods', '-n', namespace], env },
    ])
    const [ours, helm, kubectl] = [median(status), median(list), median(pods)]
    say(
      `pawl status ${ours.toFixed(0)} ms, helm list ${helm.toFixed(0)} ms, kubectl get pods ${kubectl.toFixed(0)} ms (medians of ${STATUS_ROUNDS}, in turn)`,
    )
    return [
      ...figures,
      { name: 'pawl status / (helm list + kubectl get pods)', value: ours / (helm + kubectl), target: { most: 1.5 } },
    ]
  },
}

async function measureHelp(): Promise<number> {
  const [times = []] = await timeInTurn(HELP_ROUNDS, [
    { program: process.execPath, args: [PAWL, '--help'], env: process.env },
  ])
  return median(times)
}

/** The one that was named, else the first release of Tally on the cluster. */
async function chosenRelease(args: readonly string[], helm: string, env: NodeJS.ProcessEnv): Promise<Installed> {
  const options = { release: { type: 'string' }, namespace: { type: 'string', short: 'n' } } as const
  const { values } = parseArgs({ args: [...args], options })
  if (values.release !== undefined) return { release: values.release, namespace: values.namespace ?? 'default' }
  const { stdout } = await promisify(execFile)(helm, ['list', '--all-namespaces', '--output', 'json'], { env })
  const releases = JSON.parse(stdout) as { name: string; namespace: string; chart: string; status: string }[]
  const found = releases.find(({ chart, status, namespace }) => {
    return /^tally-\d/.test(chart) && status === 'deployed' && (values.namespace ?? namespace) === namespace
  })
  if (found === undefined)
    throw new Error(
      'no release of Tally is installed on the cluster: run "npm run demo" first, or name one with --release and --namespace',
    )
  return { release: found.name, namespace: found.namespace }
}
