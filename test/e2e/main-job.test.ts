// The main job on a real cluster, once through: what is refused, a good upgrade, and one whose migration fails half-way with the way back.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kubectl, openLab, type Lab } from '../support/lab.ts'
import { objectsOf, rowsOf } from '../support/identical.ts'
import { pawl, pawlJson } from '../support/pawl.ts'
import {
  acknowledgedIds,
  installTally,
  lostIds,
  removeTally,
  waitReady,
  witness,
  type Tally,
} from '../support/tally.ts'
import { lookAt, type Installed } from './recovered.ts'

const NAMESPACE = 'e2e-main'
const where = ['tally', '-n', NAMESPACE]
let lab: Lab
let tally: Tally
let installed: Installed
let files: string[]

beforeAll(async () => {
  lab = await openLab()
  tally = await installTally(lab, {
    namespace: NAMESPACE,
    version: '2026.1.12',
    rows: 8_000,
    plantBadAmount: true,
    values: { board: { autoscaling: { enabled: true } } },
  })
  installed = lookAt(lab, tally)
  files = tally.valuesFiles.flatMap((file) => ['-f', file])
  // The autoscaler has its first say some seconds after the installation, which is no doing of ours.
  const chosen = '--for=jsonpath={.status.desiredReplicas}=2'
  await kubectl(lab, ['wait', '-n', NAMESPACE, 'hpa/tally-board', chosen, '--timeout=120s'])
  await waitReady(lab, NAMESPACE)
  await pawlJson(lab, ['init', ...where, '--charts', lab.charts, '--data-image', lab.dataImage])
})

afterAll(async () => removeTally(lab, tally))

describe('the main job', () => {
  test('init leaves the floor of what runs in every database', async () => {
    expect(await installed.floors()).toEqual(['2026.1.12 install 0', '2026.1.12 install 0'])
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
    const before = await installed.deployments()
    const result = await pawl(lab, ['upgrade', ...where, '--to', '2026.3.9', ...files, '--yes'])
    expect(result.exitCode, result.stdout + result.stderr).toBe(0)
    const run = await installed.newestRun()
    expect(run.state.ended?.outcome).toBe('done')
    expect(await installed.floors()).toEqual([`2026.3.9 ${run.name} 0`, `2026.3.9 ${run.name} 0`])
    const after = await installed.deployments()
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
    const parked = await installed.newestRun()
    expect(parked.state.parked).toMatchObject({
      step: 'migrate',
      next: `pawl recover ${where.join(' ')}`,
      error: { code: 'migration-failed' },
    })
    expect(parked.state.phase).toBe('PONR')
    const again = await pawl(lab, ['upgrade', ...where, '--to', '2026.5.11', ...files, '--yes', '-o', 'json'])
    expect(again.stdout).toContain('run-unfinished')
    // Writers were stopped before the backup and start again after the recovery: nothing acknowledged lies between.
    expect(await installed.recoverAndCompare(parked, '2026.3.9')).toEqual([])
    // By the copies that the proof had left, exchanged by a Job beside the databases.
    const { restore, swap } = (await installed.newestRun()).state.steps
    expect([restore?.evidence?.from, swap?.evidence?.replaced]).toEqual(['staged', undefined])
    console.log(`staged recovery in the cluster: names exchanged in ${swap?.evidence?.exchangedInMs} ms`)
  })
})
