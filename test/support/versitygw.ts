// A real S3 service over a directory, for tests: versitygw, built when it is not there yet.
import { access, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { childProcesses } from '../../src/adapters/process/processes.ts'
import { ProgramMissing, type ProgramEnd } from '../../src/ports/process.ts'

const MODULE = 'github.com/versity/versitygw/cmd/versitygw@v1.8.0'
const CACHE = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'pawl', 'bin')
const processes = childProcesses()

export interface S3Service {
  endpoint: string
  accessKeyId: string
  secretAccessKey: string
  /** Directory behind the buckets; a bucket is a directory in it. */
  root: string
  stop: () => Promise<void>
}

async function findProgram(): Promise<string> {
  const cached = join(CACHE, 'versitygw')
  if (
    await access(cached).then(
      () => true,
      () => false,
    )
  )
    return cached
  try {
    if ((await processes.run({ program: 'versitygw', args: ['--version'] })).exitCode === 0) return 'versitygw'
  } catch (error) {
    if (!(error instanceof ProgramMissing)) throw error
  }
  await mkdir(CACHE, { recursive: true })
  const built = await processes.run({ program: 'go', args: ['install', MODULE], env: { GOBIN: CACHE } })
  if (built.exitCode !== 0) throw new Error(`versitygw could not be built: ${built.stderr}`)
  return cached
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
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
  const program = await findProgram()
  const root = await mkdtemp(join(tmpdir(), 'pawl-test-s3-'))
  // Not a name that begins like the root's: the program takes that for a place inside of it.
  const sidecar = await mkdtemp(join(tmpdir(), 'pawl-test-meta-'))
  if (sizeMb !== undefined) await succeed('mount', ['-t', 'tmpfs', '-o', `size=${sizeMb}m`, 'pawl-test', root])
  for (const bucket of buckets) await mkdir(join(root, bucket))
  const [accessKeyId, secretAccessKey] = ['canary-Access-11aa', 'canary-Secret-22bb']
  const port = await freePort()
  const running = await processes.start({
    program,
    // Metadata aside: not every file system has extended attributes.
    args: ['--port', `${address}:${port}`, 'posix', '--sidecar', sidecar, root],
    env: { ROOT_ACCESS_KEY: accessKeyId, ROOT_SECRET_KEY: secretAccessKey },
  })
  running.stdout.resume()
  const endpoint = `http://${address}:${port}`
  let ended: ProgramEnd | undefined
  void running.ended.then((end) => (ended = end))
  const deadline = Date.now() + 60_000
  while (
    !(await fetch(endpoint).then(
      () => true,
      () => false,
    ))
  ) {
    if (ended !== undefined || Date.now() > deadline)
      throw new Error(`versitygw does not answer: ${ended?.stderr ?? 'no reason'}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return {
    endpoint,
    accessKeyId,
    secretAccessKey,
    root,
    async stop() {
      await running.stop()
      if (sizeMb !== undefined) await succeed('umount', [root])
      await rm(sidecar, { recursive: true, force: true })
      await rm(root, { recursive: true, force: true })
    },
  }
}
