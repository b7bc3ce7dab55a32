import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { redact, secretsIn } from './redact.ts'

const VALUES = `
db:
  password: "hunter2!"
  host: db.internal
apiToken: 83746
image: {tag: 2026.1.12}
nested: {credentials: [{user: admin-one, pin: abcd}]}
blob: Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MA==
key: |
  -----BEGIN KEY-----
  MIIEvQIBADANBg
  -----END KEY-----
words: this is an ordinary sentence about nothing
`

async function redacted(message: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'redact-'))
  try {
    const path = join(folder, 'values.yaml')
    await writeFile(path, VALUES)
    return redact(message, await secretsIn([path]))
  } finally {
    await rm(folder, { recursive: true })
  }
}

test('values with secret names are taken out, in clear, in base64, quoted and by the line', async () => {
  const encoded = Buffer.from('hunter2!').toString('base64')
  const message = `got "hunter2!" and ${encoded}, 83746, admin-one, abcd, MIIEvQIBADANBg, Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MA==`
  const shown = await redacted(message)
  for (const secret of ['hunter2', encoded, '83746', 'admin-one', 'abcd', 'MIIEvQIBADANBg', 'Zm9vYmFy'])
    expect(shown).not.toContain(secret)
})

test('what helps to understand stays', async () => {
  const message =
    'execution error at (carto/templates/x.yaml:3): image 2026.1.12 on db.internal: this is an ordinary sentence about nothing'
  expect(await redacted(message)).toBe(message)
})

test('whole maps of values and credentials in addresses are taken out', async () => {
  expect(await redacted('wrong type: map[a:1 b:map[c:2]] in x')).toBe('wrong type: map[[redacted]] in x')
  expect(await redacted('postgres://app:pw@db/x')).toBe('postgres://[redacted]@db/x')
})

test('of a file that cannot be parsed everything that may be a value is taken out', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'redact-'))
  const path = join(folder, 'values.yaml')
  await writeFile(path, 'db: {password: [hunter22, \n  user: "swordfish"\nlist:\n  - tunafish\n')
  const secrets = await secretsIn([path])
  expect(redact('got swordfish and tunafish and hunter22, line 3', secrets)).toBe(
    'got [redacted] and [redacted] and [redacted], line 3',
  )
  await rm(folder, { recursive: true })
})

test('several documents in one file are all looked at', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'redact-'))
  const path = join(folder, 'values.yaml')
  await writeFile(path, 'a: 1\n---\npassword: swordfish\n')
  expect(redact('got swordfish', await secretsIn([path]))).toBe('got [redacted]')
  await rm(folder, { recursive: true })
})
