// The account's key leaves no trace: the real program as a process, and then every file it could have written, searched for the key.
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { answerWith, cutAt } from '../../support/google.ts'
import { buildPawl, program } from '../../support/pawl.ts'
import { filesBelow, startWorld, type World } from './world.ts'

let world: World
let root: string

beforeAll(async () => {
  await buildPawl()
  world = await startWorld()
})
beforeEach(async () => {
  await world.reset()
  await world.offer('k8s', ['2026-7-16'])
  await world.offer('docker', ['2026-7-16'])
  root = await mkdtemp(join(tmpdir(), 'pawl-test-traces-'))
  for (const name of ['home', 'cwd', 'tmp', 'to']) await mkdir(join(root, name))
})
afterAll(async () => await world.stop())

interface Ran {
  exitCode: number | null
  output: string
  /** What other users see of it while it runs. */
  commandLine: string
}

async function run(args: readonly string[]): Promise<Ran> {
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: join(root, 'home'),
    TMPDIR: join(root, 'tmp'),
    STORAGE_EMULATOR_HOST: world.google.endpoint,
  }
  const child = spawn(process.execPath, [program, 'package', ...args], { cwd: join(root, 'cwd'), env, stdio: 'pipe' })
  let [output, commandLine] = ['', '']
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  for (let over = false; !over;) {
    commandLine += await readFile(`/proc/${child.pid}/cmdline`, 'utf8').catch(() => '')
    over = await Promise.race([
      ended.then(() => true),
      new Promise<false>((resolve) => setTimeout(() => resolve(false), 10)),
    ])
  }
  return { exitCode: await ended, output, commandLine }
}

/** Parts of the key that are long enough to be nothing else, as they are and as an encoding would leave them. */
function marksOf(key: string): string[] {
  const pem = (JSON.parse(key) as { private_key: string }).private_key
  // Every key begins alike: its first line says nothing.
  const lines = pem
    .split('\n')
    .filter((line) => line.length === 64)
    .slice(1)
  const base64 = Buffer.from(pem).toString('base64')
  return [
    ...lines.map((line) => line.slice(0, 40)),
    base64.slice(300, 340),
    Buffer.from(lines[1] ?? '')
      .toString('hex')
      .slice(0, 40),
  ]
}

/** Files below the root with a part of the account's key in them. */
async function traces(key: string): Promise<string[]> {
  const found: string[] = []
  for (const name of await filesBelow(root)) {
    const text = await readFile(join(root, name), 'latin1').catch(() => '')
    if (marksOf(key).some((mark) => text.includes(mark))) found.push(name)
  }
  return found
}

test('the search finds a key where there is one', async () => {
  const directory = await world.installed('docker')
  const marks = marksOf(world.key)
  expect(marks.length).toBeGreaterThan(20)
  const key = (JSON.parse(await readFile(join(directory, 'key.json'), 'utf8')) as { private_key: string }).private_key
  expect(marks.slice(0, -2).every((mark) => key.includes(mark))).toBe(true)
})

test.each([
  ['k8s', 'a download', [], 0],
  ['docker', 'a download', [], 0],
  ['k8s', 'a download that is cut', [cutAt(0.6), cutAt(0), cutAt(0), cutAt(0), cutAt(0)], 69],
  ['k8s', 'a refusal', [answerWith(403, '{}')], 77],
] as const)(
  '%s: %s leaves nothing of the key on disk, in the output or in the command line',
  async (mode, _what, faults, exit) => {
    const directory = await world.installed(mode)
    world.google.fail('media', ...faults)
    const { exitCode, output, commandLine } = await run([
      'download',
      '-d',
      directory,
      '-s',
      mode,
      '--to',
      join(root, 'to', 'new'),
    ])
    expect(exitCode, output).toBe(exit)
    expect(await traces(world.key)).toEqual([])
    for (const mark of marksOf(world.key)) expect(output + commandLine).not.toContain(mark)
    expect(commandLine).toContain('download')
    expect(output).not.toContain('Warning')
    // Outside of the place it was told it has written nothing at all.
    expect([
      await readdir(join(root, 'home')),
      await readdir(join(root, 'cwd')),
      await readdir(join(root, 'tmp')),
    ]).toEqual([[], [], []])
    await rm(root, { recursive: true })
  },
)

test('show and diff print no secret', async () => {
  const directory = await world.installed('k8s')
  for (const verb of ['show', 'diff', 'list']) {
    const text = await run([verb, '-d', directory])
    const json = await run([verb, '-d', directory, '-o', 'json'])
    expect([text.exitCode, json.exitCode]).toEqual([0, 0])
    for (const key of [world.key, world.newKey])
      for (const mark of marksOf(key)) expect(text.output + json.output).not.toContain(mark)
    expect(text.output + json.output).not.toContain('canary-')
  }
  await rm(root, { recursive: true })
})
