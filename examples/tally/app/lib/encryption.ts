// Encrypts what only Tally may read: without tallySecrets.encryptionKey a restored database is complete and useless.
import { createCipheriv, createDecipheriv, createHash, createHmac } from 'node:crypto'

/**
 * AES-256-GCM: 12 bytes nonce, 16 bytes tag, ciphertext. The nonce is derived from key and text, so that the same text
 * gives the same bytes and generated data can be compared; real products use a random one.
 */
export function encrypt(secret: string, text: string): Buffer {
  const key = keyOf(secret)
  const nonce = createHmac('sha256', key).update(text).digest().subarray(0, 12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), body])
}

/** @throws when the bytes were not written with this key. */
export function decrypt(secret: string, bytes: Buffer): string {
  const decipher = createDecipheriv('aes-256-gcm', keyOf(secret), bytes.subarray(0, 12))
  decipher.setAuthTag(bytes.subarray(12, 28))
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8')
}

function keyOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}
