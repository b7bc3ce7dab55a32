// Where the vendor's download script goes wrong, Pawl goes right: one test for each of its quirks, on a real store.
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { FakeCluster } from '../../../src/testing/cluster/fake-cluster.ts'
import { BUCKET, ENCRYPTION_KEY, objectName, packageZip } from '../../support/packages.ts'
import { filesBelow, startWorld, type World } from './world.ts'

let world: World

beforeAll(async () => {
  world = await startWorld()
})
beforeEach(async () => await world.reset())
afterAll(async () => await world.stop())

const folder = (version: string, mode = 'k8s'): string =>
  `carto-selfhosted-${mode}-customer-package-harbour-42-${version}`

test('quirk: two stable packages make the script ask for a URL that is not there; Pawl takes the newest by number', async () => {
  await world.offer('k8s', ['2026-9-2', '2026-10-13', '2026-9-11'])
  const directory = await world.installed('k8s')
  const { exitCode, json } = await world.pawl(['download', '-d', directory, '-s', 'k8s'])
  expect(exitCode).toBe(0)
  expect(json).toMatchObject({ package: { version: '2026.10.13' }, directory: join(directory, folder('2026-10-13')) })
})

test('quirk: "exit 404" reaches the caller as 148; Pawl has one stable exit code', async () => {
  await world.offer('k8s', ['2026-7-16'])
  const directory = await world.installed('k8s')
  const { exitCode, json } = await world.pawl(['download', '-d', directory, '--version', '2026.7.17'])
  expect(exitCode).toBe(65)
  expect(json).toMatchObject({ error: { code: 'package-not-found', facts: { versions: ['2026.7.16'] } } })
})

test.each([
  ['2025-11-11-patch1', '2025.11.11-patch1'],
  ['2025-11-11-2', '2025.11.11-2'],
])(
  'quirk: a %s package is cut at its date and not found; Pawl knows that it comes after the day itself',
  async (name, version) => {
    await world.offer('k8s', ['2025-11-11', name, '2025-9-30'])
    const directory = await world.installed('k8s', { version: '2025.9.11' })
    const { json } = await world.pawl(['download', '-d', directory])
    expect(json).toMatchObject({ package: { version, name: objectName('k8s', name) } })
  },
)

test('quirk: a tenant with "-rc-" in its name has all its packages filtered out; Pawl reads the name in parts', async () => {
  const tenant = 'onp-north-rc-9'
  await world.put(
    objectName('k8s', '2026-7-16', 'north-rc-9'),
    packageZip('k8s', { version: '2026.7.16', tenant, key: world.newKey }),
  )
  const directory = await world.installed('k8s', { tenant })
  expect((await world.pawl(['download', '-d', directory])).json).toMatchObject({ package: { version: '2026.7.16' } })
})

test.each(['2026-8-11-rc-7', '2026-8-11-rc7', '2026-8-11-rc.7'])(
  'quirk: %s slips through as stable, or never comes; Pawl brings a candidate when it is named, and only then',
  async (name) => {
    await world.offer('k8s', ['2026-7-16'])
    await world.offer('k8s', [name], { version: '2026.8.11-rc.7' })
    const directory = await world.installed('k8s')
    expect((await world.pawl(['download', '-d', directory])).json).toMatchObject({ package: { version: '2026.7.16' } })
    const named = await world.pawl(['download', '-d', directory, '--version', '2026.8.11-rc.7'])
    expect(named.json).toMatchObject({ package: { version: '2026.8.11-rc.7' } })
  },
)

test('quirk: without any package the script looks for an empty version; Pawl says that there is none', async () => {
  await world.put('customer-package/carto-selfhosted-k8s-customer-package-harbour-43-2026-7-16.zip', Buffer.from('x'))
  const directory = await world.installed('k8s')
  const { exitCode, json } = await world.pawl(['download', '-d', directory])
  expect([exitCode, json['error']]).toMatchObject([65, { code: 'package-not-found', facts: { versions: [] } }])
})

