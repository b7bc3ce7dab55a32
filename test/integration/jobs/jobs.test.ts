// The data plane's Jobs and the log follower on a real cluster, with programs of a few lines in the place of the data image.
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { jobDataPlane } from '../../../src/adapters/jobs/index.ts'
import { connect, type ConnectedCluster } from '../../../src/adapters/kube/connect.ts'
import { systemClock } from '../../../src/adapters/world/clock.ts'
import type { DataTask, DatabaseTarget } from '../../../src/core/data/tasks.ts'
import { PawlError, isPawlError, reportOf } from '../../../src/core/errors.ts'
import type { Cluster, KubeObject } from '../../../src/ports/cluster.ts'
import type { DataPlane } from '../../../src/ports/dataplane.ts'
import { ensureCluster, ensureImages } from '../../cluster/index.ts'
import { realCluster } from '../../conformance/cluster/real.ts'
import { cutter, type Cutter } from './cutter.ts'

const clock = systemClock()
const TASK: DataTask = { kind: 'observe', databases: [] }

let real: Awaited<ReturnType<typeof realCluster>>
let image: string
let folder: string
let proxy: Cutter
let shaky: ConnectedCluster

beforeAll(async () => {
  const cluster = await ensureCluster()
  const here = new URL('.', import.meta.url).pathname
  const spec = {
    name: 'pawl-test/shell:1',
    containerfile: join(here, 'image.Containerfile'),
    context: here,
    buildArgs: { BASE: 'localhost/pawl-base:15' },
  }
  await ensureImages(cluster, [spec])
  real = await realCluster()
  image = `${real.registry}/pawl-test/shell:1`
  folder = await mkdtemp(join(tmpdir(), 'pawl-jobs-'))
  proxy = await cutter(real.kubeconfig)
  await proxy.kubeconfig(join(folder, 'kubeconfig'))
  shaky = connect({
    kubeconfig: join(folder, 'kubeconfig'),
    namespace: real.namespace,
    tuning: { log: { pauseMs: 50 } },
  })
})
afterAll(async () => {
  shaky?.close()
  proxy?.close()
  if (folder !== undefined) await rm(folder, { recursive: true })
  await real?.cleanUp()
})

function plane(script: string, options: { cluster?: Cluster; image?: string } = {}): DataPlane {
  return jobDataPlane({
    cluster: options.cluster ?? real.cluster,
    clock,
    namespace: real.namespace,
    image: () => options.image ?? image,
    command: ['sh', '-c', script],
    resources: { requests: { memory: '16Mi', cpu: '10m' } },
  })
}

/** A shell script that ends as the data program does. */
function answer(result: unknown): string {
  const text = JSON.stringify(result)
  const hash = createHash('sha256').update(text).digest('hex')
  return `echo '{"t":"result","sha256":"${hash}","result":${text}}'; printf '{"ok":true,"sha256":"${hash}"}' > /dev/termination-log`
}

function refusal(error: PawlError): string {
  const report = reportOf(error)
  const said = JSON.stringify({ ok: false, code: report.code, message: report.message })
  return `echo '${JSON.stringify({ t: 'error', report })}'; printf '%s' '${said}' > /dev/termination-log; exit 1`
}

async function errorOf(work: Promise<unknown>): Promise<PawlError> {
  const error = await work.then(
    (value) => `it succeeded: ${JSON.stringify(value)}`,
    (thrown: unknown) => thrown,
  )
  if (!isPawlError(error)) throw new Error(`expected a PawlError, got ${String(error)}`)
  return error
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const before = performance.now()
  await work()
  return (performance.now() - before) / 1000
}

const RESULT = { quiet: true, databases: [] }

test('a task becomes a Job under the restricted rules, and its result comes back', async () => {
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' }
  await real.cluster.patch(
    { apiVersion: 'v1', kind: 'Namespace', name: real.namespace },
    { type: 'merge', body: { metadata: { labels } } },
  )
  const seen: unknown[] = []
  const script = `echo '{"t":"progress","phase":"look","note":"1"}'; echo '{"t":"progress","phase":"look","note":"2"}'; touch /tmp/x; ! touch /x 2>/dev/null; id -u; ${answer(RESULT)}`
  expect(await plane(script).run(TASK, { id: 'plain', onProgress: (progress) => seen.push(progress) })).toEqual(RESULT)
  expect(seen).toEqual([
    { phase: 'look', note: '1' },
    { phase: 'look', note: '2' },
  ])
})

