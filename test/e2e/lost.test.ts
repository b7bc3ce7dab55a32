// A lost cluster: namespace, volumes, key and every resource are gone. What is left is the bucket, or a volume, and the exported key;
// one command brings the product back, every acknowledged row of the backup included.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { getJson, helm, kubectl, openLab, type Lab } from '../support/lab.ts'
import { startWitness } from '../support/start-witness.ts'
import { pawl, pawlJson } from '../support/pawl.ts'
import { acknowledgedIds, installTally, lostIds, removeTally, sql, waitReady, type Tally } from '../support/tally.ts'
import { startS3, type S3Service } from '../support/versitygw.ts'

const NAMESPACE = 'e2e-lost'
const where = ['tally', '-n', NAMESPACE]
let lab: Lab
let tally: Tally
let s3: S3Service
let directory: string
let acknowledged: number[]
let backup: Shown

beforeAll(async () => {
  lab = await openLab()
  directory = await mkdtemp(join(tmpdir(), 'pawl-e2e-lost-'))
  tally = await installTally(lab, { namespace: NAMESPACE, version: '2026.1.12', rows: 3000 })
  s3 = await startS3(['backups'], { address: lab.cluster.nodeAddress })
  await storeKey()
  const tools = ['--charts', lab.charts, '--data-image', lab.dataImage]
  await pawlJson(lab, ['init', ...where, ...tools, ...store('--store')])
})

afterAll(async () => {
  await removeTally(lab, tally)
  await s3.stop()
  await rm(directory, { recursive: true, force: true })
})

function store(option: string): string[] {
  return [option, 's3://backups/tally', '--store-endpoint', s3.endpoint, '--store-credentials', 's3-key']
}

async function storeKey(): Promise<void> {
  const key = [`--from-literal=accessKeyId=${s3.accessKeyId}`, `--from-literal=secretAccessKey=${s3.secretAccessKey}`]
  await kubectl(lab, ['create', 'secret', 'generic', 's3-key', '-n', NAMESPACE, ...key])
}

interface Kept {
  set: { status: object }
  stored: { proofs: { rehearsal?: { seconds: number } }[] }
}

interface Shown {
  name: string
  state: { steps: Record<string, { evidence?: { databases?: { role: string; rows: string; digest: string }[] } }> }
}

const evidence = ({ state }: Shown, step: string): string[] =>
  (state.steps[step]?.evidence?.databases ?? []).map(({ role, rows, digest }) => `${role} ${rows} ${digest}`).toSorted()