test('quirk: the account key is left in the working directory, readable by all; Pawl writes nothing but the package', async () => {
  await world.offer('k8s', ['2026-7-16'])
  const directory = await world.installed('k8s')
  await world.pawl(['download', '-d', directory])
  const files = [`${folder('2026-7-16')}.zip`, 'carto-secrets.yaml', 'carto-values.yaml'].map((name) =>
    join(folder('2026-7-16'), name),
  )
  const wanted = ['carto-secrets.yaml', 'carto-values.yaml', folder('2026-7-16'), ...files]
  expect(await filesBelow(directory)).toEqual(wanted.toSorted())
})

test('quirk: the zip lands where one stands, packed and unchecked; Pawl unpacks it in -d, 0600 in a 0700 directory', async () => {
  await world.offer('k8s', ['2026-7-16'])
  const directory = await world.installed('k8s')
  // A slash at the end means nothing.
  expect((await world.pawl(['download', '-d', `${directory}/`])).exitCode).toBe(0)
  const place = join(directory, folder('2026-7-16'))
  expect((await stat(place)).mode & 0o777).toBe(0o700)
  for (const name of await filesBelow(place)) expect((await stat(join(place, name))).mode & 0o777).toBe(0o600)
  expect(await readFile(join(place, 'carto-values.yaml'), 'utf8')).toContain('"2026.7.16"')
})

test('quirk: unpacking by hand overwrites the old values and secrets; Pawl keeps them under a dated name', async () => {
  await world.offer('k8s', ['2026-7-16'])
  const directory = await world.installed('k8s')
  const before = await readFile(join(directory, 'carto-secrets.yaml'), 'utf8')
  const { json } = await world.pawl(['download', '-d', directory, '--to', directory])
  const files = json['files'] as unknown as { name: string; outcome: string; kept?: string }[]
  const secrets = files.find(({ name }) => name === 'carto-secrets.yaml')
  expect(secrets).toMatchObject({
    outcome: 'written',
    kept: expect.stringMatching(/^carto-secrets\.yaml\.\d{8}T\d{6}Z$/),
  })
  expect(await readFile(join(directory, secrets?.kept ?? ''), 'utf8')).toBe(before)
  // The same once more changes nothing.
  const again = await world.pawl(['download', '-d', directory, '--to', directory])
  expect(again.json).toMatchObject({ files: [{ outcome: 'same' }, { outcome: 'same' }, { outcome: 'same' }] })
})

test('quirk: the active account of gcloud is changed; Pawl touches no configuration and runs no program', async () => {
  await world.offer('k8s', ['2026-7-16'])
  const directory = await world.installed('k8s')
  const home = join(directory, 'home')
  await mkdir(join(home, '.config', 'gcloud'), { recursive: true })
  await writeFile(join(home, '.config', 'gcloud', 'active_config'), 'mine')
  const [kept, path] = [{ ...process.env }, '/nonexistent']
  Object.assign(process.env, { HOME: home, PATH: path, CLOUDSDK_CONFIG: join(home, '.config', 'gcloud') })
  try {
    expect((await world.pawl(['download', '-d', directory])).exitCode).toBe(0)
  } finally {
    for (const name of ['HOME', 'PATH', 'CLOUDSDK_CONFIG']) {
      if (kept[name] === undefined) delete process.env[name]
      else process.env[name] = kept[name]
    }
  }
  expect(await filesBelow(home)).toEqual(['.config', '.config/gcloud', '.config/gcloud/active_config'])
})

test.each([
  ['a block of text', (key: string) => `value: |-\n      ${key}`],
  ['a quoted text', (key: string) => `value: '${key}'`],
  ['a mapping', (key: string) => `value: ${key}`],
])(
  'quirk: with the wrong yq the key becomes a quoted text and the script goes on; Pawl reads %s',
  async (_form, write) => {
    await world.offer('k8s', ['2026-7-16'])
    const directory = await world.installed('k8s')
    const secrets = `cartoSecrets:\n  encryptionSecretKey:\n    value: ${ENCRYPTION_KEY}\n  defaultGoogleServiceAccount:\n    ${write(world.key)}\n`
    await writeFile(join(directory, 'carto-secrets.yaml'), secrets)
    expect((await world.pawl(['download', '-d', directory])).exitCode).toBe(0)
  },
)

