// SIGKILL of the Jobs on a real cluster: their containers, their pods, the Jobs themselves, with Pawl's own process and without. The
// same run gone on with ends right, nothing that was good is lost, and nothing is left over. Part of `npm run test:kills`.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { countsAsProven } from '../../src/core/backup/rung.ts'
import { connect, type ConnectedCluster } from '../../src/adapters/kube/connect.ts'
import { getJson, kubectl, openLab, type Lab } from '../support/lab.ts'
import { pawlJson, startPawl, type PawlResult } from '../support/pawl.ts'
import { installTally, removeTally, sql, waitReady, type Tally } from '../support/tally.ts'
import { openNode, type Node } from './node.ts'
import { nameOf, strike, type Strike } from './strike.ts'
import { watchTasks } from './watcher.ts'

const NAMESPACE = 'test-kills'
const where = ['tally', '-n', NAMESPACE]
/** Slow enough to be struck in the middle. */
const SLOWLY = ['--max-rate', '2Mi']
const LIVE = ['tally', 'assist']
const TABLES = `select format('%I.%I', schemaname, tablename) from pg_tables where schemaname not in ('pg_catalog', 'information_schema', 'pawl') order by 1`
/** Whoever takes over waits for no longer than this. */
const LEASE_MS = '2000'

let lab: Lab
let tally: Tally
let node: Node
let cluster: ConnectedCluster
let rows: Set<string>
let good: string
let before: Standing
const struck: (Strike & { late: boolean })[] = []

interface Shown {
  name: string
  state: { ended?: { outcome: string }; parked?: { step: string; error: { code: string; message: string } } }
}

interface Listed {
  items: { metadata: { name: string; uid: string } }[]
}

interface Taken {
  name: string
  status?: { rung: string; manifestSha256: string }
}

/** What no run may leave more of, or less. */
interface Standing {
  databases: string[]
  claims: string[]
  jobsAndPods: string[]
  sessions: string
}

beforeAll(async () => {
  lab = await openLab()
  cluster = connect({ kubeconfig: lab.cluster.kubeconfig, namespace: NAMESPACE })
  tally = await installTally(lab, { namespace: NAMESPACE, version: '2026.1.12', rows: 3_000 })
  await addBallast('ballast', 500)
  // What nobody writes to must be the same afterwards, to the last row.
  await kubectl(lab, ['scale', '-n', NAMESPACE, 'deployment/tally-recorder', 'deployment/tally-assist', '--replicas=0'])
  const writers = 'app.kubernetes.io/component in (recorder,assist)'
  await kubectl(lab, ['wait', '-n', NAMESPACE, '--for=delete', 'pod', '-l', writers, '--timeout=60s'])
  await pawlJson(lab, ['init', ...where, '--charts', lab.charts, '--data-image', lab.dataImage])
  await pawlJson(lab, ['backup', 'create', ...where])
  good = (await sets()).at(-1)?.name ?? ''
  node = await openNode(lab, NAMESPACE)
  rows = await productsRows()
  before = await standing()
})

afterAll(async () => {
  const perTask = [...Map.groupBy(struck, ({ task }) => task)].map(([task, all]) => `${task} ${all.length}`)
  const late = struck.filter((one) => one.late).length
  console.log(`survived: ${perTask.join(', ')}; ${struck.length} Jobs struck (${late} containers had just ended)`)
  cluster?.close()
  await node?.dispose()
  await removeTally(lab, tally)
})

/** Of every row a digest. Without the floor: Pawl's own row says which recovery was the last. */
async function productsRows(): Promise<Set<string>> {
  const found = new Set<string>()
  for (const database of LIVE) {
    const ask = async (statement: string): Promise<string[]> =>
      (await sql(lab, tally, database, statement)).split('\n').filter((line) => line !== '')
    for (const table of await ask(TABLES))
      for (const row of await ask(`select md5(t::text) from only ${table} t`)) found.add(`${database} ${table} ${row}`)
  }
  return found
}

/** So that work takes seconds: about 10 for a thousand. */
async function addBallast(table: string, count: number): Promise<void> {
  const content = `select i, string_agg(md5(random()::text), '') as t from generate_series(1, ${count}) i, generate_series(1, 32) j group by i`
  await sql(lab, tally, 'tally', `create table ${table} as ${content}`)
  await belongsToTheProduct(table)
}

/** So that a comparison takes seconds, which is slowed by nothing: little to store, much to read. Megabytes. */
async function addEmptiness(table: string, count: number): Promise<void> {
  await sql(
    lab,
    tally,
    'tally',
    `create table ${table} as select i, repeat(' ', 1000000) as t from generate_series(1, ${count}) i`,
  )
  await belongsToTheProduct(table)
}

/** Its tables have one owner. */
async function belongsToTheProduct(table: string): Promise<void> {
  const owner = await sql(lab, tally, 'tally', "select tableowner from pg_tables where tablename = 'deliveries'")
  await sql(lab, tally, 'tally', `alter table ${table} owner to "${owner.trim()}"`)
}

