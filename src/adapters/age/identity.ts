// New age identities.
import { generateX25519Identity, identityToRecipient } from 'age-encryption'

/** The identity (secret, `AGE-SECRET-KEY-1...`) opens what was encrypted to the recipient (public, `age1...`). */
export async function generateIdentity(): Promise<{ identity: string; recipient: string }> {
  const identity = await generateX25519Identity()
  return { identity, recipient: await identityToRecipient(identity) }
}
