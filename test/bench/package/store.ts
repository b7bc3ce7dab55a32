// The vendor's side of the package bench, a process of its own: a store with TLS and two packages. Prints where it is; ends with its input.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startGcs } from '../../support/fake-gcs.ts'
import { startGoogle } from '../../support/google.ts'
import { BUCKET, install, objectName, packageTexts, upload } from '../../support/packages.ts'
import { zipOf } from '../../support/zip.ts'

const [work = '', cert = '', key = ''] = process.argv.slice(2)
const gcs = await startGcs([BUCKET])
const google = await startGoogle(gcs.endpoint, { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') })
const account = google.account().json
await install(join(work, 'installed'), 'k8s', { version: '2026.4.24', key: account })
/** As CARTO's are, and as large as the bytes themselves begin to count. */
const SIZES = { '2026-6-12': 5 * 2 ** 20, '2026-7-16': 0 }
for (const [version, padding] of Object.entries(SIZES)) {
  const texts = packageTexts('k8s', { version: version.replaceAll('-', '.'), key: account })
  const parts = Object.entries(texts).map(([name, text]) => ({
    name,
    bytes: Buffer.from(name === 'carto-values.yaml' ? `${text}#${'x'.repeat(padding)}\n` : text),
  }))
  await upload(gcs.endpoint, objectName('k8s', version), zipOf(parts))
}
console.log(
  JSON.stringify({
    endpoint: google.endpoint,
    account,
    token: google.token(),
    bucket: BUCKET,
    large: objectName('k8s', '2026-6-12'),
    small: objectName('k8s', '2026-7-16'),
  }),
)
process.stdin.resume().once('end', () => {
  void Promise.all([google.stop(), gcs.stop()])
})
