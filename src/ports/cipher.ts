// Encryption of what leaves the machine, in the age format (https://age-encryption.org/v1).
import type { Readable } from 'node:stream'
import type { Secret } from '../core/secret.ts'

export interface Cipher {
  /** A stream of the encrypted bytes. Throws `input-invalid` where a recipient is none. */
  encrypt(plain: Readable | Uint8Array, recipients: readonly string[]): Promise<Readable>
  /**
   * A stream of the plain bytes, every one of them authenticated before it is given. Throws `key-wrong` where the identity is
   * not one the bytes were encrypted to, and `backup-damaged` (also as the stream's error) where they are not what was written.
   */
  decrypt(stored: Readable, identity: Secret): Promise<Readable>
}
