import { expect, test } from 'vitest'
import { secret } from '../../core/secret.ts'
import { generateIdentity, readIdentity } from './identity.ts'

test('a key file with comments, as age-keygen writes it', async () => {
  const { identity, recipient } = await generateIdentity()
  const read = await readIdentity(secret(`# created: today\n# public key: ${recipient}\r\n${identity}\n\n`))
  expect(read.recipient).toBe(recipient)
  expect(read.identity.reveal()).toBe(identity)
})

test.each(['', '# only comments', 'canary', 'AGE-SECRET-KEY-1CANARY', 'age1canary'])(
  '"%s" is none, and not repeated',
  async (text) => {
    const read = readIdentity(secret(text))
    await expect(read).rejects.toMatchObject({ code: 'key-wrong' })
    await expect(read).rejects.not.toThrow(/canary/i)
  },
)