test('the same id again gives the same answer, without its pod and without working again', async () => {
  const script =
    `date +%s%N > /tmp/t; N=$(cat /tmp/t); ${'H=$(printf "{\\"now\\":\\"$N\\"}" | sha256sum | cut -d" " -f1); '}` +
    `echo "{\\"t\\":\\"result\\",\\"sha256\\":\\"$H\\",\\"result\\":{\\"now\\":\\"$N\\"}}"; printf "{\\"ok\\":true,\\"sha256\\":\\"$H\\"}" > /dev/termination-log`
  const first = await plane(script).run(TASK, { id: 'once' })
  for (const pod of await real.cluster.list({
    apiVersion: 'v1',
    kind: 'Pod',
    namespace: real.namespace,
    labelSelector: 'pawl.dev/op=once',
  })) {
    await real.cluster.remove({ apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name, namespace: real.namespace })
  }
  expect(await plane(script).run(TASK, { id: 'once' })).toEqual(first)
})

test('a failure comes back with its code and facts', async () => {
  const error = await errorOf(
    plane(refusal(new PawlError({ code: 'store-full', message: 'no room', facts: { free: 1 } }))).run(TASK, {
      id: 'refused',
    }),
  )
  expect([error.code, error.message, error.facts]).toEqual(['store-full', 'no room', { free: 1 }])
})

test('Secrets are readable where the task expects them, and only the named keys', async () => {
  const name = 'db-login'
  await real.cluster.create({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: real.namespace },
    stringData: { password: 'right', other: 'hidden' },
  })
  await real.cluster.create({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'files', namespace: real.namespace },
    stringData: { 'values.yaml': 'a: 1' },
  })
  const database: DatabaseTarget = {
    role: 'r',
    host: 'h',
    port: 1,
    database: 'd',
    login: { user: 'u', password: { secret: name, key: 'password' } },
    tls: 'disable',
    migrations: { table: 'a.b', column: 'c' },
  }
  const task: DataTask = {
    kind: 'backup',
    databases: [database],
    recipients: [],
    releaseFiles: 'files',
    about: {},
    jobs: 1,
    set: 's',
    store: { type: 'directory', path: '/x' },
  }
  const script = `cd /var/run/pawl/secrets/${name} && [ "$(cat password)" = right ] && [ ! -e other ] && [ "$(stat -Lc %a password)" = 440 ] && ! touch x 2>/dev/null && [ "$(cat /var/run/pawl/release/values.yaml)" = 'a: 1' ] && [ -n "$PAWL_TASK" ] && ${answer(RESULT)}`
  expect(await plane(script).run(task, { id: 'secrets' })).toEqual(RESULT)
})

test('a task arrives as it was given, whatever it looks like', async () => {
  const task: DataTask = {
    kind: 'backup',
    databases: [],
    recipients: [],
    about: { note: 'costs $5, $(HOME), $$ and "quotes"' },
    jobs: 1,
    set: 's',
    store: { type: 'directory', path: '/x' },
  }
  const hash = createHash('sha256').update(JSON.stringify(task)).digest('hex')
  const script = `[ "$(printf %s "$PAWL_TASK" | sha256sum | cut -c1-64)" = ${hash} ] && ${answer(RESULT)}`
  expect(await plane(script).run(task, { id: 'odd' })).toEqual(RESULT)
})

test('a task that is too large for the environment arrives as a file', async () => {
  const task: DataTask = {
    kind: 'backup',
    databases: [],
    recipients: [],
    about: { note: 'x'.repeat(300_000) },
    jobs: 1,
    set: 's',
    store: { type: 'directory', path: '/x' },
  }
  const script = `[ "$(wc -c < "$PAWL_TASK_FILE")" = ${JSON.stringify(task).length} ] && ${answer(RESULT)}`
  expect(await plane(script).run(task, { id: 'large' })).toEqual(RESULT)
})

test("what cannot start is said promptly, in the cluster's own words", async () => {
  const missing = (secret: string, key: string): DataTask => ({
    kind: 'prove',
    identity: { secret, key },
    jobs: 1,
    set: 's',
    store: { type: 'directory', path: '/x' },
  })
  await real.cluster.create({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'keyless', namespace: real.namespace },
    stringData: { a: 'b' },
  })
  const noImage = plane('true', { image: `${real.registry}/pawl-test/none:1` })
  const cases: [Promise<PawlError>, RegExp][] = (
    [
      [noImage.run(TASK, { id: 'no-image' }), /ImagePullBackOff|ErrImagePull/],
      [plane('true').run(missing('nowhere', 'k'), { id: 'no-secret' }), /secret "nowhere" not found/],
      [plane('true').run(missing('keyless', 'k'), { id: 'no-key' }), /non-existent secret key: k/],
      [
        plane('true').run({ kind: 'check-store', store: { type: 'volume', claim: 'no-claim' } }, { id: 'no-claim' }),
        /persistentvolumeclaim "no-claim" not found/,
      ],
    ] satisfies [Promise<unknown>, RegExp][]
  ).map(([work, words]) => [errorOf(work), words])
  const seconds = await secondsOf(async () => {
    for (const [work, words] of cases) {
      const error = await work
      expect([error.code, error.message]).toEqual(['job-failed', expect.stringMatching(words)])
    }
  })
  expect(seconds).toBeLessThan(60)
})

