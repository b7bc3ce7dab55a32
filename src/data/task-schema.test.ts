import { expect, test } from 'vitest'
import type { DataTask } from '../core/data/tasks.ts'
import { parseTask } from './task-schema.ts'

const database = {
  role: 'ledger',
  host: 'db',
  port: 5432,
  database: 'Ledger db',
  login: { user: 'app', password: { secret: 's', key: 'k' } },
  admin: { user: 'root', password: { secret: 's', key: 'r' }, database: 'postgres' },
  tls: 'disable' as const,
  migrations: { table: 'public.migrations', column: 'name' },
}
const store = { type: 'volume' as const, claim: 'backups' }
const identity = { secret: 'pawl-identity', key: 'identity' }

const tasks: DataTask[] = [
  { kind: 'observe', databases: [database], until: 'quiet', timeoutMs: 1000 },
  { kind: 'activity', databases: [database], timeoutMs: 1000 },
  {
    kind: 'backup',
    databases: [database],
    recipients: ['age1x'],
    releaseFiles: 'files',
    about: { a: 'b' },
    jobs: 2,
    set: 'ns/rel/id',
    store,
  },
  {
    kind: 'prove',
    identity,
    rung: 'restored',
    jobs: 2,
    set: 'ns/rel/id',
    store: { type: 's3', bucket: 'b', prefix: '', endpoint: 'http://x', credentials: 'c' },
  },
  {
    kind: 'restore',
    databases: [database],
    identity,
    suffix: '__pawl_new_x',
    jobs: 2,
    set: 'ns/rel/id',
    store: { type: 'directory', path: '/x' },
  },
  {
    kind: 'backup',
    databases: [database],
    recipients: ['age1x'],
    about: {},
    images: {
      of: [{ image: 'vendor/api:1', digest: 'vendor/api@sha256:0' }, { image: 'vendor/job:1' }],
      platforms: ['linux/amd64'],
      reach: { logins: [identity], ca: 'company', proxy: 'http://p', plainHttp: ['r:5000'] },
    },
    set: 'ns/rel/id',
    store,
  },
  { kind: 'take-images', set: 'ns/rel/id', store, identity, to: { type: 'directory', path: '/x' } },
  {
    kind: 'push-images',
    set: 'ns/rel/id',
    store,
    identity,
    registry: { host: 'r', path: 'x' },
    reach: { logins: [] },
    maxRate: 1 << 20,
  },
  { kind: 'copy-set', set: 'ns/rel/id', store, to: { ...store, claim: 'other' }, page: true },
  { kind: 'swap', databases: [database], newSuffix: '__n', oldSuffix: '__o', expect: { ledger: 'd' } },
  {
    kind: 'prove-beside',
    databases: [database],
    set: 'ns/rel/id',
    store,
    identity: { secret: 's', key: 'k' },
    suffix: '__s',
    jobs: 1,
  },
  { kind: 'compare', databases: [database], set: 'ns/rel/id', store, identity: { secret: 's', key: 'k' }, jobs: 1 },
  { kind: 'list-copies', databases: [database] },
  { kind: 'drop-copies', databases: [database], suffix: '__s', set: 'ns/rel/id' },
  {
    kind: 'note-proof',
    store,
    set: 'ns/rel/id',
    note: {
      found: 'rehearsed',
      manifestSha256: 'm',
      rehearsal: { run: 'rel-1', seconds: 50 },
      databases: [{ role: 'ledger', rung: 'proven', notCovered: ['a'] }],
    },
  },
  {
    kind: 'note-proof',
    store,
    set: 'ns/rel/id',
    note: { found: 'refuted', finding: { code: 'proof-mismatch', role: 'ledger', table: 'public.t', by: 'id' } },
  },
  { kind: 'check-store', store },
]

test.each(tasks.map((task) => [task.kind, task] as const))('%s is read as it is', (_, task) => {
  expect(parseTask(JSON.stringify(task))).toEqual(task)
})

test.each([
  ['no JSON', 'x'],
  ['an unknown kind', '{"kind":"drop"}'],
  ['a field too many', JSON.stringify({ kind: 'check-store', store, password: 'x' })],
  ['a set that leads elsewhere', JSON.stringify({ ...tasks[2], set: 'ns/../x' })],
  ['a suffix with a quote', JSON.stringify({ ...tasks[3], suffix: '"; drop' })],
  ['no database', JSON.stringify({ ...tasks[0], databases: [] })],
  ['a role that is a path', JSON.stringify({ ...tasks[0], databases: [{ ...database, role: '../x' }] })],
  ['no jobs', JSON.stringify({ ...tasks[2], jobs: 0 })],
])('%s is refused', (_, text) => {
  expect(() => parseTask(text)).toThrow(expect.objectContaining({ code: 'input-invalid' }))
})
