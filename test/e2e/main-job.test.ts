// The main job on a real cluster, once through: a good upgrade, one whose migration fails half-way, one that never gets ready, and both ways back.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { getJson, kubectl, openLab, type Lab } from '../support/lab.ts'
import { objectsOf, rowsOf } from '../support/identical.ts'
import { pawl, pawlJson, startPawl } from '../support/pawl.ts'
import {
  acknowledgedIds,
  installTally,
  lostIds,
  removeTally,
  sql,
  waitReady,
  witness,
  type Tally,
} from '../support/tally.ts'

const NAMESPACE = 'e2e-main'
const where = ['tally', '-n', NAMESPACE]
let lab: Lab
let tally: Tally
let files: string[]

interface Evidence {
  takenAt?: string
  databases?: { role: string; rows: string; digest: string }[]
  from?: string
  exchangedInMs?: number
  replaced?: Record<string, string>
}

interface Shown {
  name: string
  state: {
    phase: string
    parked?: { step: string; next: string; error: { code: string } }
    ended?: { outcome: string }
    steps: Record<string, { evidence?: Evidence }>
  }
}

interface Deployments {
  items: {
    metadata: { name: string }
    spec: { replicas: number; template: { spec: { containers: { image: string }[] } } }
    status: { readyReplicas?: number }
  }[]
}

beforeAll(async () => {
  lab = await openLab()
  tally = await installTally(lab, {
    namespace: NAMESPACE,
    version: '2026.1.12',
    rows: 8_000,
    plantBadAmount: true,
    values: { board: { autoscaling: { enabled: true } } },
  })
  files = tally.valuesFiles.flatMap((file) => ['-f', file])
  // The autoscaler has its first say some seconds after the installation, which is no doing of ours.
  const chosen = '--for=jsonpath={.status.desiredReplicas}=2'
  await kubectl(lab, ['wait', '-n', NAMESPACE, 'hpa/tally-board', chosen, '--timeout=120s'])
  await waitReady(lab, NAMESPACE)
  await pawlJson(lab, ['init', ...where, '--charts', lab.charts, '--data-image', lab.dataImage])
})

afterAll(async () => removeTally(lab, tally))

async function newestRun(): Promise<Shown> {
  return await pawlJson<Shown>(lab, ['runs', 'show', ...where])
}

async function deployments(): Promise<Record<string, { replicas: number; version: string }>> {
  const { items } = await getJson<Deployments>(lab, ['deployments', '-n', NAMESPACE])
  return Object.fromEntries(
    items.map(({ metadata, spec }) => [
      metadata.name,
      { replicas: spec.replicas, version: spec.template.spec.containers[0]?.image.split(':').at(-1) ?? '' },
    ]),
  )
}

