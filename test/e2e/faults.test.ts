// What goes wrong around an upgrade, on a real cluster: each is refused or parked with its code, and the product is as it was afterwards.
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { generateIdentity } from '../../src/adapters/age/identity.ts'
import { objectsOf } from '../support/identical.ts'
import { getJson, kubectl, openLab, type Lab } from '../support/lab.ts'
import { pawl, pawlJson, startPawl, type PawlResult } from '../support/pawl.ts'
import {
  acknowledgedIds,
  installTally,
  lostIds,
  removeTally,
  usePackage,
  waitReady,
  witness,
  type Tally,
} from '../support/tally.ts'
import { startS3, type S3Service } from '../support/versitygw.ts'

const NAMESPACE = 'e2e-faults'
const where = ['tally', '-n', NAMESPACE]
let lab: Lab
let tally: Tally
let upgrade: string[]
let s3: S3Service | undefined

beforeAll(async () => {
  lab = await openLab()
  tally = await installTally(lab, {
    namespace: NAMESPACE,
    version: '2026.1.12',
    rows: 3_000,
    ai: false,
    // Its pod writes on until it is killed at the end of its grace period.
    values: { recorder: { stopSlowly: true, terminationGracePeriodSeconds: 8 } },
  })
  upgrade = ['upgrade', ...where, '--to', '2026.2.9', ...tally.valuesFiles.flatMap((file) => ['-f', file]), '--yes']
  await initWith([])
})

afterAll(async () => {
  await removeTally(lab, tally)
  await s3?.stop()
})

async function initWith(store: string[]): Promise<void> {
  await pawlJson(lab, ['init', ...where, '--charts', lab.charts, '--data-image', lab.dataImage, ...store])
}

function codeOf(result: PawlResult): string | undefined {
  const last = JSON.parse(result.stdout.trim().split('\n').at(-1) ?? '{}') as { error?: { code: string } }
  return last.error?.code
}

interface Shown {
  state: {
    phase: string
    ended?: { outcome: string }
    parked?: { step: string; next: string; error: { code: string; message: string } }
  }
}

async function newestRun(): Promise<Shown> {
  return await pawlJson<Shown>(lab, ['runs', 'show', ...where])
}

async function running(): Promise<Record<string, string>> {
  const { items } = await getJson<{
    items: {
      metadata: { name: string }
      spec: { replicas: number; template: { spec: { containers: { image: string }[] } } }
    }[]
  }>(lab, ['deployments', '-n', NAMESPACE])
  return Object.fromEntries(
    items.map(({ metadata, spec }) => [
      metadata.name,
      `${spec.replicas} of ${spec.template.spec.containers[0]?.image}`,
    ]),
  )
}

/** Gives the parked run up and finds everything as it was. */
async function abortLeaves(before: Record<string, string>): Promise<void> {
  const result = await pawl(lab, ['runs', 'abort', ...where, '--yes'])
  expect(result.exitCode, result.stdout + result.stderr).toBe(0)
  expect((await newestRun()).state.ended?.outcome).toBe('aborted')
  await waitReady(lab, NAMESPACE)
  expect(await running()).toEqual(before)
}

describe('what is missing is said before anything is touched', () => {
  test('no helm', async () => {
    const before = await objectsOf(lab, NAMESPACE)
    const result = await pawl(lab, [...upgrade, '-o', 'json'], { env: { PATH: '/nonexistent' } })
    expect({ code: codeOf(result), exit: result.exitCode }).toEqual({ code: 'helm-missing', exit: 69 })
    expect(await objectsOf(lab, NAMESPACE)).toEqual(before)
  })

  test('a customer package that is too old', async () => {
    await usePackage(tally, '2024.12.1')
    const before = await objectsOf(lab, NAMESPACE)
    const result = await pawl(lab, [...upgrade, '-o', 'json'])
    await usePackage(tally, '2026.1.1')
    expect({ code: codeOf(result), exit: result.exitCode }).toEqual({ code: 'package-too-old', exit: 20 })
    expect(await objectsOf(lab, NAMESPACE)).toEqual(before)
  })

  test('a database that does not answer', async () => {
    await kubectl(lab, ['scale', '-n', NAMESPACE, 'statefulset/tally-postgresql', '--replicas=0'])
    await kubectl(lab, ['wait', '-n', NAMESPACE, '--for=delete', 'pod/tally-postgresql-0', '--timeout=120s'])
    const result = await pawl(lab, [...upgrade, '-o', 'json'])
    await kubectl(lab, ['scale', '-n', NAMESPACE, 'statefulset/tally-postgresql', '--replicas=1'])
    await waitReady(lab, NAMESPACE)
    expect({ code: codeOf(result), exit: result.exitCode }, result.stdout).toEqual({
      code: 'database-unreachable',
      exit: 69,
    })
    expect((await pawlJson<unknown[]>(lab, ['runs', 'list', ...where])).length).toBe(0)
  })

  test('a store that nobody answers for', async () => {
    await initWith(['--store', 's3://nowhere/x', '--store-endpoint', `http://${lab.cluster.nodeAddress}:9`])
    const result = await pawl(lab, [...upgrade, '-o', 'json'])
    await initWith(['--store', 'volume'])
    expect({ code: codeOf(result), exit: result.exitCode }, result.stdout).toEqual({
      code: 'store-unwritable',
      exit: 73,
    })
    expect((await pawlJson<unknown[]>(lab, ['runs', 'list', ...where])).length).toBe(0)
  })
})

