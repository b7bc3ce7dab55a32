// The program that runs in a Job, as a process of its own: what it says, how it ends, what is left when it is told to. (Killed: test/trials.)
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { childProcesses } from '../../../src/adapters/process/processes.ts'
import type { DataTask, ResultOf } from '../../../src/core/data/tasks.ts'
import type { ErrorReport } from '../../../src/core/errors.ts'
import { startPostgres, SUPERUSER_PASSWORD, type TestServer } from '../../support/postgres.ts'
import { startS3 } from '../../support/versitygw.ts'
import { APP, makeHostile } from './hostile.ts'
import { makeWorld, type World } from './world.ts'

const MAIN = new URL('../../../src/apps/data/main.ts', import.meta.url).pathname
const processes = childProcesses()
let server: TestServer
let world: World
let root: string
let env: Record<string, string>

beforeAll(async () => {
  server = await startPostgres()
  await makeHostile(server)
  // Enough to be interrupted in.
  await server.query(
    'Ledger db',
    `insert into deliveries (note) select repeat('much ', 40) || i from generate_series(1, 120000) i`,
  )
  world = await makeWorld(server)
  root = await mkdtemp('/tmp/pawl-program-')
  // Run by root, the scratch server has another user, who must be able to enter its directory in here.
  await chmod(root, 0o711)
  for (const [name, value] of [
    ...world.secrets,
    ['app/password', APP.password] as const,
    ['admin/password', SUPERUSER_PASSWORD] as const,
  ]) {
    const [secret = '', key = ''] = name.split('/')
    const directory = secret === 'release' ? join(root, 'release') : join(root, 'secrets', secret)
    await mkdir(directory, { recursive: true })
    await writeFile(join(directory, key), value, { mode: 0o600 })
  }
  // What Kubernetes keeps beside the keys of a mounted secret.
  await mkdir(join(root, 'release', '..data'))
  await mkdir(join(root, 'store'))
  await mkdir(join(root, 'tmp'))
  await chmod(join(root, 'tmp'), 0o1777)
  await writeFile(join(root, 'termination'), '')
  env = {
    PAWL_SECRETS_DIR: join(root, 'secrets'),
    PAWL_RELEASE_DIR: join(root, 'release'),
    PAWL_STORE_DIR: join(root, 'store'),
    PAWL_TERMINATION_LOG: join(root, 'termination'),
    TMPDIR: join(root, 'tmp'),
  }
})

afterAll(async () => {
  await rm(root, { recursive: true, force: true })
  await world.dispose()
  await server.stop()
})

interface Said {
  exitCode: number
  lines: { t: string; [field: string]: unknown }[]
  termination: Record<string, unknown>
  everything: string
}

async function start(task: DataTask | string) {
  const text =
    typeof task === 'string'
      ? task
      : JSON.stringify({ ...task, ...('store' in task ? { store: { type: 'volume', claim: 'backups' } } : {}) })
  return await processes.start({ program: process.execPath, args: [MAIN], env: { ...env, PAWL_TASK: text } })
}

async function run(task: DataTask | string): Promise<Said> {
  const running = await start(task)
  let stdout = ''
  for await (const chunk of running.stdout.setEncoding('utf8')) stdout += String(chunk)
  const end = await running.ended
  const termination = await readFile(join(root, 'termination'), 'utf8')
  return {
    exitCode: end.exitCode,
    lines: stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Said['lines'][number]),
    termination: JSON.parse(termination) as Record<string, unknown>,
    everything: stdout + end.stderr + termination,
  }
}

/** The result of a task that must succeed; checks everything that holds for every success. */
async function succeed<K extends DataTask['kind']>(task: Extract<DataTask, { kind: K }>): Promise<ResultOf<K>> {
  const said = await run(task)
  const last = said.lines.at(-1)
  expect(said.exitCode, said.everything).toBe(0)
  expect(said.lines.filter((line) => line.t !== 'progress')).toEqual([last])
  expect(last?.t).toBe('result')
  expect(last?.['sha256']).toBe(createHash('sha256').update(JSON.stringify(last?.['result'])).digest('hex'))
  expect(said.termination).toEqual({ ok: true, sha256: last?.['sha256'] })
  expect(said.everything).not.toMatch(/canary|AGE-SECRET/)
  return last?.['result'] as ResultOf<K>
}

test('observe, backup, prove, restore and swap, each in a process of its own', async () => {
  const seen = await succeed({ kind: 'observe', databases: world.databases, until: 'quiet', timeoutMs: 20_000 })
  expect(seen.quiet).toBe(true)
  const backup = await succeed(world.backupTask('ns/rel/program'))
  expect(await succeed(world.backupTask('ns/rel/program'))).toEqual(backup)
  const proof = await succeed(world.proveTask('ns/rel/program'))
  expect(proof).toMatchObject({ rung: 'proven', manifestSha256: backup.manifestSha256 })
  const restored = await succeed(world.restoreTask('ns/rel/program', '__new'))
  expect(restored.databases.map((database) => database.digest)).toEqual(
    backup.databases.map((database) => database.digest),
  )
  const expected = Object.fromEntries(backup.databases.map((database) => [database.role, database.digest]))
  const swapped = await succeed({
    kind: 'swap',
    databases: world.databases,
    newSuffix: '__new',
    oldSuffix: '__old',
    expect: expected,
  })
  expect(swapped.databases.map((database) => database.kept)).toEqual(['Ledger db__old', 'ai_db__old'])
  expect(await readdir(join(root, 'tmp'))).toEqual([])
})

