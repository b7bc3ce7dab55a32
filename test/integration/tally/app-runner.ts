// Runs programs of the sample product the way its images do: Node 24, in a folder that holds one release.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { prepareContext, releaseOf } from '../../../examples/tally/build.ts'
import { prepareDependencies, stageRelease } from '../../../examples/tally/build/context.ts'

const node24 = fileURLToPath(new URL('../../../node_modules/node/bin/node', import.meta.url))

export type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string }
export type Started = { readonly process: ChildProcess; readonly ended: Promise<Ended> }

export type AppRunner = {
  /** Starts `node <program> ...args` of a release. */
  start(appVersion: string, argv: readonly string[], env: Record<string, string>): Started
  run(appVersion: string, argv: readonly string[], env: Record<string, string>): Promise<Ended>
  dispose(): void
}

export async function createAppRunner(): Promise<AppRunner> {
  const modules = join(await prepareDependencies(), 'node_modules')
  const context = await prepareContext()
  const root = mkdtempSync(join(tmpdir(), 'tally-app-'))
  const staged = new Map<string, string>()
  const directoryOf = (appVersion: string): string => {
    const known = staged.get(appVersion)
    if (known !== undefined) return known
    const directory = join(root, appVersion)
    cpSync(join(context, 'app'), directory, { recursive: true })
    symlinkSync(modules, join(directory, 'node_modules'))
    stageRelease(releaseOf(appVersion), directory)
    staged.set(appVersion, directory)
    return directory
  }
  const start = (appVersion: string, argv: readonly string[], env: Record<string, string>): Started => {
    const child = spawn(node24, argv, { cwd: directoryOf(appVersion), env: { ...process.env, ...env } })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
    const ended = new Promise<Ended>((resolve) => {
      child.once('close', (code) =>
        resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }),
      )
    })
    return { process: child, ended }
  }
  return {
    start,
    run: (appVersion, argv, env) => start(appVersion, argv, env).ended,
    dispose: () => rmSync(root, { recursive: true, force: true }),
  }
}
