import { expect, test } from 'vitest'
import { isPawlError } from '../core/errors.ts'
import { manifestBytes, parseManifest, sha256Of, toBytes, type Manifest } from './manifest.ts'

const HASH = 'a'.repeat(64)

function manifest(): Manifest {
  return {
    version: 1,
    set: 'ns/rel/one',
    createdAt: '2026-01-01T00:00:00.000Z',
    finishedAt: '2026-01-01T00:01:00.000Z',
    tool: { pawl: '0.1.0', pgDump: { ledger: '15.20' }, compression: { ledger: 'gzip:1' } },
    recipients: ['age1x'],
    about: { product: 'tally' },
    snapshotSpreadMs: 4,
    databases: [
      {
        role: 'ledger',
        database: 'ledger',
        serverVersion: '15.20',
        serverMajor: 15,
        snapshotAt: '2026-01-01T00:00:01.000Z',
        tables: 1,
        rows: '5',
        digest: HASH,
        schemaDigest: HASH,
        archiveBytes: 10,
        sizeBytes: 100,
        writeCounter: '5',
        schemaFingerprint: 'f'.repeat(64),
        placement: 'e'.repeat(64),
      },
    ],
    objects: [{ name: 'ledger/data/toc.dat.age', sizeBytes: 20, sha256: HASH, plainBytes: 10, plainSha256: HASH }],
  }
}

function codeOf(bytes: Uint8Array, set = 'ns/rel/one'): string {
  try {
    parseManifest(bytes, set)
    return 'read'
  } catch (error) {
    return isPawlError(error) ? error.code : String(error)
  }
}

test('what was written is read back', () => {
  expect(parseManifest(manifestBytes(manifest()), 'ns/rel/one')).toEqual(manifest())
})

test('a manifest belongs to one set', () => {
  expect(codeOf(manifestBytes(manifest()), 'ns/rel/two')).toBe('backup-damaged')
})

test.each([
  ['cut', (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 9)],
  ['empty', () => new Uint8Array(0)],
  ['not UTF-8', (bytes: Uint8Array) => Uint8Array.from([...bytes.subarray(0, 40), 0xff, ...bytes.subarray(41)])],
])('a manifest that is %s is damaged', (_, change) => {
  expect(codeOf(change(manifestBytes(manifest())))).toBe('backup-damaged')
})

test.each(['../other/toc.dat', '/etc/passwd', 'a/../b', './a', '..', ''])(
  'an object named "%s" is damage, not a path',
  (name) => {
    const changed = manifest()
    changed.objects = changed.objects.map((object) => ({ ...object, name }))
    expect(codeOf(manifestBytes(changed))).toBe('backup-damaged')
  },
)

test('every flipped bit and every other form of the same document is damage', () => {
  const bytes = manifestBytes(manifest())
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = Uint8Array.from(bytes)
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    if (codeOf(flipped) !== 'backup-damaged') expect.unreachable(`bit ${bit} was not noticed`)
  }
  expect(codeOf(toBytes(manifest()))).toBe('backup-damaged')
  expect(codeOf(new TextEncoder().encode(JSON.stringify(JSON.parse(new TextDecoder().decode(bytes)))))).toBe(
    'backup-damaged',
  )
})

test('an object named twice, no object, no database, another version', () => {
  const base = manifest()
  expect(codeOf(manifestBytes({ ...base, objects: [...base.objects, ...base.objects] }))).toBe('backup-damaged')
  expect(codeOf(manifestBytes({ ...base, objects: [] }))).toBe('backup-damaged')
  expect(codeOf(manifestBytes({ ...base, databases: [] }))).toBe('backup-damaged')
  expect(codeOf(toBytes({ ...base, version: 2 }))).toBe('backup-damaged')
})

test('the digest is of the bytes as they are', () => {
  expect(sha256Of(new Uint8Array(0))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
})
