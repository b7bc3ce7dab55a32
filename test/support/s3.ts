// An S3 store that pods can reach: versitygw over a directory of this machine.
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run, tryRun } from '../cluster/run.ts'
import type { Lab } from './lab.ts'

export interface S3Server {
  endpoint: string
  bucket: string
  accessKeyId: string
  secretAccessKey: string
  close(): Promise<void>
}

/** `sizeMb`: on a file system of that size, so that it can be full (needs root). */
export async function startS3(lab: Lab, sizeMb?: number): Promise<S3Server> {
  const directory = await mkdtemp(join(tmpdir(), 'pawl-s3-'))
  if (sizeMb !== undefined) await run('mount', ['-t', 'tmpfs', '-o', `size=${sizeMb}m`, 'pawl-test', directory])
  await mkdir(join(directory, 'backups'))
  const port = await freePort()
  const [accessKeyId, secretAccessKey] = ['pawl-test', 'pawl-test-secret-canary']
  const child = spawn(join(lab.cluster.binDir, 'versitygw'), ['--port', `${lab.cluster.nodeAddress}:${port}`, 'posix', '--nometa', directory], {
    env: { ROOT_ACCESS_KEY: accessKeyId, ROOT_SECRET_KEY: secretAccessKey, PATH: process.env['PATH'] ?? '' },
    stdio: 'ignore',
  })
  const endpoint = `http://${lab.cluster.nodeAddress}:${port}`
  await untilAnswering(endpoint)
  return {
    endpoint,
    bucket: 'backups',
    accessKeyId,
    secretAccessKey,
    async close() {
      const ended = new Promise((resolve) => child.on('exit', resolve))
      child.kill('SIGTERM')
      await ended
      if (sizeMb !== undefined) await tryRun('umount', [directory])
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

async function untilAnswering(endpoint: string): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const answered = await fetch(endpoint).then(
      () => true,
      () => false,
    )
    if (answered) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`versitygw does not answer at ${endpoint}`)
}