test('the store is checked, and a volume that is not mounted is not made', async () => {
  expect(await succeed({ kind: 'check-store', store: { type: 'volume', claim: 'backups' } })).toMatchObject({
    createOnly: true,
  })
  const held = env['PAWL_STORE_DIR']
  env['PAWL_STORE_DIR'] = join(root, 'not-mounted')
  const said = await run({ kind: 'check-store', store: { type: 'volume', claim: 'backups' } })
  env['PAWL_STORE_DIR'] = held ?? ''
  expect(said.exitCode).toBe(73)
  expect(said.termination).toMatchObject({ ok: false, code: 'store-unwritable' })
})

test('a failure is one error line, the table’s exit code and a termination message', async () => {
  const [ledger] = world.databases
  if (ledger === undefined) throw new Error('no database')
  const said = await run({ kind: 'observe', databases: [{ ...ledger, port: 9 }] })
  expect(said.exitCode).toBe(69)
  const [line] = said.lines
  expect(said.lines.length).toBe(1)
  expect(line?.t).toBe('error')
  const report = line?.['report'] as ErrorReport
  expect(report).toMatchObject({ code: 'database-unreachable', facts: { port: 9 } })
  expect(said.termination).toEqual({ ok: false, code: report.code, message: report.message })
  expect(said.everything).not.toMatch(/canary/)
})

test('a task that is none is refused without a look at anything', async () => {
  expect(await run('{"kind":"backup"}')).toMatchObject({
    exitCode: 65,
    termination: { ok: false, code: 'input-invalid' },
  })
  expect(await run('not json')).toMatchObject({ exitCode: 65 })
  expect(
    await run({
      kind: 'prove',
      set: '../../etc',
      identity: { secret: 'a', key: 'b' },
      jobs: 1,
      store: { type: 'volume', claim: 'x' },
    }),
  ).toMatchObject({ exitCode: 65 })
  const outside = await run({
    kind: 'prove',
    set: 'ns/rel/program',
    identity: { secret: '..', key: 'x' },
    jobs: 1,
    store: { type: 'volume', claim: 'x' },
  })
  expect(outside).toMatchObject({ exitCode: 65, termination: { code: 'input-invalid' } })
})

test('a task may come in a file', async () => {
  const path = join(root, 'task.json')
  await writeFile(path, JSON.stringify({ kind: 'check-store', store: { type: 'volume', claim: 'backups' } }))
  const end = await processes.run({ program: process.execPath, args: [MAIN], env: { ...env, PAWL_TASK_FILE: path } })
  expect(end.exitCode).toBe(0)
  expect(end.stdout).toContain('"createOnly":true')
})

/** Starts a task and calls `act` when it has said that the given phase began. */
async function interrupt(
  task: DataTask,
  phase: string,
  act: (pid: number) => void,
): Promise<{ exitCode: number; stdout: string }> {
  const running = await start(task)
  let stdout = ''
  let acted = false
  for await (const chunk of running.stdout.setEncoding('utf8')) {
    stdout += String(chunk)
    if (acted || !stdout.includes(`"phase":"${phase}"`)) continue
    acted = true
    act(running.pid)
  }
  const end = await running.ended
  expect(acted, stdout).toBe(true)
  return { exitCode: end.exitCode, stdout }
}

async function emptied(directory: string): Promise<string[]> {
  for (let tried = 0; tried < 100; tried++) {
    const names = await readdir(directory)
    if (names.every((name) => !name.startsWith('pawl-scratch'))) return names
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return await readdir(directory)
}

test('SIGTERM during a proof: exit 143, server and files gone', async () => {
  const { exitCode, stdout } = await interrupt(world.proveTask('ns/rel/program'), 'restore', (pid) =>
    process.kill(pid, 'SIGTERM'),
  )
  expect(exitCode).toBe(143)
  expect(stdout.trim().split('\n').at(-1)).toContain('"code":"job-failed"')
  expect(JSON.parse(await readFile(join(root, 'termination'), 'utf8'))).toMatchObject({ ok: false, code: 'job-failed' })
  expect(await emptied(join(root, 'tmp'))).toEqual([])
})

test('the same work with an S3 service as the store', async () => {
  const service = await startS3(['backups'])
  try {
    await mkdir(join(root, 'secrets', 's3'))
    await writeFile(join(root, 'secrets', 's3', 'accessKeyId'), `${service.accessKeyId}\n`)
    await writeFile(join(root, 'secrets', 's3', 'secretAccessKey'), service.secretAccessKey)
    const store = {
      type: 's3' as const,
      bucket: 'backups',
      prefix: 'pawl',
      endpoint: service.endpoint,
      credentials: 's3',
    }
    const runIn = async (task: DataTask): Promise<Said> => await run(JSON.stringify({ ...task, store }))
    const check = await runIn({ kind: 'check-store', store })
    expect(check.lines.at(-1)?.['result'], check.everything).toEqual({ createOnly: true })
    const backup = await runIn(world.backupTask('ns/rel/s3'))
    expect(backup.exitCode, backup.everything).toBe(0)
    const proof = await runIn(world.proveTask('ns/rel/s3'))
    expect(proof.lines.at(-1)).toMatchObject({
      t: 'result',
      result: { rung: 'proven', proof: 'ns/rel/s3/proof-1.json' },
    })
    expect(backup.everything + proof.everything).not.toMatch(/canary/)
  } finally {
    await service.stop()
  }
})
