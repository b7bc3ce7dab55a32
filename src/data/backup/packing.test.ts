import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { packFiles } from '../pack.ts'
import { packing } from './packing.ts'
import type { Outgoing } from './shipping.ts'

function collecting() {
  const out: Outgoing[] = []
  return { out, packs: packing('app', 'dump-app', (outgoing) => out.push(outgoing)) }
}

test('tables go alone, small large objects together, each once', () => {
  const { out, packs } = collecting()
  const files = ['4242.dat.gz', 'blob_7.dat.gz', 'blob_8.dat.gz', 'blobs.toc', 'toc.dat']
  for (const name of [...files, ...files]) packs.add({ name, sizeBytes: 100 })
  packs.flush()
  packs.flush()
  expect(out).toEqual([
    { name: 'app/data/4242.dat.gz.age', sizeBytes: 100, content: { file: 'dump-app/4242.dat.gz' } },
    { name: 'app/data/blobs.toc.age', sizeBytes: 100, content: { file: 'dump-app/blobs.toc' } },
    { name: 'app/data/toc.dat.age', sizeBytes: 100, content: { file: 'dump-app/toc.dat' } },
    {
      name: 'app/data/blobs_1.tar.age',
      sizeBytes: 2048,
      content: { files: ['dump-app/blob_7.dat.gz', 'dump-app/blob_8.dat.gz'] },
    },
  ])
})

test('rows that pg_dump left plain are compressed on the way, its tables of contents never', () => {
  const out: Outgoing[] = []
  const gzip = { compression: 'gzip:2', packed: () => Readable.from([]) }
  const packs = packing('app', 'dump-app', (outgoing) => out.push(outgoing), gzip)
  for (const name of ['42.dat', 'blob_7.dat', 'blobs.toc', 'toc.dat']) packs.add({ name, sizeBytes: 1_000_000 })
  expect(out.map(({ name, content }) => [name, 'gzip' in content])).toEqual([
    ['app/data/42.dat.gz.age', true],
    ['app/data/blob_7.dat.gz.age', true],
    ['app/data/blobs.toc.age', false],
    ['app/data/toc.dat.age', false],
  ])
})

test('a pack stays small, and a big large object goes alone', () => {
  const { out, packs } = collecting()
  for (let oid = 1; oid <= 30; oid++) packs.add({ name: `blob_${oid}.dat.zst`, sizeBytes: 250_000 })
  packs.add({ name: 'blob_31.dat.zst', sizeBytes: 1_000_000 })
  packs.flush()
  expect(out.map(({ name }) => name)).toEqual([
    'app/data/blobs_1.tar.age',
    'app/data/blobs_2.tar.age',
    'app/data/blobs_3.tar.age',
    'app/data/blob_31.dat.zst.age',
    'app/data/blobs_4.tar.age',
  ])
  expect(Math.max(...out.map(({ sizeBytes }) => sizeBytes))).toBeLessThan(2_500_000)
})

test('large objects of a few bytes fill a pack too: a tar has a kilobyte for each', () => {
  const { out, packs } = collecting()
  for (let oid = 1; oid <= 10_000; oid++) packs.add({ name: `blob_${oid}.dat`, sizeBytes: 13 })
  packs.flush()
  const counts = out.map(({ content }) => ('files' in content ? content.files.length : 0))
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(10_000)
  expect(Math.max(...counts)).toBeLessThanOrEqual(2_048)
  const files = Array.from({ length: Math.max(...counts) }, (_, oid) => ({
    name: `blob_${oid}.dat`,
    bytes: Buffer.alloc(13),
  }))
  expect(packFiles(files).length).toBeLessThan(2_500_000)
})
