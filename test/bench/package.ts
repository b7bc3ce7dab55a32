// How long a customer package takes, with TLS, against a store on loopback, beside a plain HTTPS GET of the same bytes.
import { execFile, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { median } from './bench.ts'
import type { Bench, Figure } from './bench.ts'
import { timeInTurn } from './timing.ts'

const ROOT = join(import.meta.dirname, '../..')
const PAWL = join(ROOT, 'bin/pawl.js')
const ROUNDS = 15
const COMMAND_ROUNDS = 7
const run = promisify(execFile)

interface Times {
  whole: number[]
  plain: number[]
}

export const packages: Bench = {
  name: 'package',
  title: 'a customer package, beside a plain HTTPS GET of the same bytes',
  usually: '20 s',
  async run(_args, say) {
    await run(process.execPath, [join(ROOT, 'scripts/build.ts')], { cwd: ROOT })
    const work = await mkdtemp(join(tmpdir(), 'pawl-bench-package-'))
    try {
      return await measure(work, say)
    } finally {
      await rm(work, { recursive: true, force: true })
    }
  },
}

async function measure(work: string, say: (line: string) => void): Promise<Figure[]> {
  const [key, cert] = [join(work, 'tls.key'), join(work, 'tls.crt')]
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
  await run('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    ...subject,
    '-keyout',
    key,
    '-out',
    cert,
  ])
  const store = spawn(process.execPath, [join(import.meta.dirname, 'package/store.ts'), work, cert, key], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  try {
    const place = await firstLine(store.stdout)
    const { endpoint, bucket, small, token } = JSON.parse(place) as Record<
      'endpoint' | 'bucket' | 'small' | 'token',
      string
    >
    const env = { ...process.env, STORAGE_EMULATOR_HOST: endpoint, NODE_EXTRA_CA_CERTS: cert }
    const { large, small: little } = await roundsAgainst(place, env)
    say(
      `in one process, token + list + download + check beside one GET (medians of ${ROUNDS}, in turn, new connections):`,
    )
    say(`  package of 5 MiB: ${pair(large)}`)
    say(`  package of 2 KB:  ${pair(little)}; three requests cannot be as fast as one`)
    const url = `${endpoint}/storage/v1/b/${bucket}/o/${encodeURIComponent(small)}?alt=media`
    return [await wholePrograms(say, { work, env, cert, url, token })]
  } finally {
    store.stdin.end()
    await new Promise((resolve) => store.once('close', resolve))
  }
}

async function firstLine(stream: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: stream })) return line
  throw new Error('the store did not start')
}

async function roundsAgainst(place: string, env: NodeJS.ProcessEnv): Promise<{ large: Times; small: Times }> {
  const running = run(process.execPath, [join(import.meta.dirname, 'package/rounds.ts'), String(ROUNDS)], { env })
  running.child.stdin?.end(place)
  return JSON.parse((await running).stdout) as { large: Times; small: Times }
}

/** What a person waits for: the start of the program, checks, unpacking and putting in place included. */
async function wholePrograms(
  say: (line: string) => void,
  { work, env, cert, url, token }: { work: string; env: NodeJS.ProcessEnv; cert: string; url: string; token: string },
): Promise<Figure> {
  const program = join(work, 'get.mjs')
  await writeFile(
    program,
    `import { writeFile } from 'node:fs/promises'
const [, , url, authorization, to] = process.argv
const answer = await fetch(url, { headers: { authorization } })
if (!answer.ok) throw new Error(String(answer.status))
await writeFile(to, new Uint8Array(await answer.arrayBuffer()))`,
  )
  const [out, to] = [join(work, 'out'), join(work, 'got')]
  const [pawl = [], node = [], curl = []] = await timeInTurn(COMMAND_ROUNDS, [
    { program: process.execPath, args: [PAWL, 'package', 'download', '-d', join(work, 'installed'), '--to', out], env },
    { program: process.execPath, args: [program, url, token, to], env },
    { program: 'curl', args: ['-sf', '--cacert', cert, '-H', `Authorization: ${token}`, '-o', to, url], env },
  ])
  const [ours, theirs, fastest] = [median(pawl), median(node), median(curl)].map((ms) => `${ms.toFixed(0)} ms`)
  say(
    `whole programs, 2 KB: pawl package download ${ours}, unpacked and in place; one GET with Node ${theirs}, with curl ${fastest}`,
  )
  return {
    name: 'pawl package download / one GET with Node, 2 KB',
    value: median(pawl) / median(node),
    target: { most: 1.5 },
  }
}

function pair({ whole, plain }: Times): string {
  const [ours, theirs] = [median(whole), median(plain)]
  return `${ours.toFixed(1)} ms beside ${theirs.toFixed(1)} ms, ratio ${(ours / theirs).toFixed(2)}`
}
