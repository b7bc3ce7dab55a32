import { expect, test } from 'vitest'
import { conflictText, mergeReleases } from './merge.ts'
import type { KnownRelease } from './release.ts'

const A = 'a'.repeat(64)
const B = 'b'.repeat(64)

function release(source: string, over: Partial<KnownRelease> = {}): KnownRelease {
  return { appVersion: '2026.3.9', chartVersion: '1.52.2', kind: 'stable', sources: [source], ...over }
}

function merged(...releases: KnownRelease[]): ReturnType<typeof mergeReleases> {
  const names = [...new Set(releases.flatMap(({ sources }) => sources))]
  return mergeReleases(
    names.map((name) => ({ name, releases: releases.filter(({ sources }) => sources.includes(name)) })),
    'calver',
  )
}

test('each source adds what the others do not know, and all are named', () => {
  const { releases, conflicts } = merged(
    release('history', { published: '2026-03-16', minVersion: '2025.11.3' }),
    release('repo', { digest: A, published: '2026-03-17' }),
  )
  expect(conflicts).toEqual([])
  expect(releases).toEqual([
    release('history', {
      digest: A,
      published: '2026-03-16',
      minVersion: '2025.11.3',
      sources: ['history', 'repo'],
    }),
  ])
})

test('two digests of one chart stay two releases, and the conflict is said', () => {
  const { releases, conflicts } = merged(
    release('history', { published: '2026-03-16' }),
    release('snapshot', { digest: A }),
    release('repo', { digest: B }),
  )
  expect(releases.map(({ digest, published, sources }) => [digest, published, sources])).toEqual([
    [A, '2026-03-16', ['history', 'snapshot']],
    [B, '2026-03-16', ['history', 'repo']],
  ])
  expect(conflicts.map(conflictText)).toEqual([`digest of 2026.3.9 (chart 1.52.2): snapshot says ${A}, repo says ${B}`])
})

test.each([
  ['minVersion', { minVersion: '2025.11.3' }, { minVersion: '2026.1.1' }],
  ['published', { published: '2026-03-16' }, { published: '2026-04-16' }],
  ['kind', { kind: 'stable' }, { kind: 'test' }],
] as const)('%s by two sources: the first one counts, the conflict is said', (field, one, other) => {
  const { releases, conflicts } = merged(release('history', one), release('repo', other))
  expect(releases).toMatchObject([one])
  expect(conflicts.map((conflict) => conflict.field)).toEqual([field])
})

test('a chart that two sources give to different applications is a conflict; one source may use a version twice', () => {
  const reused = [
    release('history', { appVersion: '2026.3.9-rc.2', kind: 'rc' }),
    release('history', { appVersion: '2026.3.9-rc.3', kind: 'rc' }),
  ]
  expect(merged(...reused, release('repo', { appVersion: '2026.3.9-rc.3', kind: 'rc' })).conflicts).toEqual([])
  const { releases, conflicts } = merged(...reused, release('repo'))
  expect(releases).toHaveLength(3)
  expect(conflicts.map(conflictText)).toEqual([
    'application version of chart 1.52.2: history says 2026.3.9-rc.2, 2026.3.9-rc.3, repo says 2026.3.9',
  ])
})

test('the published name of a candidate is the one it can be fetched by', () => {
  const candidate = { appVersion: '2026.4.13-rc.2', kind: 'rc' } as const
  const { releases } = merged(
    release('history', { ...candidate, chartVersion: '1.57.1' }),
    release('repo', { ...candidate, chartVersion: '1.57.1-beta', digest: A }),
  )
  expect(releases).toMatchObject([{ chartVersion: '1.57.1-beta', digest: A, sources: ['history', 'repo'] }])
})
