// Real services for tests, as child processes: their programs are built when they are not there yet.
import { access, mkdir } from 'node:fs/promises'
import { connect, createServer, type AddressInfo } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { childProcesses } from '../../src/adapters/process/processes.ts'
import { ProgramMissing, type ProgramEnd, type ProgramRequest } from '../../src/ports/process.ts'

const CACHE = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'pawl', 'bin')
const processes = childProcesses()

/** The path of a Go program: from the cache, the PATH, or built now. */
export async function goProgram(name: string, module: string): Promise<string> {
  const cached = join(CACHE, name)
  if (
    await access(cached).then(
      () => true,
      () => false,
    )
  )
    return cached
  try {
    await processes.run({ program: name, args: ['--version'] })
    return name
  } catch (error) {
    if (!(error instanceof ProgramMissing)) throw error
  }
  await mkdir(CACHE, { recursive: true })
  const built = await processes.run({ program: 'go', args: ['install', module], env: { GOBIN: CACHE } })
  if (built.exitCode !== 0) throw new Error(`${name} could not be built: ${built.stderr}`)
  return cached
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

function answers(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port }, () => socket.end(() => resolve(true)))
    socket.on('error', () => resolve(false))
  })
}

/** Starts a service and returns when it takes connections; the return value stops it. */
export async function startService(
  spec: ProgramRequest,
  { address, port }: { address: string; port: number },
): Promise<() => Promise<unknown>> {
  const running = await processes.start(spec)
  running.stdout.resume()
  let ended: ProgramEnd | undefined
  void running.ended.then((end) => (ended = end))
  const deadline = Date.now() + 60_000
  while (!(await answers(address, port))) {
    if (ended !== undefined || Date.now() > deadline)
      throw new Error(`${spec.program} does not answer: ${ended?.stderr ?? 'no reason'}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return async () => await running.stop()
}
