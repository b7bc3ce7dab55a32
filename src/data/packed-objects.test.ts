// Large objects from packs: written into the database without files, or made files of; what cannot be read is never passed over.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { workDirs } from '../adapters/workdir/workdirs.ts'
import { QueryFailed, type Connection } from '../ports/database.ts'
import type { WorkDir } from '../ports/workdir.ts'
import { packFiles } from './pack.ts'
import { packedObjects, type PackedObjects } from './packed-objects.ts'

const MB = 1024 * 1024
const never = new AbortController().signal
let root: string
let work: WorkDir
let objects: PackedObjects

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'pawl-packed-'))
  work = await workDirs(root, 'here').make()
  objects = packedObjects(work, 'dump')
})
afterEach(async () => await rm(root, { recursive: true }))

/** Holds the objects that it was made with, and refuses others as a server does. */
function server(made: readonly number[]) {
  const held = new Map(made.map((oid): [number, Buffer] => [oid, Buffer.alloc(0)]))
  const statements: number[] = []
  const connection: Connection = {
    lost: never,
    async query(sql, parameters = []) {
      const calls = [...sql.matchAll(/lo_put\((\d+), (\d+), decode\(\$(\d+), 'base64'\)\)/g)].map((call) =>
        call.slice(1).map(Number),
      )
      statements.push(calls.length)
      const missing = calls.find(([oid = 0]) => !held.has(oid))
      if (missing !== undefined) throw new QueryFailed(`large object ${missing[0]} does not exist`, '42704')
      for (const [oid = 0, at = 0, number = 0] of calls) {
        const before = held.get(oid) ?? Buffer.alloc(0)
        expect(before.length).toBe(at)
        held.set(oid, Buffer.concat([before, Buffer.from(parameters[number - 1] ?? '', 'base64')]))
      }
      return []
    },
    close: async () => undefined,
  }
  return { connection, held, statements }
}

async function listed(...lines: string[]): Promise<void> {
  await work.write('dump/blobs.toc', Buffer.from(lines.map((line) => `${line}\n`).join('')))
}

const textOf = async (name: string): Promise<string> => Buffer.from(await work.bytes(name)).toString()

test('those of the list are written into the database, and pg_restore is left the others', async () => {
  const big = Buffer.alloc(3 * MB + 5, 7)
  await listed('7 blob_7.dat', '8 blob_8.dat', '9 blob_9.dat', '10 blob_10.dat', '12 blob_12.dat')
  await objects.add('blobs_1.tar', packFiles([{ name: 'blob_7.dat.gz', bytes: gzipSync('seven') }]), never)
  const more = [
    { name: 'blob_8.dat.zst', bytes: zstdCompressSync('eight') },
    { name: 'blob_10.dat.gz', bytes: gzipSync(big) },
    { name: 'blob_11.dat.gz', bytes: gzipSync('in no list') },
    { name: 'blob_12.dat.zst', bytes: Buffer.alloc(0) },
  ]
  await objects.add('blobs_2.tar', packFiles(more), never)
  await objects.leaveOut()
  expect(await textOf('dump/blobs.toc')).toBe('9 blob_9.dat\n')
  const { connection, held } = server([7, 8, 9, 10, 11, 12])
  await objects.fill(connection, 'app', never)
  expect([7, 8, 9, 11, 12].map((oid) => held.get(oid)?.toString())).toEqual(['seven', 'eight', '', '', ''])
  expect(held.get(10)?.equals(big)).toBe(true)
})

test('many are few statements', async () => {
  const oids = Array.from({ length: 1000 }, (_, at) => at + 1)
  const files = oids.map((oid) => ({ name: `blob_${oid}.dat.gz`, bytes: gzipSync(`object ${oid}`) }))
  await listed(...oids.map((oid) => `${oid} blob_${oid}.dat`))
  await objects.add('blobs_1.tar', packFiles(files), never)
  await objects.leaveOut()
  const { connection, held, statements } = server(oids)
  await objects.fill(connection, 'app', never)
  expect(held.get(1000)?.toString()).toBe('object 1000')
  expect(statements.length).toBe(16)
})

test('an object that was not made, or cannot be unpacked, is named', async () => {
  await listed('7 blob_7.dat', '8 blob_8.dat')
  const files = ['7', '8'].map((oid) => ({ name: `blob_${oid}.dat.gz`, bytes: gzipSync(oid) }))
  await objects.add('blobs_1.tar', packFiles(files), never)
  await objects.leaveOut()
  await expect(objects.fill(server([7]).connection, 'app', never)).rejects.toMatchObject({
    code: 'proof-mismatch',
    facts: { largeObject: 8 },
  })
  for (const [ending, bytes] of [
    ['gz', gzipSync('nine').subarray(0, -9)],
    ['gz', Buffer.from('no gzip at all')],
    ['zst', zstdCompressSync('nine').subarray(0, -3)],
    ['zst', Buffer.from('no zstd at all')],
    ['gz', gzipSync(Buffer.alloc(2 * MB)).subarray(0, -9)],
  ] as const) {
    const other = packedObjects(work, 'other')
    await work.remove('other')
    await work.write('other/blobs.toc', Buffer.from('9 blob_9.dat\n'))
    await other.add('blobs_1.tar', packFiles([{ name: `blob_9.dat.${ending}`, bytes }]), never)
    await other.leaveOut()
    const filled = other.fill(server([9]).connection, 'app', never)
    await expect(filled, bytes.toString('latin1', 0, 14)).rejects.toMatchObject({
      code: 'proof-mismatch',
      facts: { largeObject: 9 },
    })
  }
})

test('they become files where pg_restore is to write them', async () => {
  await listed('7 blob_7.dat')
  await objects.add('blobs_1.tar', packFiles([{ name: 'blob_7.dat.gz', bytes: Buffer.from('seven') }]), never)
  await objects.unpack(never)
  expect(await textOf('dump/blob_7.dat.gz')).toBe('seven')
  expect(await textOf('dump/blobs.toc')).toBe('7 blob_7.dat\n')
})
