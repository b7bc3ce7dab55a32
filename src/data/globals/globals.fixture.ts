// One server's globals as a backup records them.
import type { Globals } from '../manifest.ts'

export const globals: Globals = {
  version: 1,
  role: 'ledger',
  database: {
    name: 'ledger',
    owner: 'App Owner',
    encoding: 'UTF8',
    collate: 'en_US.utf8',
    ctype: 'en_US.utf8',
    provider: 'c',
    locale: null,
    rules: null,
    comment: null,
    collationVersion: '2.36',
    actualCollationVersion: '2.36',
    tablespace: 'pg_default',
    connectionLimit: -1,
    grants: null,
  },
  settings: [],
  roleSettings: [
    { role: 'reader', setting: 'search_path', value: 'public, "Mixed Case"' },
    { role: 'postgres', setting: 'statement_timeout', value: '1s' },
  ],
  bootstrap: 'postgres',
  passwords: true,
  roles: [
    { name: 'postgres', attributes: ['SUPERUSER'], connectionLimit: -1, validUntil: null },
    {
      name: 'App Owner',
      attributes: ['INHERIT', 'LOGIN'],
      connectionLimit: 20,
      validUntil: '2030-01-01 00:00:00.000000+00',
      password: 'SCRAM-SHA-256$4096:x',
    },
    { name: 'reader', attributes: [], connectionLimit: -1, validUntil: null },
  ],
  memberships: [
    { role: 'reader', member: 'App Owner', admin: false },
    { role: 'pg_monitor', member: 'reader', admin: false },
    { role: 'App Owner', member: 'postgres', admin: false },
    { role: 'stranger', member: 'reader', admin: false },
  ],
  tablespaces: [],
  collations: [],
  extensions: {},
}