test('only the bucket and the key are left, and the product comes back', async () => {
  const file = join(directory, 'key.txt')
  expect((await pawl(lab, ['keys', 'export', ...where, '--out', file])).exitCode).toBe(0)
  acknowledged = await acknowledgedIds(lab, NAMESPACE)
  expect(acknowledged.length).toBeGreaterThan(0)
  const taken = await pawl(lab, ['backup', 'create', ...where])
  expect(taken.exitCode, taken.stdout + taken.stderr).toBe(0)
  backup = await pawlJson<Shown>(lab, ['runs', 'show', ...where])
  const verified = await pawlJson<{ problems: string[] }>(lab, ['backup', 'verify', ...where])
  expect(verified.problems).toEqual([])
  const prune = await pawlJson<{ plan: { decisions: { remove: boolean; why: string[] }[] }; pruned: unknown }>(lab, [
    'backup',
    'prune',
    ...where,
    '--keep',
    '1',
    '--keep-days',
    '0',
  ])
  expect(prune).toMatchObject({ plan: { decisions: [{ remove: false }] }, pruned: null })
  const exported = await pawlJson<{ made: number }>(lab, ['backup', 'export', ...where, '--to', join(directory, 'out')])
  expect(exported.made).toBeGreaterThan(10)

  await kubectl(lab, ['delete', 'namespace', NAMESPACE, '--wait=true', '--timeout=180s'])
  await kubectl(lab, ['create', 'namespace', NAMESPACE])
  await storeKey()
  await startWitness(lab, NAMESPACE)

  const there = await pawlJson<unknown[]>(lab, ['backup', 'list', ...where, ...store('--from')])
  expect(there).toMatchObject([{ rung: 'proven', stored: { about: { appVersion: '2026.1.12' }, proofs: [{}] } }])
  expect(await pawlJson<unknown[]>(lab, ['backup', 'list', ...where])).toEqual([])

  const command = ['recover', ...where, ...store('--from'), '--identity', file]
  const dry = await pawl(lab, [...command, '--dry-run'])
  expect(dry.exitCode, dry.stdout + dry.stderr).toBe(0)
  expect(await getJson<{ items: unknown[] }>(lab, ['installations', '-n', NAMESPACE])).toMatchObject({ items: [] })

  const started = Date.now()
  const result = await pawl(lab, [...command, '--yes'])
  expect(result.exitCode, result.stdout + result.stderr).toBe(0)
  console.log(`brought back in ${Math.round((Date.now() - started) / 1000)} s`)
  const identity = (await readFile(file, 'utf8')).split('\n').find((line) => line.startsWith('AGE-')) ?? ''
  for (const canary of [identity, s3.secretAccessKey, 'tally-password-canary'])
    expect(result.stdout + result.stderr).not.toContain(canary)

  const recovery = await pawlJson<Shown>(lab, ['runs', 'show', ...where])
  expect(evidence(recovery, 'restore')).toEqual(evidence(backup, 'backup'))
  // No backup has it: it is of the recovery, and of the release that came back.
  const floor = "SELECT floor || ' after ' || recovery_epoch FROM pawl.floor"
  expect(await sql(lab, tally, 'tally', floor)).toBe('2026.1.12 after 1')
  await waitReady(lab, NAMESPACE)
  expect(await lostIds(lab, tally, acknowledged)).toEqual([])
  const before = Number(await sql(lab, tally, 'tally', 'SELECT count(*) FROM deliveries'))
  await expect
    .poll(async () => Number(await sql(lab, tally, 'tally', 'SELECT count(*) FROM deliveries')), { timeout: 60_000 })
    .toBeGreaterThan(before)
  const { set, stored } = await pawlJson<Kept>(lab, ['backup', 'show', ...where])
  expect(set.status).toMatchObject({ rung: 'rehearsed', proofs: [{ rung: 'proven' }, { rung: 'rehearsed' }] })
  expect(stored.proofs.at(-1)).toMatchObject({ rung: 'rehearsed', rehearsal: { run: recovery.name } })
  expect(stored.proofs.at(-1)?.rehearsal?.seconds).toBeGreaterThan(0)
  const [record] = JSON.parse(await helm(lab, ['list', '-n', NAMESPACE, '-o', 'json'])) as {
    status: string
    chart: string
  }[]
  expect(record?.status).toBe('deployed')

  const again = await pawl(lab, [...command, '--yes'])
  expect(again.exitCode).toBe(65)
})

const claim = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'archive' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
}

/** Everything of the namespace that the release or Pawl has made, but the one volume. The witness is test equipment. */
async function loseAllButTheVolume(): Promise<void> {
  await helm(lab, ['uninstall', 'tally', '-n', NAMESPACE, '--wait'])
  const pawls = ['runs', 'backupsets', 'installations', 'releaseguards'].map((kind) => `${kind}.pawl.dev`).join()
  await kubectl(lab, ['delete', `${pawls},secrets,jobs`, '--all', '-n', NAMESPACE])
  await kubectl(lab, ['delete', 'pvc', 'data-tally-postgresql-0', '-n', NAMESPACE, '--timeout=60s'])
}

test('only a volume and the key are left, which the set was exported to, and the product comes back', async () => {
  const file = join(directory, 'key.txt')
  await kubectl(lab, ['apply', '-n', NAMESPACE, '-f', '-'], JSON.stringify(claim))
  const exported = await pawlJson<{ where: string; made: number }>(lab, [
    'backup',
    'export',
    ...where,
    '--to',
    'volume:archive',
  ])
  expect(exported).toMatchObject({ where: 'volume:archive' })
  expect(exported.made).toBeGreaterThan(10)
  await loseAllButTheVolume()

  const command = ['recover', ...where, '--from', 'volume:archive', '--identity', file, '--data-image', lab.dataImage]
  const result = await pawl(lab, [...command, '--yes'])
  expect(result.exitCode, result.stdout + result.stderr).toBe(0)
  expect(evidence(await pawlJson<Shown>(lab, ['runs', 'show', ...where]), 'restore')).toEqual(
    evidence(backup, 'backup'),
  )
  await waitReady(lab, NAMESPACE)
  expect(await lostIds(lab, tally, acknowledged)).toEqual([])
})
