// The main job, further on: a release that never gets ready and the way back, what broke a migration mended by hand and the way forward, and a
// database that somebody restores by hand.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kubectl, openLab, type Lab } from '../support/lab.ts'
import { pawl, pawlJson, startPawl } from '../support/pawl.ts'
import { acknowledgedIds, installTally, lostIds, removeTally, sql, waitReady, type Tally } from '../support/tally.ts'
import { lookAt, type Installed } from './recovered.ts'

const NAMESPACE = 'e2e-stuck'
const where = ['tally', '-n', NAMESPACE]
let lab: Lab
let tally: Tally
let installed: Installed
let files: string[]

beforeAll(async () => {
  lab = await openLab()
  tally = await installTally(lab, {
    namespace: NAMESPACE,
    version: '2026.3.9',
    rows: 8_000,
    plantBadAmount: true,
    values: { board: { autoscaling: { enabled: true } } },
  })
  installed = lookAt(lab, tally)
  files = tally.valuesFiles.flatMap((file) => ['-f', file])
  await pawlJson(lab, ['init', ...where, '--charts', lab.charts, '--data-image', lab.dataImage])
})

afterAll(async () => removeTally(lab, tally))

describe('the main job, further on', () => {
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
    const parked = await installed.newestRun()
    expect(parked.state.parked).toMatchObject({ step: 'rollout', error: { code: 'rollout-stuck' } })
    const lost = await installed.recoverAndCompare(parked, '2026.3.9')
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
    expect((await installed.newestRun()).state.ended?.outcome).toBe('done')
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
