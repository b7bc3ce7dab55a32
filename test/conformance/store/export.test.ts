// The page in an exported directory tells the truth: its command lines are run, with the programs that it names.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ageCipher } from '../../../src/adapters/age/cipher.ts'
import { generateIdentity } from '../../../src/adapters/age/identity.ts'
import { childProcesses } from '../../../src/adapters/process/processes.ts'
import { fileStore } from '../../../src/adapters/store/file/store.ts'
import { storePart } from '../../../src/data/archive.ts'
import { exportSet } from '../../../src/data/housekeeping/export.ts'
import { finishSet } from '../../../src/data/housekeeping/set.fixture.ts'
import { memoryStore } from '../../../src/testing/memory-store.ts'

test('an exported set is checked and opened by hand, as its page says', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'pawl-export-'))
  try {
    const { signal } = new AbortController()
    const { identity, recipient } = await generateIdentity()
    const store = memoryStore()
    const vault = { store, cipher: ageCipher(), set: 'shop/tally/one' }
    const parts = []
    for (const [name, text] of [
      ['ledger/data/toc.dat', 'contents'],
      ['release/values.json', '{"a":1}'],
    ] as const)
      parts.push(await storePart(vault, `${name}.age`, Buffer.from(text), [recipient], signal))
    await finishSet(store, vault.set, parts, 'proven')
    await exportSet(store, fileStore({ path: directory }), vault.set, { report: () => undefined, signal })
    await writeFile(join(directory, 'key.txt'), `# a key\n${identity}\n`)

    const page = await readFile(join(directory, 'one.README.md'), 'utf8')
    const lines = page.split('\n').filter((line) => line.startsWith('    '))
    const [check, open] = [
      lines.find((line) => line.includes('sha256sum')),
      lines.find((line) => line.includes('age -d')),
    ]
    const script = `set -e\n${check?.trim()}\n${open?.trim()}`
    const ran = await childProcesses().run({ program: 'sh', args: ['-c', script], cwd: directory })
    expect(ran.exitCode, ran.stderr).toBe(0)
    expect(await readFile(join(directory, vault.set, 'ledger/data/toc.dat'), 'utf8')).toBe('contents')
    expect(await readFile(join(directory, vault.set, 'release/values.json'), 'utf8')).toBe('{"a":1}')
    expect(lines.some((line) => /pg_restore .* ledger\/data$/.test(line))).toBe(true)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})
