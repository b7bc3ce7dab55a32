import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { childProcesses } from '../../../src/adapters/process/processes.ts'
import { fileStore } from '../../../src/adapters/store/file/store.ts'
import { codeOf, storeConformance, type StoreKit } from './suite.ts'

const processes = childProcesses()

// A file system of a given size takes root.
const canMount = process.getuid?.() === 0

async function makeKit(): Promise<StoreKit> {
  const root = await mkdtemp(join(tmpdir(), 'pawl-store-file-'))
  const tiny = join(root, 'tiny')
  await mkdir(tiny)
  if (canMount) {
    const mount = await processes.run({ program: 'mount', args: ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', tiny] })
    if (mount.exitCode !== 0) throw new Error(mount.stderr)
  }
  return {
    open: async () => fileStore({ path: join(root, 'open'), create: true }),
    reopen: async () => fileStore({ path: join(root, 'open') }),
    // A plain file stands where the directory should be: that stops root as well.
    unwritable: async () => {
      await writeFile(join(root, 'a-file'), '')
      return fileStore({ path: join(root, 'a-file') })
    },
    gone: async () => fileStore({ path: join(root, 'not', 'mounted') }),
    ...(canMount ? { tiny: async () => fileStore({ path: tiny }) } : {}),
    dispose: async () => {
      if (canMount) await processes.run({ program: 'umount', args: [tiny] })
      await rm(root, { recursive: true, force: true })
    },
  }
}

storeConformance('file', { tiny: canMount }, makeKit)

async function withRoot(use: (root: string) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'pawl-store-own-'))
  try {
    await use(root)
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

test('a process killed while it writes leaves no object, and the next one takes the name', async () => {
  await withRoot(async (root) => {
    const program = `
      import { fileStore } from ${JSON.stringify(new URL('../../../src/adapters/store/file/store.ts', import.meta.url).href)}
      import { Readable } from 'node:stream'
      async function* slow() {
        yield Buffer.alloc(1000000, 'x')
        process.stdout.write('writing')
        await new Promise((resolve) => setTimeout(resolve, 60000))
        yield Buffer.alloc(1)
      }
      await fileStore({ path: ${JSON.stringify(root)} }).put('set/object', Readable.from(slow()))`
    const writer = await processes.start({ program: process.execPath, args: ['--input-type=module', '-e', program] })
    await new Promise((resolve) => writer.stdout.once('data', resolve))
    process.kill(writer.pid, 'SIGKILL')
    await writer.ended
    const store = fileStore({ path: root })
    expect(await store.list('')).toEqual([])
    expect(await store.head('set/object')).toBeUndefined()
    expect((await readdir(join(root, '.pawl-tmp'))).length).toBe(1)
    expect(await store.stranded({ under: '', before: new Date(Date.now() - 60_000) }, 'remove')).toBe(0)
    expect(await store.stranded({ under: '', before: new Date(Date.now() + 60_000) }, 'remove')).toBe(1)
    await store.put('set/object', new TextEncoder().encode('whole'))
    expect(await store.list('')).toMatchObject([{ name: 'set/object', sizeBytes: 5 }])
  })
})

test('files are for their owner only', async () => {
  await withRoot(async (root) => {
    await fileStore({ path: root }).put('set/object', new TextEncoder().encode('x'))
    expect((await stat(join(root, 'set/object'))).mode & 0o777).toBe(0o600)
    expect((await stat(join(root, 'set'))).mode & 0o777).toBe(0o700)
  })
})

test('a directory that was written by hand is read as it is', async () => {
  await withRoot(async (root) => {
    await mkdir(join(root, 'set'))
    await writeFile(join(root, 'set/object'), 'by hand')
    await chmod(join(root, 'set/object'), 0o644)
    const store = fileStore({ path: root })
    expect(await store.list('set/')).toMatchObject([{ name: 'set/object', sizeBytes: 7 }])
    expect(await codeOf(store.put('set/object', Readable.from(['x'])))).toBe('cluster-conflict')
    expect(await readFile(join(root, 'set/object'), 'utf8')).toBe('by hand')
  })
})
