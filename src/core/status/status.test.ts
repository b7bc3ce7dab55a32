import { expect, test } from 'vitest'
import { known, unknown } from '../plan/facts.ts'
import { agreedVersion } from './status.ts'

test('a version runs where every witness names it', () => {
  expect(agreedVersion([{ who: 'record', version: known('2026.3.9') }])).toEqual(known('2026.3.9'))
  const both = ['record', 'pods'].map((who) => ({ who, version: known('2026.3.9') }))
  expect(agreedVersion(both)).toEqual(known('2026.3.9'))
})

test('witnesses that differ, are silent or are missing leave it unknown, and say so', () => {
  const record = { who: 'record', version: known('2026.3.9') }
  const differing = agreedVersion([record, { who: 'pods', version: known('2026.2.9') }])
  expect(differing).toEqual(unknown('record says 2026.3.9, pods says 2026.2.9'))
  expect(agreedVersion([record, { who: 'pods', version: unknown('no pod runs') }])).toEqual(
    unknown('pods: no pod runs'),
  )
  expect(agreedVersion([]).known).toBe(false)
})
