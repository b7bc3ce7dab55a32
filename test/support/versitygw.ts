// A real S3 service over a directory, for tests: versitygw, built when it is not there yet.
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { childProcesses } from '../../src/adapters/process/processes.ts'
import { freePort, goProgram, startService } from './service.ts'

const MODULE = 'github.com/versity/versitygw/cmd/versitygw@v1.8.0'
const processes = childProcesses()

export interface S3Service {
  endpoint: string
  accessKeyId: string
  secretAccessKey: string
  /** Directory behind the buckets; a bucket is a directory in it. */
  root: string
  stop: () => Promise<void>
}

async function succeed(program: string, args: string[]): Promise<void> {
  const { exitCode, stderr } = await processes.run({ program, args })
  if (exitCode !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`)
}

export interface S3Options {
  /** Where it listens; loopback where absent, which pods do not reach. */
  address?: string
  /** On a file system of that size, so that it can be full (needs root). */
  sizeMb?: number
}

export async function startS3(buckets: readonly string[], options: S3Options = {}): Promise<S3Service> {
  const { address = '127.0.0.1', sizeMb } = options
  const program = await goProgram('versitygw', MODULE)
  const root = await mkdtemp(join(tmpdir(), 'pawl-test-s3-'))
  // Not a name that begins like the root's: the program takes that for a place inside of it.
  const sidecar = await mkdtemp(join(tmpdir(), 'pawl-test-meta-'))
  if (sizeMb !== undefined) await succeed('mount', ['-t', 'tmpfs', '-o', `size=${sizeMb}m`, 'pawl-test', root])
  for (const bucket of buckets) await mkdir(join(root, bucket))
  const [accessKeyId, secretAccessKey] = ['canary-Access-11aa', 'canary-Secret-22bb']
  const port = await freePort()
  const endpoint = `http://${address}:${port}`
  const stop = await startService(
    {
      program,
      // Metadata aside: not every file system has extended attributes.
      args: ['--port', `${address}:${port}`, 'posix', '--sidecar', sidecar, root],
      env: { ROOT_ACCESS_KEY: accessKeyId, ROOT_SECRET_KEY: secretAccessKey },
    },
    { address, port },
  )
  return {
    endpoint,
    accessKeyId,
    secretAccessKey,
    root,
    async stop() {
      await stop()
      if (sizeMb !== undefined) await succeed('umount', [root])
      await rm(sidecar, { recursive: true, force: true })
      await rm(root, { recursive: true, force: true })
    },
  }
}
