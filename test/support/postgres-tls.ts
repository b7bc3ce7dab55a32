// The user's own PostgreSQL server as pods reach it: on the node's address, with a certificate of a private authority, and nothing
// but encrypted connections let in.
import { chmod, chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { childProcesses } from '../../src/adapters/process/processes.ts'
import { scratchUser } from '../../src/adapters/postgres/scratch-user.ts'
import { run } from '../cluster/run.ts'
import { startPostgres, type TestServer } from './postgres.ts'

export interface TlsServer extends TestServer {
  /** Certificate of the authority, PEM. */
  ca: string
}

/** @param address besides loopback, and what its certificate is made out to. */
export async function startTlsPostgres(address: string): Promise<TlsServer> {
  const directory = await mkdtemp(join(tmpdir(), 'pawl-test-tls-'))
  const at = (name: string): string => join(directory, name)
  await chmod(directory, 0o755)
  await writeFile(at('names'), `subjectAltName=IP:${address}\n`)
  await writeFile(at('hba.conf'), 'hostssl all all 0.0.0.0/0 scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n')
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const authority = ['-keyout', at('ca.key'), '-out', at('ca.crt'), '-subj', '/CN=test authority', '-days', '2']
  await run('openssl', ['req', '-x509', ...key, ...authority])
  await run('openssl', ['req', ...key, '-keyout', at('key'), '-out', at('request'), '-subj', '/CN=postgres'])
  const signed = ['-CA', at('ca.crt'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '2', '-extfile', at('names')]
  await run('openssl', ['x509', '-req', '-in', at('request'), ...signed, '-out', at('crt')])
  const user = await scratchUser(childProcesses())
  if (user !== undefined) for (const name of ['key', 'crt', 'hba.conf']) await chown(at(name), user.uid, user.gid)
  await chmod(at('key'), 0o600)
  const server = await startPostgres({
    listen_addresses: `127.0.0.1,${address}`,
    hba_file: at('hba.conf'),
    ssl: 'on',
    ssl_cert_file: at('crt'),
    ssl_key_file: at('key'),
  })
  return {
    ...server,
    ca: await readFile(at('ca.crt'), 'utf8'),
    async stop() {
      await server.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
