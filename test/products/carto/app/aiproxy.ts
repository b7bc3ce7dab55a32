// The AI proxy: migrates its own database when it starts, without a lock and without being asked, then writes answered requests.
import { serve } from '../../../../examples/tally/app/lib/server.ts'
import { acknowledgements } from './acknowledged.ts'
import { connectPatiently, onOwnSchema } from './database.ts'
import { migrateAiProxy } from './migrations.ts'
import type { Context } from './release.ts'

export async function runAiProxy(context: Context): Promise<void> {
  const { nextId, tell } = acknowledgements('aiproxy', context)
  let isReady = (): boolean => false
  // Its probes ask for other paths than those of the rest.
  const server = await serve(
    8080,
    () => ({ ready: isReady(), detail: {} }),
    (_request, url) =>
      Promise.resolve(url.pathname.startsWith('/health/') ? { status: isReady() ? 200 : 503, body: {} } : null),
  )
  const owner = await connectPatiently('aiproxy', context)
  await migrateAiProxy(owner, context)
  await owner.end()
  const loop = onOwnSchema('aiproxy', context, 500, async (client) => {
    const id = nextId()
    await client.query('INSERT INTO "LiteLLM_Requests" (id, model, question) VALUES ($1, $2, $3)', [
      id,
      'standin-1',
      `What is at ${id % 360} degrees?`,
    ])
    return async () => await tell(id)
  })
  isReady = loop.ready
  await loop.ended
  server.close()
}
