// Fills the ledger: node seed.ts --rows N [--plant-bad-amount] [--blob]. Uses the settings of the product itself.
import { parseArgs } from 'node:util'
import type pg from 'pg'
import { connect, inTransaction } from './lib/database.ts'
import { encrypt } from './lib/encryption.ts'
import { loadRelease } from './lib/release.ts'
import { readSchemaState } from './lib/schema.ts'
import { required } from './lib/settings.ts'
import { badAmountSql, customersSql, deliveriesSql, documentSql, proofsSql, scansSql } from './seed-sql.ts'

const { values: options } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000' },
    'plant-bad-amount': { type: 'boolean', default: false },
    blob: { type: 'boolean', default: false },
  },
})
const rows = Number(options.rows)
if (!Number.isSafeInteger(rows) || rows < 1) throw new Error(`--rows must be a whole number above 0: ${options.rows}`)

const release = loadRelease(process.env)
const secret = required(process.env, 'TALLY_ENCRYPTION_KEY')
const startedAt = performance.now()
const client = await connect('ledger', process.env, 'seed')
try {
  const { kind, schema } = await inTransaction(client, () => readSchemaState(client, release.ledger, 'deliveries'))
  if (kind === 'older' || kind === 'newer' || schema !== `/${release.ledger.at(-1)}`) {
    throw new Error(`this is the seeder of ${release.appVersion}; the database is at ${schema ?? 'nothing'}`)
  }
  const counts = await inTransaction(client, () => fill(client))
  await client.query('ANALYZE')
  console.log(JSON.stringify({ release: release.appVersion, ...counts, ms: Math.round(performance.now() - startedAt) }))
} finally {
  await client.end()
}

async function fill(connection: pg.Client) {
  const customers = Math.max(1, Math.ceil(rows / 20))
  const scans = Math.ceil(rows / 2)
  const firstCustomer = await nextOf(connection, 'customers')
  const firstDelivery = await nextOf(connection, 'deliveries')
  const contacts = Array.from({ length: 40 }, (_, index) => encrypt(secret, `contact-${index}@tally.example`))
  await connection.query(customersSql, [customers, contacts])
  await connection.query(deliveriesSql(release.ledger), [rows, customers, firstCustomer])
  await connection.query(scansSql, [scans, firstDelivery, rows])
  const proofs = await proofsOf(connection, firstDelivery)
  if (options['plant-bad-amount']) await connection.query(badAmountSql, [firstDelivery])
  return { customers, deliveries: rows, scans, proofs, badAmount: options['plant-bad-amount'] }
}

async function proofsOf(connection: pg.Client, firstDelivery: number): Promise<number> {
  if (!release.ledger.includes('20260105100000-proofs')) return 0
  const proofs = Math.min(500, rows)
  await connection.query(proofsSql, [proofs, firstDelivery])
  await connection.query(documentSql, [firstDelivery, 64])
  if (options.blob) await connection.query(documentSql, [firstDelivery + 1, 8_192])
  return proofs
}

/** The id the table's sequence gives next. Deliveries of the recorder bring their own, far higher ids. */
async function nextOf(connection: pg.Client, table: 'customers' | 'deliveries'): Promise<number> {
  const { rows: found } = await connection.query<{ next: string }>(
    `SELECT CASE WHEN is_called THEN last_value + 1 ELSE last_value END AS next FROM ${table}_id_seq`,
  )
  return Number(found[0]?.next ?? 1)
}
