// The customer's side of the package bench, in one process: token, list, download and check beside a plain GET of the same bytes, in
// turn, each on new connections. Reads where the store is from its input; prints the times of each in milliseconds.
import { get } from 'node:https'
import { text } from 'node:stream/consumers'
import { gcsPackages } from '../../../src/adapters/package-gcs/packages.ts'
import { systemClock } from '../../../src/adapters/world/clock.ts'
import { parseServiceAccount } from '../../../src/core/package/account.ts'
import type { PackageObject } from '../../../src/core/package/choose.ts'

interface Place {
  endpoint: string
  account: string
  bucket: string
  large: string
  small: string
  /** For the plain GETs. */
  token: string
}

const { endpoint, account, bucket, large, small, token } = JSON.parse(await text(process.stdin)) as Place
const options = { account: parseServiceAccount(account, 'the bench'), project: 'bench', endpoint }
const rounds = Number(process.argv[2])

async function whole(name: string): Promise<PackageObject> {
  const packages = gcsPackages({ ...options, bucket, clock: systemClock() })
  const found = (await packages.list('customer-package/')).find((object) => object.name === name)
  if (found === undefined) throw new Error(`the store has no ${name}`)
  const bytes = new Uint8Array(found.sizeBytes)
  let at = 0
  for await (const chunk of packages.download(found, 0)) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  await packages.check(found, bytes)
  return found
}

async function plain(name: string, authorization: string): Promise<number> {
  const url = `${endpoint}/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}?alt=media`
  return await new Promise((resolve, reject) => {
    get(url, { headers: { authorization }, agent: false }, (response) => {
      let size = 0
      response
        .on('data', (chunk: Buffer) => (size += chunk.length))
        .on('end', () => resolve(size))
        .on('error', reject)
    }).on('error', reject)
  })
}

async function timed<T>(work: () => Promise<T>): Promise<[ms: number, result: T]> {
  const startedAt = performance.now()
  const result = await work()
  return [performance.now() - startedAt, result]
}

const times: Record<string, { whole: number[]; plain: number[] }> = {}
for (const [size, name] of Object.entries({ small, large })) {
  const own = (times[size] = { whole: [] as number[], plain: [] as number[] })
  for (let round = 0; round <= rounds; round += 1) {
    const [wholeMs, object] = await timed(async () => await whole(name))
    const [plainMs, bytes] = await timed(async () => await plain(name, token))
    if (bytes !== object.sizeBytes) throw new Error(`the plain GET brought ${bytes} bytes of ${object.sizeBytes}`)
    // The first round only warms up.
    if (round > 0) {
      own.whole.push(wholeMs)
      own.plain.push(plainMs)
    }
  }
}
console.log(JSON.stringify(times))
