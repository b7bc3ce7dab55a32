// npm run demo: the main job on a real cluster. An upgrade with a proof, an upgrade that breaks, and every row coming back.
import { resolve } from 'node:path'
import { ClusterUnavailable } from '../cluster/index.ts'
import { openLab, kubectl, type Lab } from '../support/lab.ts'
import { pawl, pawlJson } from '../support/pawl.ts'
import { acknowledgedIds, installTally, lostIds, sql, waitReady, witness, type Tally } from '../support/tally.ts'
import { Story } from './story.ts'

const NAMESPACE = 'tally-demo'
const [FIRST, GOOD, BROKEN] = ['2026.1.12', '2026.3.9', '2026.4.13']
const ROWS = 60_000

interface RunShown {
  name: string
  spec: { plan: { from?: { appVersion: string }; to: { appVersion: string } } }
  state: {
    phase: string
    steps: Record<string, { evidence?: Record<string, unknown>; startedAt?: string; endedAt?: string }>
    parked?: { step: string; error: { message: string }; next: string }
  }
}

interface DatabaseLine {
  role: string
  rows: string
  digest: string
  tables: number
}

async function main(): Promise<void> {
  const story = new Story()
  story.chapter('A cluster, images and charts (cold about 15 min on 2 cores, warm half a minute)')
  const lab = await openLab((line) => story.detail(line), 'few')
  story.chapter(`Tally ${FIRST}, a ledger of deliveries, with ${ROWS} rows and somebody who writes all the time`)
  const tally = await install(lab)
  const rowsBefore = await countRows(lab, tally)
  story.detail(`${rowsBefore} rows in the ledger`)

  story.chapter('pawl init: resource definitions, key, store')
  await shown(lab, ['init', 'tally', '-n', NAMESPACE, '--charts', lab.charts, '--data-image', lab.dataImage])

  story.chapter(`pawl upgrade to ${GOOD}: quiesce, back up, prove, migrate alone, roll out, verify`)
  await shown(lab, ['upgrade', 'tally', '-n', NAMESPACE, '--to', GOOD, ...values(tally), '--yes'])
  const good = await newestRun(lab)
  const ackedAfterGood = await acknowledgedIds(lab, NAMESPACE)
  const lostAfterGood = await lostIds(lab, tally, ackedAfterGood)

  story.chapter(`pawl upgrade to ${BROKEN}: its third migration of four cannot read what one customer typed`)
  await shown(lab, ['upgrade', 'tally', '-n', NAMESPACE, '--to', BROKEN, ...values(tally), '--yes'], 30)
  const broken = await newestRun(lab)

  story.chapter('pawl recover: every row comes back, with the release it belongs to')
  await shown(lab, ['recover', 'tally', '-n', NAMESPACE, '--yes'])
  const recovery = await newestRun(lab)
  await waitReady(lab, NAMESPACE)
  const ackedAfterRecovery = await acknowledgedIds(lab, NAMESPACE)
  const lostAfterRecovery = await lostIds(lab, tally, ackedAfterRecovery)
  const seen = await witness(lab, NAMESPACE)
  await shown(lab, ['status', 'tally', '-n', NAMESPACE])

  const proven = databases(good, 'backup')
  const backedUp = databases(broken, 'backup')
  const restored = databases(recovery, 'restore')
  const equal = restored.every((one) =>
    backedUp.some((other) => other.role === one.role && other.digest === one.digest && other.rows === one.rows),
  )
  story.summary([
    ['from / to', `${FIRST} -> ${GOOD}, then ${BROKEN} which breaks`],
    ['rows before', String(rowsBefore)],
    ['rows proven', proven.map(line).join('; ')],
    ['after the good upgrade', `${ackedAfterGood.length} acknowledged rows, ${lostAfterGood.length} lost`],
    [
      'the broken upgrade',
      `parked at ${broken.state.parked?.step ?? '?'} (${broken.state.phase}); next: ${broken.state.parked?.next ?? 'ended by the recovery'}`,
    ],
    ['recovered', `${restored.map(line).join('; ')}: ${equal ? 'equal to the backup' : 'NOT EQUAL to the backup'}`],
    [
      'after the recovery',
      `${ackedAfterRecovery.length} acknowledged rows, ${lostAfterRecovery.length} lost; served on a wrong schema: ${seen.violations.length}`,
    ],
    ['runs now', await running(lab)],
    ['steps, good upgrade', times(good)],
    ['steps, broken upgrade', times(broken)],
    ['steps, recovery', times(recovery)],
  ])
  const wrong = [
    ...(lostAfterGood.length > 0 ? ['rows were lost in the good upgrade'] : []),
    ...(lostAfterRecovery.length > 0 ? ['rows were lost in the recovery'] : []),
    ...(equal ? [] : ['the recovered databases differ from the backup']),
    ...(seen.violations.length > 0 ? ['a release served on a schema that is not its own'] : []),
  ]
  if (wrong.length > 0) throw new Error(wrong.join('; '))
  story.farewell(lab.cluster.kubeconfig, lab.cluster.binDir, NAMESPACE)
}

async function install(lab: Lab): Promise<Tally> {
  return await installTally(lab, { namespace: NAMESPACE, version: FIRST, rows: ROWS, plantBadAmount: true, ai: true })
}

function values(tally: Tally): string[] {
  return tally.valuesFiles.flatMap((file) => ['-f', resolve(file)])
}

/** Runs Pawl before everybody's eyes and holds it to an exit code. */
async function shown(lab: Lab, args: string[], expected = 0): Promise<void> {
  console.log(`\n$ pawl ${args.map((arg) => (arg.startsWith('/') ? arg.replace(/^.*\//, '') : arg)).join(' ')}`)
  const result = await pawl(lab, args, { echo: true })
  if (result.exitCode !== expected)
    throw new Error(`pawl ${args[0] ?? ''} ended with exit code ${result.exitCode}, expected ${expected}`)
}

async function newestRun(lab: Lab): Promise<RunShown> {
  return await pawlJson<RunShown>(lab, ['runs', 'show', 'tally', '-n', NAMESPACE])
}

async function countRows(lab: Lab, tally: Tally): Promise<number> {
  return Number(
    await sql(
      lab,
      tally,
      'tally',
      'SELECT (SELECT count(*) FROM deliveries) + (SELECT count(*) FROM scans) + (SELECT count(*) FROM customers)',
    ),
  )
}

async function running(lab: Lab): Promise<string> {
  const out = await kubectl(lab, [
    'get',
    'deployments',
    '-n',
    NAMESPACE,
    '-o',
    'jsonpath={range .items[*]}{.metadata.name}={.spec.template.spec.containers[0].image}{"\\n"}{end}',
  ])
  return out
    .trim()
    .split('\n')
    .map((text) => text.replace(/=.*\//, ' '))
    .join(', ')
}

function databases(run: RunShown, step: string): DatabaseLine[] {
  return (run.state.steps[step]?.evidence?.['databases'] ?? []) as DatabaseLine[]
}

function line({ role, rows, digest, tables }: DatabaseLine): string {
  return `${role} ${rows} rows in ${tables} tables, digest ${digest.slice(0, 12)}`
}

function times(run: RunShown): string {
  return Object.entries(run.state.steps)
    .filter(([, step]) => step.startedAt !== undefined && step.endedAt !== undefined)
    .map(
      ([name, step]) =>
        `${name} ${((Date.parse(step.endedAt ?? '') - Date.parse(step.startedAt ?? '')) / 1000).toFixed(1)} s`,
    )
    .join(', ')
}

try {
  await main()
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = error instanceof ClusterUnavailable ? 69 : 1
}