describe('the main job', () => {
  test('init leaves the floor of what runs in every database', async () => {
    expect(await floors()).toEqual(['2026.1.12 install 0', '2026.1.12 install 0'])
  })

  test('init again changes nothing', async () => {
    const before = await objectsOf(lab, NAMESPACE)
    await pawlJson(lab, ['init', ...where, '--charts', lab.charts, '--data-image', lab.dataImage])
    expect(await objectsOf(lab, NAMESPACE)).toEqual(before)
  })

  test('what it refuses leaves every object and every row as it was', async () => {
    await kubectl(lab, ['scale', '-n', NAMESPACE, 'deployment/tally-recorder', '--replicas=0'])
    await kubectl(lab, [
      'wait',
      '-n',
      NAMESPACE,
      '--for=delete',
      'pod',
      '-l',
      'app.kubernetes.io/component=recorder',
      '--timeout=60s',
    ])
    await kubectl(lab, ['scale', '-n', NAMESPACE, 'deployment/tally-assist', '--replicas=0'])
    await kubectl(lab, [
      'wait',
      '-n',
      NAMESPACE,
      '--for=delete',
      'pod',
      '-l',
      'app.kubernetes.io/component=assist',
      '--timeout=60s',
    ])
    const before = { objects: await objectsOf(lab, NAMESPACE), rows: await rowsOf(lab, tally) }
    const refused: [string, string, number][] = [
      ['2025.6.9', 'target-older', 20],
      ['2026.1.12', 'target-same', 20],
      ['latest', 'version-unparsable', 65],
      ['; rm -rf /', 'version-unparsable', 65],
      ['2026.3', 'version-unparsable', 65],
      ['2026.12.31', 'target-unknown', 20],
      ['2026.7.13', 'package-too-old', 20],
    ]
    for (const [to, code, exitCode] of refused) {
      const result = await pawl(lab, ['upgrade', ...where, '--to', to, ...files, '--yes', '-o', 'json'])
      const last = JSON.parse(result.stdout.trim().split('\n').at(-1) ?? '{}') as { error?: { code: string } }
      expect({ to, code: last.error?.code, exitCode: result.exitCode }).toEqual({ to, code, exitCode })
    }
    expect({ objects: await objectsOf(lab, NAMESPACE), rows: await rowsOf(lab, tally) }).toEqual(before)
    await kubectl(lab, [
      'scale',
      '-n',
      NAMESPACE,
      'deployment/tally-recorder',
      'deployment/tally-assist',
      '--replicas=1',
    ])
    await waitReady(lab, NAMESPACE)
  })

  test('an installed release past nothing, a target past its support is refused', async () => {
    const result = await pawl(lab, ['upgrade', ...where, '--to', '2026.2.9', ...files, '--yes', '-o', 'json'], {
      env: { PAWL_TEST_TODAY: '2027-09-01' },
    })
    expect(result.exitCode).toBe(20)
    expect(result.stdout).toContain('target-unsupported')
  })

  test('a good upgrade: proven backup, nothing lost, nobody served on a wrong schema, replicas as before', async () => {
    // Somebody scaled by hand (twice the values' number): Helm 4 alone would stop half-way at that field.
    await kubectl(lab, ['scale', '-n', NAMESPACE, 'deployment/tally-gateway', '--replicas=2'])
    await kubectl(lab, ['scale', '-n', NAMESPACE, 'deployment/tally-ledger-api', '--replicas=3'])
    await waitReady(lab, NAMESPACE)
    const before = await deployments()
    const result = await pawl(lab, ['upgrade', ...where, '--to', '2026.3.9', ...files, '--yes'])
    expect(result.exitCode, result.stdout + result.stderr).toBe(0)
    const run = await newestRun()
    expect(run.state.ended?.outcome).toBe('done')
    expect(await floors()).toEqual([`2026.3.9 ${run.name} 0`, `2026.3.9 ${run.name} 0`])
    const after = await deployments()
    expect(after['tally-ledger-api']).toEqual({ replicas: 3, version: '2026.3.9' })
    expect(after['tally-gateway']).toEqual({ replicas: 2, version: '2026.3.9' })
    expect(after['tally-board']?.replicas).toBe(before['tally-board']?.replicas)
    await waitReady(lab, NAMESPACE)
    const acknowledged = await acknowledgedIds(lab, NAMESPACE)
    expect(acknowledged.length).toBeGreaterThan(20)
    expect(await lostIds(lab, tally, acknowledged)).toEqual([])
    expect((await witness(lab, NAMESPACE)).violations).toEqual([])
  })

  test('a migration that fails half-way is parked past the point of no return, and recover brings every row back', async () => {
    const staged = ['--recovery', 'staged', '--accept', 'staging-room']
    const result = await pawl(lab, ['upgrade', ...where, '--to', '2026.4.13', ...files, ...staged, '--yes'])
    expect(result.exitCode, result.stdout + result.stderr).toBe(30)
    const parked = await newestRun()
    expect(parked.state.parked).toMatchObject({
      step: 'migrate',
      next: `pawl recover ${where.join(' ')}`,
      error: { code: 'migration-failed' },
    })
    expect(parked.state.phase).toBe('PONR')
    const again = await pawl(lab, ['upgrade', ...where, '--to', '2026.5.11', ...files, '--yes', '-o', 'json'])
    expect(again.stdout).toContain('run-unfinished')
    // Writers were stopped before the backup and start again after the recovery: nothing acknowledged lies between.
    expect(await recoverAndCompare(parked, '2026.3.9')).toEqual([])
    // By the copies that the proof had left, exchanged by a Job beside the databases.
    const { restore, swap } = (await newestRun()).state.steps
    expect([restore?.evidence?.from, swap?.evidence?.replaced]).toEqual(['staged', undefined])
    console.log(`staged recovery in the cluster: names exchanged in ${swap?.evidence?.exchangedInMs} ms`)
  })

  test('a release that never gets ready is parked, and recover brings every row back', async () => {
    const result = await pawl(lab, [
      'upgrade',
      ...where,
      '--to',
      '2026.5.11',
      ...files,
      '--yes',
      '--rollout-timeout',
      '25',
    ])
    expect(result.exitCode, result.stdout + result.stderr).toBe(30)
    const parked = await newestRun()
    expect(parked.state.parked).toMatchObject({ step: 'rollout', error: { code: 'rollout-stuck' } })
    const lost = await recoverAndCompare(parked, '2026.3.9')
    // Its recorder did run and write; only what came after the backup is lost, as the plan of the recovery said. Ids are microseconds.
    const takenAtUs = Date.parse(parked.state.steps['backup']?.evidence?.takenAt ?? '') * 1000
    expect(takenAtUs).toBeGreaterThan(0)
    expect(lost.filter((id) => id <= takenAtUs)).toEqual([])
  })

  test('what broke a migration is mended by hand, and the parked run goes on forward to its end', async () => {
    const parked = await pawl(lab, ['upgrade', ...where, '--to', '2026.4.13', ...files, '--yes'])
    expect(parked.exitCode, parked.stdout + parked.stderr).toBe(30)
    await sql(
      lab,
      tally,
      'tally',
      "UPDATE deliveries SET declared_value = replace(declared_value, ',', '.') WHERE declared_value LIKE '%,%'",
    )
    const result = await pawl(lab, ['runs', 'resume', ...where])
    expect(result.exitCode, result.stdout + result.stderr).toBe(0)
    expect((await newestRun()).state.ended?.outcome).toBe('done')
    await waitReady(lab, NAMESPACE)
    expect(await lostIds(lab, tally, (await acknowledgedIds(lab, NAMESPACE)).slice(-20))).toEqual([])
  })
})

