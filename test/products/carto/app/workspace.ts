// Components that use the metadata database: most look at its schema, the import worker writes an import again and again.
import { decrypt, encrypt } from '../../../../examples/tally/app/lib/encryption.ts'
import { serve } from '../../../../examples/tally/app/lib/server.ts'
import { required } from '../../../../examples/tally/app/lib/settings.ts'
import { acknowledgements } from './acknowledged.ts'
import { onOwnSchema } from './database.ts'
import type { Context } from './release.ts'

/** Stored once for each database: only the right key reads it again. */
const CANARY = 'credentials of a connection'

export async function runReader(context: Context): Promise<void> {
  const key = context.env['ENCRYPTION_SECRET_KEY']
  await run(context, 500, async (client) => {
    await client.query('SELECT title FROM maps ORDER BY id DESC LIMIT 20')
    if (context.component === 'workspace-api') {
      const sealed = encrypt(required(context.env, 'ENCRYPTION_SECRET_KEY'), CANARY)
      await client.query(
        "INSERT INTO connections (name, provider, credentials) VALUES ('canary', 'postgres', $1) ON CONFLICT (name) DO NOTHING",
        [sealed],
      )
    }
    const { rows } = await client.query<{ credentials: Buffer }>(
      "SELECT credentials FROM connections WHERE name = 'canary'",
    )
    const [row] = rows
    if (row !== undefined && key !== undefined && decrypt(key, row.credentials) !== CANARY)
      throw new Error('the key of this installation does not read what the database holds')
    return async () => undefined
  })
}

export async function runImporter(context: Context): Promise<void> {
  const { nextId, tell } = acknowledgements('metadata', context)
  await run(context, 300, async (client) => {
    const id = nextId()
    await client.query('INSERT INTO imports (id, source, bytes) VALUES ($1, $2, $3)', [
      id,
      `https://example.com/${id % 97}.csv`,
      id % 1_000_000,
    ])
    return async () => await tell(id)
  })
}

async function run(context: Context, intervalMs: number, work: Parameters<typeof onOwnSchema>[3]): Promise<void> {
  const loop = onOwnSchema('metadata', context, intervalMs, work)
  const server = await serve(8080, () => ({
    ready: loop.ready(),
    detail: { release: context.release.appVersion, ...loop.state() },
  }))
  await loop.ended
  server.close()
}