describe('what goes wrong before the point of no return is given up without a trace', () => {
  test('a store that gets full', async () => {
    const before = await running()
    // Enough for the check beforehand, not for the archives: the seeded large object alone is 8 MiB.
    s3 = await startS3(['backups'], { address: lab.cluster.nodeAddress, sizeMb: 4 })
    await kubectl(lab, [
      'create',
      'secret',
      'generic',
      's3-key',
      '-n',
      NAMESPACE,
      `--from-literal=accessKeyId=${s3.accessKeyId}`,
      `--from-literal=secretAccessKey=${s3.secretAccessKey}`,
    ])
    await initWith(['--store', `s3://backups/tally`, '--store-endpoint', s3.endpoint, '--store-credentials', 's3-key'])
    const result = await pawl(lab, upgrade)
    await initWith(['--store', 'volume'])
    expect([30, 40, 73], result.stdout + result.stderr).toContain(result.exitCode)
    const { state } = await newestRun()
    expect(state.parked).toMatchObject({ step: 'backup', next: `pawl runs abort ${where.join(' ')}` })
    expect(['store-full', 'store-unwritable']).toContain(state.parked?.error.code)
    await abortLeaves(before)
  })

  test('a key that does not open what was stored', async () => {
    const before = await running()
    const right = await getJson<{ data: { identity: string } }>(lab, ['secret', 'pawl-identity', '-n', NAMESPACE])
    const other = Buffer.from((await generateIdentity()).identity).toString('base64')
    const put = async (identity: string): Promise<unknown> =>
      await kubectl(lab, [
        'patch',
        'secret',
        'pawl-identity',
        '-n',
        NAMESPACE,
        '--type=merge',
        '-p',
        JSON.stringify({ data: { identity } }),
      ])
    await put(other)
    const result = await pawl(lab, upgrade)
    await put(right.data.identity)
    expect(result.exitCode, result.stdout + result.stderr).toBe(40)
    expect((await newestRun()).state.parked).toMatchObject({ step: 'prove', error: { code: 'key-wrong' } })
    await abortLeaves(before)
  })

  test('Ctrl-C: it ends at a safe point, says how to go on, and another process gives it up', async () => {
    const before = await running()
    const { child, result } = await startPawl(lab, upgrade, {
      onLine: (line) => {
        if (line.includes('quiesce')) child.kill('SIGINT')
      },
    })
    const ended = await result
    expect(ended.exitCode, ended.stdout + ended.stderr).toBe(31)
    expect(ended.stdout).toContain('pawl runs resume')
    await abortLeaves(before)
  })

  test('past the point of no return nothing is given up', async () => {
    const killed = await pawl(lab, upgrade, { killAt: 'commit:after-done' })
    expect(killed.signal, killed.stdout + killed.stderr).toBe('SIGKILL')
    const result = await pawl(lab, ['runs', 'abort', ...where, '--yes', '-o', 'json'])
    expect(codeOf(result)).toBe('run-past-point-of-no-return')
  })
})

describe('two at once', () => {
  test('the run that was left is gone on with by exactly one of two, the other is told; a third watches', async () => {
    const first = await startPawl(lab, ['runs', 'resume', ...where])
    const watcher = await startPawl(lab, ['runs', 'watch', ...where])
    await delay(1_000)
    const second = await pawl(lab, ['runs', 'resume', ...where, '-o', 'json'])
    const results = [await first.result, second]
    expect(
      results.map(({ exitCode }) => exitCode).toSorted((a, b) => (a ?? 0) - (b ?? 0)),
      results.map(({ stdout, stderr }) => stdout + stderr).join('\n'),
    ).toEqual([0, 75])
    const watched = await watcher.result
    expect(watched.exitCode).toBe(0)
    expect(watched.stdout).toContain('ended')
    expect((await newestRun()).state.ended?.outcome).toBe('done')
    await waitReady(lab, NAMESPACE)
    expect(await lostIds(lab, tally, await acknowledgedIds(lab, NAMESPACE))).toEqual([])
    expect((await witness(lab, NAMESPACE)).violations).toEqual([])
  })

  test('two upgrades at the same moment: one proceeds', async () => {
    const next = upgrade.map((word) => (word === '2026.2.9' ? '2026.3.9' : word))
    const both = await Promise.all([startPawl(lab, next), startPawl(lab, next)])
    const results = await Promise.all(both.map(async ({ result }) => await result))
    const codes = results.map(({ exitCode }) => exitCode).toSorted((a, b) => (a ?? 0) - (b ?? 0))
    expect(codes, results.map(({ stdout, stderr }) => stdout.slice(-2000) + stderr).join('\n======\n')).toEqual([0, 75])
    const runs = await pawlJson<{ outcome: string }[]>(lab, ['runs', 'list', ...where])
    expect(runs.filter(({ outcome }) => outcome === 'done')).toHaveLength(2)
  })
})

test('no password, key or identity is in anything that the cluster keeps in the open', async () => {
  const kept = await kubectl(lab, [
    'get',
    'runs.pawl.dev,backupsets.pawl.dev,installations.pawl.dev,jobs,configmaps,events',
    '-n',
    NAMESPACE,
    '-o',
    'yaml',
  ])
  for (const canary of ['tally-password-canary', 'tally-admin-canary', 'canary-Secret-22bb', 'AGE-SECRET-KEY'])
    expect(kept).not.toContain(canary)
})
