import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { expectation } from './expectation.ts'

const gzip = { compression: 'gzip:2', packed: () => Readable.from([]) }
const rows = (name: string, sizeBytes: number) => ({ name, sizeBytes, content: { file: name, gzip } })

test('what is compressed on the way is expected to become as small as the like of it did', () => {
  const total = expectation()
  total.add({ name: 'toc', sizeBytes: 50, content: { file: 'toc' } })
  total.add(rows('one', 1000))
  total.add(rows('two', 3000))
  expect(total.bytes()).toBeUndefined()
  total.stored(rows('one', 1000), 100)
  expect(total.bytes()).toBe(50 + 100 + 300)
  total.stored(rows('two', 3000), 500)
  total.stored({ sizeBytes: 50, content: { file: 'toc' } }, 50)
  expect(total.bytes()).toBe(650)
})
