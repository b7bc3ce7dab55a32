// A small finished set in any store, without a database: for tests of what looks after sets.
import type { DatabaseEvidence, Rung } from '../../core/data/tasks.ts'
import type { KeptImage } from '../../core/images/wish.ts'
import type { ObjectStore } from '../../ports/store.ts'
import { MANIFEST, manifestBytes, placeOf, sha256Of, toBytes, type Manifest, type StoredPart } from '../manifest.ts'

const HASH = 'a'.repeat(64)

export const EVIDENCE: DatabaseEvidence = {
  role: 'ledger',
  database: 'tally',
  serverVersion: '15.4',
  serverMajor: 15,
  snapshotAt: '2026-11-20T10:00:00.000Z',
  tables: 3,
  rows: '12',
  digest: HASH,
  schemaDigest: HASH,
  archiveBytes: 400,
  sizeBytes: 1000,
  writeCounter: '5',
  schemaFingerprint: 'f'.repeat(64),
  placement: 'e'.repeat(64),
}

export interface StoredFixture {
  manifest: Manifest
  manifestSha256: string
}

export async function storeSet(
  store: ObjectStore,
  set: string,
  options: { rung?: Rung; files?: Record<string, string>; below?: string } = {},
): Promise<StoredFixture> {
  const files = options.files ?? { 'ledger/data/toc.dat.age': 'table of contents', 'release/chart.tgz.age': 'a chart' }
  const objects = Object.entries(files).map(([name, text]) => {
    const bytes = new TextEncoder().encode(`${set} ${text}`)
    return { bytes, part: { name, sizeBytes: bytes.length, sha256: sha256Of(bytes), plainBytes: 1, plainSha256: HASH } }
  })
  const below = options.below === undefined ? {} : { below: options.below }
  for (const { bytes, part } of objects) await store.put(`${placeOf({ set, ...below })}/${part.name}`, bytes)
  return await finishSet(
    store,
    set,
    objects.map(({ part }) => part),
    options.rung,
    below,
  )
}

/** Manifest and proof for objects that are stored already. */
export async function finishSet(
  store: ObjectStore,
  set: string,
  objects: StoredPart[],
  rung?: Rung,
  over: Partial<Pick<Manifest, 'below' | 'finishedAt'>> = {},
  images?: KeptImage[],
): Promise<StoredFixture> {
  const manifest: Manifest = {
    version: 1,
    set,
    createdAt: '2026-11-20T10:00:00.000Z',
    finishedAt: '2026-11-20T10:01:00.000Z',
    ...over,
    tool: { pawl: '0.1.0', pgDump: { ledger: '15.4' }, compression: { ledger: 'gzip:1' } },
    recipients: ['age1example'],
    about: { release: 'tally', namespace: 'shop', appVersion: '2026.1.1', chartVersion: '1.0.0' },
    snapshotSpreadMs: 0,
    databases: [EVIDENCE],
    ...(images === undefined ? {} : { images }),
    objects,
  }
  const bytes = manifestBytes(manifest)
  await store.put(`${set}/${MANIFEST}`, bytes)
  const manifestSha256 = sha256Of(bytes)
  if (rung !== undefined) {
    const at = '2026-11-20T11:00:00.000Z'
    const databases = [{ ...EVIDENCE, rung, notCovered: ['passwords'] }]
    const proof = { version: 1, set, manifestSha256, rung, at, tool: { pawl: '0.1.0' }, databases }
    await store.put(`${set}/proof-1.json`, toBytes(proof))
  }
  return { manifest, manifestSha256 }
}
