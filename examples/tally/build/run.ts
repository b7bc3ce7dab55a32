// Runs a program to its end. Only for building the sample product.
import { spawn } from 'node:child_process'

/** Resolves with stdout. @throws with the end of stderr when the program fails or does not exist. */
export function run(program: string, args: readonly string[], cwd?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...(cwd === undefined ? {} : { cwd }) })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) return resolve(Buffer.concat(out).toString('utf8'))
      const end = Buffer.concat(err).toString('utf8').slice(-2_000)
      reject(new Error(`${program} ${args[0] ?? ''} ended with ${code}: ${end}`))
    })
  })
}
