// Running Pawl as its users do, as a process of its own, and reading what it says.
import { build } from 'esbuild'
import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { onDemand } from '../../scripts/on-demand.ts'
import { labEnv, type Lab } from './lab.ts'

const root = new URL('../..', import.meta.url).pathname
/** The bundle that `buildPawl` makes. */
export const program = join(root, '.cache', 'pawl-under-test', 'pawl-entry.js')

export interface PawlResult {
  exitCode: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface PawlOptions {
  /** Checkpoint at which the process kills itself. */
  killAt?: string
  env?: Record<string, string>
  /** Shows everything as it comes. */
  echo?: boolean
  onLine?: (line: string) => void
}

let built: Promise<unknown> | undefined

/** Bundles the program once for each process that tests. */
export async function buildPawl(): Promise<void> {
  if (process.env['PAWL_TEST_LAB'] !== undefined) return
  built ??= build({
    entryPoints: [join(root, 'test/support/pawl-entry.ts')],
    outdir: join(root, '.cache', 'pawl-under-test'),
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    external: ['pg-native'],
    plugins: [onDemand],
    logLevel: 'error',
    banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  })
  await built
}

export interface PawlProcess {
  child: ChildProcess
  result: Promise<PawlResult>
}

export async function startPawl(lab: Lab, args: readonly string[], options: PawlOptions = {}): Promise<PawlProcess> {
  await buildPawl()
  const env = {
    ...labEnv(lab),
    PAWL_TEST_LEASE_MS: '4000',
    NODE_NO_WARNINGS: '1',
    ...(options.killAt === undefined ? {} : { PAWL_TEST_KILL_AT: options.killAt }),
    ...options.env,
  }
  const child = spawn(process.execPath, [program, ...args], {
    env,
    stdio: ['ignore', options.echo === true ? 'inherit' : 'pipe', options.echo === true ? 'inherit' : 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk
    for (const line of chunk.split('\n')) if (line !== '') options.onLine?.(line)
  })
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
  const result = new Promise<PawlResult>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (exitCode, signal) => resolve({ exitCode, signal, stdout, stderr }))
  })
  return { child, result }
}

export async function pawl(lab: Lab, args: readonly string[], options: PawlOptions = {}): Promise<PawlResult> {
  return await (
    await startPawl(lab, args, options)
  ).result
}

/** Runs with `-o json` and gives the last JSON line. Throws with everything that was said where the exit code is another. */
export async function pawlJson<T>(lab: Lab, args: readonly string[], expectedExit = 0): Promise<T> {
  const result = await pawl(lab, [...args, '-o', 'json'])
  if (result.exitCode !== expectedExit)
    throw new Error(
      `pawl ${args.join(' ')} ended with ${result.exitCode}, expected ${expectedExit}:\n${result.stdout}\n${result.stderr}`,
    )
  const last = result.stdout.trim().split('\n').at(-1) ?? ''
  return JSON.parse(last) as T
}