async function sets(): Promise<Taken[]> {
  return await pawlJson<Taken[]>(lab, ['backup', 'list', ...where])
}

async function newestRun(): Promise<Shown> {
  return await pawlJson<Shown>(lab, ['runs', 'show', ...where])
}

async function names(kinds: string, ...selector: string[]): Promise<string[]> {
  const { items } = await getJson<Listed>(lab, [kinds, '-n', NAMESPACE, ...selector])
  return items.map(({ metadata }) => metadata.name).toSorted()
}

async function standing(): Promise<Standing> {
  const ask = async (statement: string): Promise<string> => await sql(lab, tally, 'postgres', statement)
  return {
    databases: (await ask('select datname from pg_database where not datistemplate order by 1')).split('\n'),
    claims: await names('persistentvolumeclaims'),
    jobsAndPods: await names('jobs,pods', '-l', 'pawl.dev/op'),
    sessions: await ask("select count(*) from pg_stat_activity where application_name = 'pawl'"),
  }
}

/** Runs the command and goes on with its run until it has ended; strikes one after the other meanwhile. Gives what must never be seen. */
async function goThrough(command: string[], strikes: readonly Strike[]): Promise<string[]> {
  const known = new Set(
    (await getJson<Listed>(lab, ['jobs', '-n', NAMESPACE])).items.map(({ metadata }) => metadata.uid),
  )
  const left = [...strikes]
  const watcher = watchTasks(cluster, NAMESPACE)
  const said: PawlResult[] = []
  for (let args = command; said.at(-1)?.exitCode !== 0; args = ['runs', 'resume', ...where]) {
    // Each strike costs a repetition at most.
    expect(said.length, said.map(({ stdout, stderr }) => stdout + stderr).join('\n---\n')).toBeLessThanOrEqual(
      strikes.length,
    )
    const started = await startPawl(lab, args, { env: { PAWL_TEST_LEASE_MS: LEASE_MS } })
    const over = new AbortController()
    const killPawl = async (): Promise<void> => {
      started.child.kill('SIGKILL')
      await started.result
    }
    const ending = started.result.then(() => over.abort())
    const striking = strikeAll(left, { known, killPawl, over: over.signal })
    // It is waited for below; until then nobody may call it unhandled.
    striking.catch(() => undefined)
    await ending
    await striking
    said.push(await started.result)
  }
  await watcher.stop()
  const outputs = said.map(({ stdout, stderr, exitCode }) => `${stdout}${stderr}exit ${exitCode}`).join('\n---\n')
  expect(left.map(nameOf), `was never reached:\n${outputs}`).toEqual([])
  return watcher.seen()
}

/** As far as the process comes. */
async function strikeAll(
  left: Strike[],
  deps: { known: Set<string>; killPawl: () => Promise<void>; over: AbortSignal },
): Promise<void> {
  for (let next = left[0]; next !== undefined && !deps.over.aborted; next = left[0]) {
    const done = await strike(next, { lab, cluster, namespace: NAMESPACE, node, ...deps }).catch((error: unknown) => {
      if (!deps.over.aborted) throw error
    })
    if (done === undefined) return
    deps.known.add(done.uid)
    struck.push({ ...next, late: done.late })
    left.shift()
  }
}

async function checkNothingLost(count: number): Promise<void> {
  const all = await sets()
  expect(all).toHaveLength(count)
  for (const { status } of all) expect(countsAsProven(status?.rung)).toBe(true)
  expect(all[0]?.name).toBe(good)
  for (const { name } of [all[0], all.at(-1)].flatMap((set) => set ?? [])) {
    const verified = await pawlJson<{ problems: unknown[]; strangers: unknown[] }>(lab, [
      'backup',
      'verify',
      ...where,
      name,
    ])
    expect([...verified.problems, ...verified.strangers], name).toEqual([])
  }
  // What the product writes when it runs again is no loss.
  const now = await productsRows()
  expect([...rows].filter((row) => !now.has(row))).toEqual([])
}

/** Pods take a moment to go after their Jobs. */
async function checkNothingLeft(kept: readonly string[] = []): Promise<void> {
  const expected = { ...before, databases: [...before.databases, ...kept].toSorted() }
  const seen = async (): Promise<Standing> => {
    const now = await standing()
    return { ...now, databases: now.databases.toSorted() }
  }
  await expect.poll(seen, { timeout: 60_000, interval: 500 }).toEqual(expected)
}

const BACKUPS: [Strike, Strike][] = [
  [
    { task: 'backup', at: 'started', kill: 'the container' },
    { task: 'prove', at: 'started', kill: 'the container' },
  ],
  [
    { task: 'backup', at: { phase: 'dump' }, kill: 'the pod' },
    { task: 'prove', at: { phase: 'fetch' }, kill: 'the pod' },
  ],
  [
    { task: 'backup', at: 'made', kill: 'the Job' },
    { task: 'prove', at: { phase: 'restore' }, kill: 'the Job' },
  ],
  [
    { task: 'backup', at: { phase: 'store' }, kill: 'the Job', andPawl: true },
    { task: 'prove', at: { phase: 'compare' }, kill: 'the container', andPawl: true },
  ],
  [
    { task: 'backup', at: { phase: 'dump' }, kill: 'the container', andPawl: true },
    { task: 'prove', at: 'started', kill: 'the Job', andPawl: true },
  ],
]