test('quirk: a key kept in a Secret is written out as "null"; Pawl reads it from the cluster, or says that it cannot', async () => {
  await world.offer('k8s', ['2026-7-16'])
  const directory = await world.installed('k8s', { key: { name: 'carto-account', key: 'key.json' } })
  const without = await world.pawl(['download', '-d', directory, '--kubeconfig', join(directory, 'none')])
  expect(without.exitCode).not.toBe(0)
  expect(without.json['error']).toMatchObject({ facts: { secret: 'carto-account', key: 'key.json' } })
  const cluster = new FakeCluster()
  const data = { 'key.json': Buffer.from(world.key).toString('base64') }
  const { namespace } = cluster.where
  await cluster.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'carto-account', namespace }, data })
  const { exitCode, json } = await world.pawl(['download', '-d', directory], {
    cluster: () => Promise.resolve(cluster),
  })
  expect([exitCode, json['package']]).toMatchObject([0, { version: '2026.7.16' }])
})

test('quirk: customer.env is run as a program; Pawl takes it as it is written', async () => {
  await world.offer('docker', ['2026-7-16'])
  const directory = await world.installed('docker')
  const [env, proof] = [join(directory, 'customer.env'), join(directory, 'proof')]
  await writeFile(
    env,
    `${await readFile(env, 'utf8')}RUN=$(touch ${proof})\nALSO=\`touch ${proof}\`\ntouch_me="$HOME and more"\n`,
  )
  const { exitCode, json } = await world.pawl(['download', '-d', directory, '-s', 'docker'])
  expect(exitCode).toBe(0)
  expect(await filesBelow(directory)).not.toContain('proof')
  expect(json['warnings']).toHaveLength(5)
  expect(json).toMatchObject({
    directory: join(directory, folder('2026-7-16', 'docker')),
    passedOn: ['customer.env', 'key.json'],
  })
})

test('quirk: errors are decorated, on standard output, with the usage behind; Pawl has a code and what to do', async () => {
  const directory = await world.installed('k8s')
  await writeFile(join(directory, 'carto-secrets.yaml'), '')
  const { exitCode, json, stderr } = await world.pawl(['download', '-d', directory])
  expect([exitCode, json, stderr]).toMatchObject([
    65,
    { type: 'error', error: { code: 'input-invalid', unchanged: 'Nothing was downloaded.' } },
    '',
  ])
})

test('quirk: without -s the usage says k8s and the code does docker; Pawl does k8s, and names the other where that is meant', async () => {
  await world.offer('k8s', ['2026-7-16'])
  const k8s = await world.installed('k8s')
  expect((await world.pawl(['download', '-d', k8s])).json).toMatchObject({ mode: 'k8s' })
  const { exitCode, json } = await world.pawl(['download', '-d', await world.installed('docker')])
  expect([exitCode, json['error']]).toMatchObject([65, { code: 'input-invalid', hint: 'Say -s docker.' }])
  expect((await world.pawl(['download', '-d', k8s, '-s', 'vm'])).exitCode).toBe(64)
})

test('quirk: the values have a suffix that the name leaves out; Pawl brings the installed package once more', async () => {
  await world.offer('k8s', ['2022-4-4'], { version: '2022.04.04-12' })
  const directory = await world.installed('k8s', { version: '2022.04.04-12' })
  expect((await world.pawl(['download', '-d', directory])).exitCode).toBe(0)
  expect((await world.pawl(['list', '-d', directory])).json).toMatchObject({ packages: [{ installed: true }] })
  await world.offer('k8s', ['2022-4-4'], { version: '2022.04.04-11' })
  const { json } = await world.pawl(['download', '-d', directory])
  expect(json['error']).toMatchObject({ code: 'package-refused' })
})

test('quirk: the newest is never compared with what is installed; Pawl refuses an older package', async () => {
  await world.offer('k8s', ['2026-4-23', '2026-7-16'])
  const directory = await world.installed('k8s')
  const { exitCode, json } = await world.pawl(['download', '-d', directory, '--version', '2026.4.23'])
  expect([exitCode, json['error']]).toMatchObject([20, { code: 'package-refused' }])
  expect(world.google.requests.filter((line) => line.includes(BUCKET) && line.endsWith('.zip'))).toEqual([])
  expect(await filesBelow(directory)).toEqual(['carto-secrets.yaml', 'carto-values.yaml'])
})
