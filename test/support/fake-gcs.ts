// A real server of Google's storage API, in memory, for tests: fake-gcs-server, built when it is not there yet.
import { freePort, goProgram, startService } from './service.ts'

const MODULE = 'github.com/fsouza/fake-gcs-server@v1.56.1'

export interface GcsService {
  endpoint: string
  stop: () => Promise<void>
}

/** `address`: where it listens; loopback where absent, which pods do not reach. */
export async function startGcs(buckets: readonly string[], address = '127.0.0.1'): Promise<GcsService> {
  const program = await goProgram('fake-gcs-server', MODULE)
  const port = await freePort()
  const endpoint = `http://${address}:${port}`
  const stop = await startService(
    {
      program,
      args: ['-backend', 'memory', '-scheme', 'http', '-host', address, '-port', String(port)].concat(
        // Where a client goes on with an upload in parts.
        ['-external-url', endpoint, '-public-host', `${address}:${port}`, '-log-level', 'error'],
      ),
    },
    { address, port },
  )
  for (const name of buckets) {
    const made = await fetch(`${endpoint}/storage/v1/b?project=test`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name }),
    })
    if (!made.ok) throw new Error(`bucket ${name}: HTTP ${made.status}`)
  }
  return { endpoint, stop: async () => void (await stop()) }
}