/** Its pod works on when the next Pawl comes. */
const ORPHANED: Strike[] = [{ task: 'backup', at: 'started', kill: 'the Job without its pod', andPawl: true }]

const FROM_THE_STORE: Strike[][] = [
  [
    { task: 'restore', at: 'started', kill: 'the container' },
    { task: 'restore', at: { phase: 'restore' }, kill: 'the pod' },
    { task: 'swap', at: 'made', kill: 'the Job' },
  ],
  [
    { task: 'restore', at: { phase: 'compare' }, kill: 'the container', andPawl: true },
    // A pod outlives its Job by a moment, and may end its work in it: nothing of this task can be waited for after that.
    { task: 'restore', at: { phase: 'fetch' }, kill: 'the Job', andPawl: true },
    { task: 'swap', at: 'made', kill: 'the Job', andPawl: true },
    { task: 'note-proof', at: 'made', kill: 'the Job', andPawl: true },
  ],
]

/** Two for the proof that leaves copies, the others for the recovery that uses them. */
const STAGED: Strike[] = [
  { task: 'prove-beside', at: 'started', kill: 'the container' },
  { task: 'prove-beside', at: { phase: 'compare' }, kill: 'the Job', andPawl: true },
  { task: 'swap', at: 'made', kill: 'the Job', andPawl: true },
  { task: 'compare', at: { phase: 'compare' }, kill: 'the pod' },
]

function named(strikes: readonly Strike[]): string {
  return strikes.map(nameOf).join(', ')
}

let taken = 1

test.each(BACKUPS.map((strikes) => [named(strikes), strikes] as const))('a backup: %s', async (_, strikes) => {
  taken += 1
  expect(await goThrough(['backup', 'create', ...where, ...SLOWLY], strikes)).toEqual([])
  const { name, state } = await newestRun()
  expect(state.ended?.outcome).toBe('done')
  // Else nothing is slow, whatever was asked for.
  const { spec } = await getJson<{ spec: object }>(lab, ['runs', name, '-n', NAMESPACE])
  expect(spec).toMatchObject({ effort: { maxRate: 2 * 2 ** 20 } })
  await checkNothingLost(taken)
  await checkNothingLeft()
})

test.each(FROM_THE_STORE.map((strikes) => [named(strikes), strikes] as const))('a recovery: %s', async (_, strikes) => {
  const command = ['recover', ...where, '--set', good, '--recovery', 'store', '--yes', ...SLOWLY]
  expect(await goThrough(command, strikes)).toEqual([])
  await checkRecovered()
  expect((await sets())[0]?.status?.rung).toBe('rehearsed')
})

async function checkRecovered(): Promise<void> {
  const run = await newestRun()
  expect(run.state.ended?.outcome).toBe('recovered')
  await waitReady(lab, NAMESPACE)
  await checkNothingLost(taken)
  const compact = run.name.slice('tally-'.length).replaceAll(/[^a-z0-9]/g, '')
  const kept = LIVE.map((name) => `${name}__pawl_old_${compact}`)
  await checkNothingLeft(kept)
  // As their comments say.
  for (const name of kept) await sql(lab, tally, 'postgres', `drop database ${name}`)
}

test(`staged: ${named(STAGED)}`, async () => {
  taken += 1
  await addEmptiness('emptiness', 1_500)
  const files = tally.valuesFiles.flatMap((file) => ['-f', file])
  const staged = ['--recovery', 'staged', '--accept', 'staging-room']
  const upgrade = ['upgrade', ...where, '--to', '2026.2.9', ...files, ...staged, '--yes', ...SLOWLY]
  expect(await goThrough(upgrade, STAGED.slice(0, 2))).toEqual([])
  expect((await newestRun()).state.ended?.outcome).toBe('done')
  expect(await goThrough(['recover', ...where, '--yes', ...SLOWLY], STAGED.slice(2))).toEqual([])
  await checkRecovered()
  await sql(lab, tally, 'tally', 'drop table emptiness')
})

test(`a backup: ${named(ORPHANED)}`, async () => {
  taken += 1
  await addBallast('more_ballast', 2_000)
  expect(await goThrough(['backup', 'create', ...where, ...SLOWLY], ORPHANED)).toEqual([])
  await checkNothingLost(taken)
  await checkNothingLeft()
})

test('most containers were struck while they were at work', () => {
  const containers = struck.filter(({ kill }) => kill === 'the container')
  expect(containers.filter(({ late }) => late).length).toBeLessThan(containers.length / 2)
})