describe('a database that somebody restores by hand', () => {
  test('is noticed within seconds by who watches, refused by an upgrade, and taken as it is by who says so', async () => {
    const seen: { is: string; rule: string; at: number }[] = []
    const watcher = await startPawl(lab, ['guard', 'watch', ...where, '-o', 'json'], {
      onLine: (line) => seen.push({ ...(JSON.parse(line) as { is: string; rule: string }), at: Date.now() }),
    })
    const first = 'pods -l pawl.dev/task=floor --field-selector=status.phase=Running -o name'.split(' ')
    await expect
      .poll(async () => await kubectl(lab, ['get', '-n', NAMESPACE, ...first]), { timeout: 30_000 })
      .not.toBe('')
    const began = Date.now()
    // As a backup of Pawl, restored by hand, leaves it.
    await sql(lab, tally, 'tally', 'DROP SCHEMA pawl CASCADE')
    await expect.poll(() => seen.some(({ rule }) => rule === 'database-restored'), { timeout: 20_000 }).toBe(true)
    const took = (seen.find(({ rule }) => rule === 'database-restored')?.at ?? 0) - began
    console.log(`a database restored by hand was seen after ${took} ms`)
    expect(took).toBeLessThan(10_000)
    const refused = await pawl(lab, ['upgrade', ...where, '--to', '2026.5.11', ...files, '--yes', '-o', 'json'])
    expect(refused.stdout).toContain('"floor-lost"')
    const status = await pawlJson<{ floor: { faults: unknown[] } }>(lab, ['status', ...where, '--look'])
    expect(status.floor.faults).toMatchObject([{ role: 'ledger', is: 'restored' }])
    const asking = Date.now()
    const guard = await pawlJson<{ findings: { rule: string }[] }>(lab, ['guard', 'status', ...where], 69)
    expect(guard.findings.map(({ rule }) => rule)).toContain('database-restored')
    expect(Date.now() - asking).toBeLessThan(10_000)
    await pawlJson(lab, ['guard', 'install', ...where, '--accept-databases'])
    const over = (): boolean => seen.some(({ is, rule }) => is === 'over' && rule === 'database-restored')
    await expect.poll(over, { timeout: 20_000 }).toBe(true)
    watcher.child.kill('SIGINT')
    await watcher.result
  })
})

/** Of both databases: the floor, who wrote it, and after how many recoveries. */
async function floors(): Promise<string[]> {
  const row = "SELECT floor || ' ' || run || ' ' || recovery_epoch FROM pawl.floor"
  return [await sql(lab, tally, 'tally', row), await sql(lab, tally, 'assist', row)]
}

/** Gives the acknowledged ids that are gone. */
async function recoverAndCompare(parked: Shown, version: string): Promise<number[]> {
  const result = await pawl(lab, ['recover', ...where, '--yes'])
  expect(result.exitCode, result.stdout + result.stderr).toBe(0)
  const recovery = await newestRun()
  expect(recovery.state.ended?.outcome).toBe('recovered')
  const digests = (run: Shown, step: string): (string | undefined)[] =>
    (run.state.steps[step]?.evidence?.databases ?? [])
      .map(({ role, rows, digest }) => `${role} ${rows} ${digest}`)
      .toSorted()
  expect(digests(recovery, 'restore')).toEqual(digests(parked, 'backup'))
  for (const floor of await floors()) expect(floor).toMatch(new RegExp(`^${version} ${recovery.name} [1-9]$`))
  await waitReady(lab, NAMESPACE)
  expect((await deployments())['tally-ledger-api']?.version).toBe(version)
  const kept = await sql(
    lab,
    tally,
    'postgres',
    "SELECT count(*) FROM pg_database WHERE datname LIKE 'tally\\_\\_pawl\\_old%' AND NOT datallowconn",
  )
  expect(Number(kept)).toBeGreaterThan(0)
  expect((await witness(lab, NAMESPACE)).violations).toEqual([])
  return await lostIds(lab, tally, await acknowledgedIds(lab, NAMESPACE))
}
