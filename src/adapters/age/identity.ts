// age identities: new ones, and what belongs to one that is there.
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { PawlError } from '../../core/errors.ts'
import { secret, type Secret } from '../../core/secret.ts'

/** The identity (secret, `AGE-SECRET-KEY-1...`) opens what was encrypted to the recipient (public, `age1...`). */
export async function generateIdentity(): Promise<{ identity: string; recipient: string }> {
  const identity = await generateX25519Identity()
  return { identity, recipient: await identityToRecipient(identity) }
}

const IDENTITY = /^AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]+$/

/** The identity in a key file as `age-keygen` writes it (comments around one line). Throws `key-wrong`, without what is in it. */
export async function readIdentity(text: Secret): Promise<{ identity: Secret; recipient: string }> {
  const [line, more] = text
    .reveal()
    .split(/\r?\n/)
    .map((one) => one.trim())
    .filter((one) => one !== '' && !one.startsWith('#'))
  try {
    if (line === undefined || more !== undefined || !IDENTITY.test(line)) throw new Error('it is not one age identity')
    return { identity: secret(line), recipient: await identityToRecipient(line) }
  } catch {
    throw new PawlError({
      code: 'key-wrong',
      message: 'This is not an age identity: expected one line AGE-SECRET-KEY-1…, and comments.',
      unchanged: 'Nothing was changed.',
    })
  }
}
