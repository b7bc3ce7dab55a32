import { expect, test } from 'vitest'
import { CRDS } from './crds.ts'
import { isPawlError } from './errors.ts'
import {
  backupSetObject,
  DEFAULT_IDENTITY,
  installationObject,
  parseBackupSet,
  parseInstallation,
  parseRun,
  runObject,
} from './resources.ts'
import type { BackupSet, Installation, RunResource } from './resources.ts'

const installation: Installation = {
  name: 'prod',
  namespace: 'ledger',
  release: 'prod',
  profile: 'tally',
  store: { type: 's3', bucket: 'backups', prefix: 'tally', endpoint: 'http://minio:9000' },
  charts: '/charts',
  dataImage: 'registry/pawl-data:{major}',
  recipients: ['age1abc'],
  identity: { secret: 'pawl-identity', key: 'identity' },
}

const set: BackupSet = {
  name: 'prod-20261123',
  namespace: 'ledger',
  release: 'prod',
  set: 'ledger/prod/20261123',
  store: { type: 'volume', claim: 'pawl' },
  run: 'up-1',
  status: {
    manifestSha256: 'ab',
    rung: 'proven',
    databases: [],
    product: { appVersion: '2026.3.9', chartVersion: '1.9.1', chartDigest: 'cd' },
    takenAt: '2026-11-23T17:00:00Z',
    releaseFiles: 'pawl-release-1',
    proofs: [{ at: '2026-11-23T17:01:00Z', rung: 'proven', by: 'up-1', notCovered: ['roles'] }],
    writers: [{ deployment: 'prod-tally-recorder', replicas: 2 }],
    targets: [],
  },
}

function codeOf(action: () => unknown): string | undefined {
  try {
    action()
  } catch (error) {
    return isPawlError(error) ? error.code : 'other'
  }
  return undefined
}

test('an Installation survives writing and reading', () => {
  expect(parseInstallation(installationObject(installation))).toEqual(installation)
})

test('an Installation without an identity names the default one', () => {
  const { identity: _, ...spec } = installation
  const object = { ...installationObject(installation), spec }
  expect(parseInstallation(object).identity).toEqual(DEFAULT_IDENTITY)
})

test.each([
  ['no spec', undefined],
  ['no profile', { ...installation, profile: '' }],
  ['a store of no known type', { ...installation, store: { type: 'tape' } }],
  ['a volume without claim', { ...installation, store: { type: 'volume' } }],
])('an Installation with %s is input-invalid', (_, spec) => {
  expect(codeOf(() => parseInstallation({ ...installationObject(installation), spec }))).toBe('input-invalid')
})

test('a BackupSet survives writing and reading; one without manifest digest has no status', () => {
  expect(parseBackupSet(backupSetObject(set))).toEqual(set)
  expect(parseBackupSet({ ...backupSetObject(set), status: { rung: 'archived' } }).status).toBeUndefined()
})

const run: RunResource = {
  run: {
    name: 'up-1',
    namespace: 'ledger',
    createdAt: '2026-11-23T17:00:00Z',
    spec: {
      kind: 'backup',
      by: 'ada@host',
      plan: {
        release: 'prod',
        namespace: 'ledger',
        profile: 'tally',
        of: { appVersion: '2026.3.9', chartVersion: '1.9.1', chartDigest: 'cd' },
        databases: [],
        prove: true,
        createdAt: '2026-11-23T17:00:00Z',
      },
    },
    events: [{ seq: 0, at: '2026-11-23T17:00:00Z', fence: 1, event: 'created', phase: 'PLANNED', by: 'ada@host' }],
  },
  fence: 1,
  phase: 'PLANNED',
}

test('a Run survives writing and reading, and a journal with a gap is refused', () => {
  expect(parseRun(runObject(run))).toEqual(run)
  const torn = runObject({ ...run, run: { ...run.run, events: [{ ...run.run.events[0]!, seq: 1 }] } })
  expect(codeOf(() => parseRun(torn))).toBe('input-invalid')
})

test('every CRD is named after its plural and has a status of its own', () => {
  expect(CRDS.map((crd) => crd.metadata.name)).toEqual([
    'installations.pawl.dev',
    'backupsets.pawl.dev',
    'runs.pawl.dev',
    'releaseguards.pawl.dev',
  ])
  for (const crd of CRDS) {
    expect(crd['spec']).toMatchObject({
      group: 'pawl.dev',
      versions: [{ subresources: { status: {} }, storage: true }],
    })
  }
})
