import { expect, test } from 'vitest'
import { isPawlError } from '../errors.ts'
import { parseSnapshot, SNAPSHOT_SCHEMA, snapshotText } from './snapshot.ts'
import type { Snapshot } from './snapshot.ts'

const product = { name: 'carto', versionScheme: 'calver' } as const

const SAMPLE: Snapshot = {
  schema: SNAPSHOT_SCHEMA,
  product: 'carto',
  versionScheme: 'calver',
  takenAt: '2026-11-23T10:00:00.000Z',
  sources: ['history', 'https://charts.example.com/'],
  releases: [
    {
      appVersion: '2026.7.16',
      chartVersion: '1.280.1',
      digest: 'a'.repeat(64),
      kind: 'stable',
      published: '2026-07-23',
      minVersion: '2026.4.1',
      sources: ['history'],
    },
    { appVersion: '2025.11.11-patch1', kind: 'patch', note: 'no chart', sources: ['history'] },
  ],
}

function refusal(text: string): string | undefined {
  try {
    parseSnapshot(text, product, 'file')
    return undefined
  } catch (error) {
    if (!isPawlError(error, 'input-invalid')) throw error
    return error.message
  }
}

test('what is written is what was read', () => {
  expect(parseSnapshot(snapshotText(SAMPLE), product, 'file')).toEqual(SAMPLE)
})

const first = SAMPLE.releases[0]!

test.each([
  ['not JSON', '{', 'not JSON'],
  ['cut off', snapshotText(SAMPLE).slice(0, 300), 'not JSON'],
  ['a list', '[]', 'expected an object'],
  ['another schema', { ...SAMPLE, schema: 'pawl.dev/releases/v2' }, 'pawl.dev/releases/v1'],
  ['another product', { ...SAMPLE, product: 'tally' }, 'tally'],
  ['other versions', { ...SAMPLE, versionScheme: 'semver' }, 'semver'],
  ['a field more', { ...SAMPLE, signature: 'x' }, 'signature'],
  ['no time', { ...SAMPLE, takenAt: 'today' }, 'takenAt'],
  ['no releases', { ...SAMPLE, releases: undefined }, 'releases'],
  ['no sources', { ...SAMPLE, sources: [] }, 'sources'],
  ['a release with a field more', { ...SAMPLE, releases: [{ ...first, yanked: true }] }, 'yanked'],
  ['no version', { ...SAMPLE, releases: [{ ...first, appVersion: '' }] }, 'appVersion'],
  ['no kind', { ...SAMPLE, releases: [{ ...first, kind: 'nightly' }] }, 'nightly'],
  ['a short digest', { ...SAMPLE, releases: [{ ...first, digest: 'abc' }] }, 'digest'],
  ['no chart version', { ...SAMPLE, releases: [{ ...first, chartVersion: 'latest' }] }, 'chartVersion'],
  ['a day there is not', { ...SAMPLE, releases: [{ ...first, published: '2026-02-30' }] }, 'published'],
  ['sources of another kind', { ...SAMPLE, releases: [{ ...first, sources: [1] }] }, 'sources'],
])('%s is refused', (_, value, named) => {
  expect(refusal(typeof value === 'string' ? value : JSON.stringify(value))).toContain(named)
})
