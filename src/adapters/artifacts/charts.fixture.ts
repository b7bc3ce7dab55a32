// Chart archives made by hand, and what a promise was refused with, for tests of chart sources.
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { isPawlError } from '../../core/errors.ts'

/** One entry of a tar archive, as POSIX ustar has it. */
export function entry(name: string, content: string, type = '0'): Buffer {
  const body = Buffer.from(content)
  const header = Buffer.alloc(512)
  header.write(name, 0, 100)
  header.write('0000644\0', 100)
  header.write(`${body.length.toString(8).padStart(11, '0')}\0`, 124)
  header.write('        ', 148)
  header.write(type, 156)
  header.write('ustar\x0000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return Buffer.concat([header, body, Buffer.alloc((512 - (body.length % 512)) % 512)])
}

export function chart(version: string, more = '', name = 'carto', before: Buffer[] = []): Buffer {
  const own = entry(`${name}/Chart.yaml`, `name: ${name}\nversion: ${version}\nappVersion: 2026.10\n${more}`)
  return gzipSync(
    Buffer.concat([
      ...before,
      entry(`${name}/charts/postgresql/Chart.yaml`, 'name: postgresql\nversion: 9.9.9\n'),
      own,
      Buffer.alloc(1024),
    ]),
  )
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

export async function codeAndMessage(work: Promise<unknown>): Promise<[string, string]> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!isPawlError(error)) throw new Error(`expected a PawlError, got ${String(error)}`)
  return [error.code, error.message]
}
