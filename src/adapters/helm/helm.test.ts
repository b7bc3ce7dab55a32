// With small programs in the place of Helm, for what the real one does not do on command; the real one is in test/integration.
import { spawn } from 'node:child_process'
import { chmod, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type PawlError, isPawlError } from '../../core/errors.ts'
import type { HelmUpgrade } from '../../ports/helm.ts'
import { helmEnvironment } from './environment.ts'
import { helmProgram } from './helm.ts'

let folder: string
let request: HelmUpgrade
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'helm-test-'))
  const values = join(folder, 'values.yaml')
  await writeFile(values, 'db: {password: hunter22}\n')
  request = {
    release: 'carto',
    namespace: 'prod',
    chartPath: '/x.tgz',
    valuesPaths: [values],
    description: 'd',
    labels: {},
    timeoutMs: 1000,
  }
})
afterEach(async () => await rm(folder, { recursive: true }))

async function program(body: string): Promise<string> {
  const path = join(folder, 'helm')
  await writeFile(path, `#!/bin/sh\nif [ "$1" = version ]; then printf v4.3.1; exit 0; fi\n${body}\n`)
  await chmod(path, 0o755)
  return path
}

async function errorOf(work: Promise<unknown>): Promise<PawlError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!isPawlError(error)) throw new Error(`expected a PawlError, got ${String(error)}`)
  return error
}

test('no program is helm-missing', async () => {
  expect((await errorOf(helmProgram({ program: '/nowhere/helm' }).version())).code).toBe('helm-missing')
  expect((await errorOf(helmProgram({ program: '/nowhere/helm' }).upgrade(request))).code).toBe('helm-missing')
})

test('a bad build is refused before it is used', async () => {
  const path = await program(`touch ${folder}/used`)
  await writeFile(path, (await readFile(path, 'utf8')).replace('v4.3.1', 'v4.2.1'))
  expect((await errorOf(helmProgram({ program: path }).upgrade(request))).code).toBe('helm-unusable')
  expect(await readdir(folder)).not.toContain('used')
})

test("settings of the user's Helm do not reach it, and its folders are private and gone afterwards", async () => {
  const path = await program(
    `env > ${folder}/seen; mkdir -p "$HELM_CACHE_HOME"; stat -c %a "$(dirname "$HELM_CACHE_HOME")" > ${folder}/mode`,
  )
  const env = {
    PATH: process.env.PATH,
    HELM_DRIVER: 'sql',
    HELM_KUBETOKEN: 'x',
    HELM_NAMESPACE: 'other',
    KUBECONFIG: '/a:/b',
  }
  await helmProgram({ program: path, env }).upgrade(request)
  const seen = await readFile(join(folder, 'seen'), 'utf8')
  expect(seen).toContain('HELM_DRIVER=secret')
  expect(seen).toContain('KUBECONFIG=/a:/b')
  expect(seen).not.toMatch(/HELM_KUBETOKEN|HELM_NAMESPACE/)
  expect((await readFile(join(folder, 'mode'), 'utf8')).trim()).toBe('700')
  const home = /HELM_CACHE_HOME=(.*)\/cache/.exec(seen)?.[1] ?? ''
  await expect(readdir(home)).rejects.toThrow('ENOENT')
  expect(Object.keys(helmEnvironment({ HELM_X: '1' }, '/h')).filter((name) => name === 'HELM_X')).toEqual([])
})

test("a failure carries Helm's own words, without the values in them", async () => {
  const path = await program(
    `echo 'WARN something' >&2; echo 'Error: UPGRADE FAILED: password hunter22 is wrong' >&2; exit 1`,
  )
  const error = await errorOf(helmProgram({ program: path }).upgrade(request))
  expect([error.code, error.message]).toEqual(['helm-failed', 'Helm: UPGRADE FAILED: password [redacted] is wrong'])
})

test('what Helm refuses before it writes has a code of its own', async () => {
  const cases = {
    'Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress': 'release-pending',
    'Error: UPGRADE FAILED: "carto" has no deployed releases': 'release-not-found',
    'Error: Kubernetes cluster unreachable: Get "https://x/version": refused': 'cluster-unreachable',
  }
  for (const [said, code] of Object.entries(cases)) {
    const path = await program(`echo '${said}' >&2; exit 1`)
    const error = await errorOf(helmProgram({ program: path }).upgrade(request))
    expect([error.code, error.unchanged]).toEqual([code, 'Helm changed nothing.'])
  }
})

test('a chart that refuses the values is input-invalid when rendered', async () => {
  const path = await program(
    `echo 'Error: UPGRADE FAILED: execution error at (carto/templates/x.yaml:3:4): customerId is required' >&2; exit 1`,
  )
  expect((await errorOf(helmProgram({ program: path }).render(request))).code).toBe('input-invalid')
})

test('rendering tells objects, hooks and notes apart', async () => {
  const release = {
    manifest: 'kind: A\n',
    hooks: [{ path: 'c/h.yaml', manifest: 'kind: H\n' }],
    info: { notes: 'hello' },
  }
  const path = await program(`printf '%s' '${JSON.stringify(release)}'`)
  expect(await helmProgram({ program: path }).render(request)).toEqual({
    manifest: 'kind: A\n',
    hooks: '---\n# Source: c/h.yaml\nkind: H\n',
    notes: 'hello',
  })
})

test('an abort sends SIGTERM, waits for Helm to put its record in order, and then tells the reason', async () => {
  const path = await program(
    `trap 'sleep 0.3; touch ${folder}/orderly; exit 1' TERM; touch ${folder}/started; sleep 20 & wait`,
  )
  const stop = new AbortController()
  const upgrading = helmProgram({ program: path }).upgrade(request, stop.signal)
  while (!(await readdir(folder)).includes('started')) await delay(20)
  stop.abort(new Error('enough'))
  await expect(upgrading).rejects.toThrow('enough')
  expect(await readdir(folder)).toContain('orderly')
})

test('Helm goes on when its parent is killed, even while it prints', async () => {
  const path = await program(
    `touch ${folder}/started; i=0; while [ $i -lt 10 ]; do echo out; echo err >&2 || exit 9; sleep 0.05; i=$((i+1)); done; touch ${folder}/finished`,
  )
  const script = join(folder, 'parent.mts')
  const helm = new URL('helm.ts', import.meta.url).href
  await writeFile(
    script,
    `import { helmProgram } from '${helm}'\nawait helmProgram({ program: '${path}' }).upgrade(${JSON.stringify(request)})\n`,
  )
  const parent = spawn(process.execPath, [script], { stdio: 'ignore' })
  while (!(await readdir(folder)).includes('started')) await delay(20)
  parent.kill('SIGKILL')
  for (let tries = 0; tries < 100 && !(await readdir(folder)).includes('finished'); tries += 1) await delay(30)
  expect(await readdir(folder)).toContain('finished')
})
