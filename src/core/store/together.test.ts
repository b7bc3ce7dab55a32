import { expect, test } from 'vitest'
import type { StoreSpec } from './spec.ts'
import { needsPod, whyNotTogether } from './together.ts'

const volume = { type: 'volume', claim: 'pawl-store' } as const
const other = { type: 'volume', claim: 'archive' } as const
const here = { type: 'directory', path: '/x' } as const
const bucket = { type: 's3', bucket: 'b', prefix: '' } as const

test.each<[StoreSpec, StoreSpec, boolean, RegExp | undefined]>([
  [volume, bucket, true, undefined],
  [bucket, volume, true, undefined],
  [volume, other, true, undefined],
  [here, bucket, false, undefined],
  [bucket, { ...bucket, bucket: 'c', proxy: 'http://p' }, false, undefined],
  [volume, volume, true, /where the set is/],
  [bucket, { ...bucket }, false, /where the set is/],
  [volume, here, true, /only pods/],
  [here, volume, true, /only pods/],
])('from %j to %j', (from, to, pod, why) => {
  expect(needsPod([from, to])).toBe(pod)
  const said = whyNotTogether(from, to)
  if (why === undefined) expect(said).toBeUndefined()
  else expect(said).toMatch(why)
})
