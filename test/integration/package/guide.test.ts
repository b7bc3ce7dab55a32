// Every command line of the page for those who come from the script, typed as it stands there, in a directory like theirs.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildPawl, program } from '../../support/pawl.ts'
import { startWorld, type World } from './world.ts'

const PAGE = new URL('../../../docs/guide/coming-from-the-download-script.md', import.meta.url)
const lines = [...readFileSync(PAGE, 'utf8').matchAll(/^ {4}pawl (.+)$/gm)].map(([, line = '']) => line)

let world: World
const directories: Record<string, string> = {}

beforeAll(async () => {
  await buildPawl()
  world = await startWorld()
  for (const mode of ['k8s', 'docker'] as const) {
    await world.offer(mode, ['2026-6-12', '2026-7-16'])
    directories[mode] = await world.installed(mode)
  }
})
afterAll(async () => await world.stop())

test('the page has commands', () => {
  expect(lines.length).toBeGreaterThan(6)
})

test.each(lines)('pawl %s', async (line) => {
  const cwd = directories[line.includes('-s docker') ? 'docker' : 'k8s']
  const env = { ...process.env, STORAGE_EMULATOR_HOST: world.google.endpoint, HTTPS_PROXY: '' }
  const output = await new Promise<string>((resolve, reject) => {
    execFile(process.execPath, [program, ...line.split(' ')], { cwd, env }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else reject(new Error(`${line}: ${stdout}${stderr}`))
    })
  })
  expect(output).toContain('2026.7.16')
})

test('afterwards the old files are there under dated names, and the new ones in their place', async () => {
  const names = await readdir(directories['k8s'] ?? '')
  const kept = names.filter((name) => /^carto-(values|secrets)\.yaml\.\d{8}T\d{6}Z$/.test(name))
  expect(kept).toHaveLength(2)
})
