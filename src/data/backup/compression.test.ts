import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { gzipOutside } from './compression.ts'

const gzip = { compression: 'gzip:2', packed: () => Readable.from([]) }
const free = (bytes: number) => ({ freeBytes: async () => bytes })

test('rows lie uncompressed only where there is room for them as they are, and something that compresses them', async () => {
  expect(await gzipOutside(free(401), { gzip: async () => gzip }, 100)).toBe(gzip)
  expect(await gzipOutside(free(400), { gzip: async () => gzip }, 100)).toBeUndefined()
  expect(await gzipOutside(free(401), {}, 100)).toBeUndefined()
})
