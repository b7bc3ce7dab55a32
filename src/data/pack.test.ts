import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { packFiles, unpackFiles } from './pack.ts'

const FILES = [
  { name: 'blob_1.dat.gz', bytes: Buffer.alloc(0) },
  { name: 'blob_2.dat.gz', bytes: Buffer.alloc(512, 'b') },
  { name: 'blob_16413.dat.zst', bytes: Buffer.from('some bytes') },
]

test('what was packed comes out again', () => {
  expect(unpackFiles(packFiles(FILES)).map(({ name, bytes }) => [name, Buffer.from(bytes)])).toEqual(
    FILES.map(({ name, bytes }) => [name, bytes]),
  )
  expect(unpackFiles(packFiles([]))).toEqual([])
})

test('tar knows it', () => {
  const input = packFiles(FILES)
  const listed = execFileSync('tar', ['-t', '-f', '-'], { input, encoding: 'utf8' })
  expect(listed.trim().split('\n')).toEqual(FILES.map(({ name }) => name))
  expect(execFileSync('tar', ['-x', '-O', '-f', '-', 'blob_16413.dat.zst'], { input }).toString()).toBe('some bytes')
})

test.each([
  ['cut in a file', (tar: Buffer) => tar.subarray(0, 3 * 512 + 10)],
  ['cut before its end', (tar: Buffer) => tar.subarray(0, -1024)],
  ['with a damaged header', (tar: Buffer) => Buffer.concat([Buffer.from('x'), tar.subarray(1)])],
  ['with a size that is none', (tar: Buffer) => tar.fill('9', 124, 130)],
])('%s it is damaged', (_, change) => {
  expect(() => unpackFiles(change(packFiles(FILES)))).toThrow(expect.objectContaining({ code: 'backup-damaged' }))
})

test('no name leads out of the directory', () => {
  for (const name of ['../x', '/etc/x', 'a/b', '.', '', '..', 'x'.repeat(100)])
    expect(() => packFiles([{ name, bytes: Buffer.alloc(0) }])).toThrow('cannot be packed')
  const tar = packFiles([{ name: 'a0b', bytes: Buffer.alloc(0) }])
  // The same sum, so that the header's checksum still holds.
  tar.write('a/c')
  expect(() => unpackFiles(tar)).toThrow(
    expect.objectContaining({ code: 'backup-damaged', message: expect.stringContaining('name') }),
  )
})