test('a container that dies without a word is a failure with its last lines', async () => {
  const error = await errorOf(plane('echo "pg_dump: something broke"; exit 3').run(TASK, { id: 'dies' }))
  expect(error.code).toBe('job-failed')
  expect(error.message).toContain('exit code 3')
  expect(error.message).toContain('pg_dump: something broke')
})

test("a result without the container's word for it does not count", async () => {
  const error = await errorOf(
    plane(`${answer(RESULT)}; printf '{"ok":true,"sha256":"00"}' > /dev/termination-log`).run(TASK, { id: 'forged' }),
  )
  expect([error.code, error.message]).toEqual([
    'job-failed',
    expect.stringContaining('its log does not hold that result'),
  ])
})

test('a second waiter attaches to work under way; discard ends it and frees the id', async () => {
  const slow = plane('trap "exit 1" TERM; echo "{\\"t\\":\\"progress\\",\\"phase\\":\\"sleep\\"}"; sleep 300 & wait')
  const stop = new AbortController()
  const phases: string[] = []
  const attach = (signal?: AbortSignal) =>
    slow
      .run(TASK, {
        id: 'slow',
        onProgress: ({ phase }) => phases.push(phase),
        ...(signal === undefined ? {} : { signal }),
      })
      .catch((error: unknown) => error)
  const first = attach(stop.signal)
  const second = attach()
  let ended = false
  void Promise.race([first, second]).then(() => (ended = true))
  while (phases.length < 2 && !ended) await clock.sleep(50)
  expect(phases).toEqual(['sleep', 'sleep'])
  stop.abort(new Error('enough'))
  expect(await first).toMatchObject({ message: 'enough' })
  expect(await secondsOf(() => slow.discard('slow'))).toBeLessThan(30)
  expect(await second).toMatchObject({ code: 'job-failed' })
  expect(
    await real.cluster.list({
      apiVersion: 'v1',
      kind: 'Pod',
      namespace: real.namespace,
      labelSelector: 'pawl.dev/op=slow',
    }),
  ).toEqual([])
  expect(await plane(answer(RESULT)).run(TASK, { id: 'slow' })).toEqual(RESULT)
})

test('a log is followed line by line, once each, although every connection is cut again and again', async () => {
  const total = 6000
  const pod: KubeObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'talker', namespace: real.namespace },
    spec: {
      restartPolicy: 'Never',
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'main',
          image,
          // Bursts of lines with the same second, one line that the runtime splits, and a last one without a line break.
          command: [
            'sh',
            '-c',
            `i=0; while [ $i -lt ${total} ]; do i=$((i+1)); echo "line $i"; [ $((i % 500)) = 0 ] && sleep 0.4; done; head -c 100000 /dev/zero | tr '\\0' x; echo; printf end`,
          ],
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  }
  await real.cluster.create(pod)
  const lines: string[] = []
  let cuts = 0
  const cutting = setInterval(() => (cuts += proxy.cut()), 150)
  try {
    await shaky.followLog({ namespace: real.namespace, name: 'talker', container: 'main' }, (line) => lines.push(line))
  } finally {
    clearInterval(cutting)
  }
  const expected = [...Array.from({ length: total }, (_, index) => `line ${index + 1}`), 'x'.repeat(100_000), 'end']
  expect(cuts).toBeGreaterThan(5)
  expect(lines.length).toBe(expected.length)
  expect(lines).toEqual(expected)
  const tail = await real.cluster.readLog({
    namespace: real.namespace,
    name: 'talker',
    container: 'main',
    tailLines: 1,
  })
  expect(tail).toBe('end')
})

test('a task goes on through an API server that is away for a while', async () => {
  const script = `for i in 1 2 3 4 5 6 7 8; do echo "{\\"t\\":\\"progress\\",\\"phase\\":\\"p$i\\"}"; sleep 0.5; done; ${answer(RESULT)}`
  const phases: string[] = []
  const running = plane(script, { cluster: shaky }).run(TASK, {
    id: 'away',
    onProgress: ({ phase }) => {
      phases.push(phase)
      if (phase === 'p3') proxy.refuse(1500)
    },
  })
  expect(await running).toEqual(RESULT)
  expect(phases).toEqual(['p1', 'p2', 'p3', 'p4', 'p5', 'p6', 'p7', 'p8'])
})
