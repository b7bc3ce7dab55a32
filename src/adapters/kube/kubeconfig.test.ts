import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isPawlError } from '../../core/errors.ts'
import { readConnection } from './kubeconfig.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'))
})
afterEach(async () => await rm(folder, { recursive: true }))

async function file(name: string, content: unknown): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

function config(name: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    'current-context': name,
    contexts: [{ name, context: { cluster: name, user: name } }],
    clusters: [{ name, cluster: { server: `https://${name}`, 'certificate-authority': 'ca.crt' } }],
    users: [{ name, user: { tokenFile: 'token' } }],
    ...more,
  }
}

function codeOf(work: () => unknown): string {
  try {
    work()
    return 'no error'
  } catch (error) {
    return isPawlError(error) ? error.code : String(error)
  }
}

test('of several files the first that says something wins, and missing ones are passed over', async () => {
  const one = await file('one', { ...config('a'), 'current-context': '' })
  const two = await file('two', {
    ...config('b'),
    users: [
      { name: 'a', user: { token: 'wrong' } },
      { name: 'b', user: { token: 'right' } },
    ],
  })
  const env = { KUBECONFIG: [join(folder, 'missing'), one, two].join(':') }
  expect(readConnection({ env })).toMatchObject({
    context: 'b',
    namespace: 'default',
    cluster: { server: 'https://b' },
    user: { token: 'right' },
  })
  const first = readConnection({ env, context: 'a', namespace: 'n' })
  expect(first).toMatchObject({ context: 'a', namespace: 'n', user: { tokenFile: join(folder, 'token') } })
  expect(first.user).not.toHaveProperty('token')
})

test("relative paths are meant from the file's own folder", async () => {
  const path = await file('one', config('a'))
  expect(readConnection({ kubeconfig: path, env: {} }).cluster['certificate-authority']).toBe(join(folder, 'ca.crt'))
})

test('the home folder is the last file looked for', async () => {
  expect(codeOf(() => readConnection({ env: { HOME: folder } }))).toBe('cluster-unreachable')
})

test('what cannot be used is said, and not what is in it', async () => {
  expect(codeOf(() => readConnection({ kubeconfig: join(folder, 'missing'), env: {} }))).toBe('input-invalid')
  const path = await file('one', config('a'))
  expect(codeOf(() => readConnection({ kubeconfig: path, context: 'other', env: {} }))).toBe('input-invalid')
  expect(() => readConnection({ kubeconfig: path, context: 'other', env: {} })).toThrow('known: a')
  const broken = await file('broken', 'users: [{token: SECRET')
  expect(() => readConnection({ kubeconfig: broken, env: {} })).toThrow(
    expect.not.stringContaining('SECRET') as unknown as Error,
  )
  const noServer = await file('no-server', config('a', { clusters: [{ name: 'a', cluster: { server: '' } }] }))
  expect(() => readConnection({ kubeconfig: noServer, env: {} })).toThrow('no usable server')
})
