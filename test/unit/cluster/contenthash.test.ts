// What counts as a change of an image's input.
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { hashImageInput } from '../../cluster/contenthash.ts'

let context: string
let containerfile: string

beforeEach(async () => {
  context = await mkdtemp(join(tmpdir(), 'pawl-context-'))
  containerfile = join(context, 'Containerfile')
  await writeFile(containerfile, 'FROM scratch\n')
  await mkdir(join(context, 'app'))
  await writeFile(join(context, 'app', 'main.js'), 'one')
})

afterEach(() => rm(context, { recursive: true }))

test('is the same for the same input, in whatever order arguments are named', async () => {
  const first = await hashImageInput({ containerfile, context, buildArgs: { A: '1', B: '2' } })
  expect(await hashImageInput({ containerfile, context, buildArgs: { B: '2', A: '1' } })).toBe(first)
})

const changes: [string, () => Promise<unknown>][] = [
  ['content', () => writeFile(join(context, 'app', 'main.js'), 'two')],
  ['a mode', () => chmod(join(context, 'app', 'main.js'), 0o755)],
  ['a name', () => rename(join(context, 'app', 'main.js'), join(context, 'app', 'other.js'))],
  ['a new file', () => writeFile(join(context, 'new'), '')],
  ['the instructions', () => writeFile(containerfile, 'FROM other\n')],
]

test.each(changes)('%s changes it', async (_, change) => {
  const before = await hashImageInput({ containerfile, context })
  await change()
  expect(await hashImageInput({ containerfile, context })).not.toBe(before)
})

test('target and arguments change it', async () => {
  const hashes = [
    await hashImageInput({ containerfile, context }),
    await hashImageInput({ containerfile, context, target: 'a' }),
    await hashImageInput({ containerfile, context, buildArgs: { A: '1' } }),
  ]
  expect(new Set(hashes).size).toBe(3)
})
