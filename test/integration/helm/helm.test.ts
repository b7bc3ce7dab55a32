// Pawl's Helm adapter with the real Helm 4 and 3 on a real cluster.
import { writeFile } from 'node:fs/promises'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chartsAt } from '../../../src/adapters/artifacts/charts-at.ts'
import { helmProgram } from '../../../src/adapters/helm/helm.ts'
import { releaseRecords } from '../../../src/adapters/helm/records.ts'
import { systemClock } from '../../../src/adapters/world/clock.ts'
import { coalesceValues } from '../../../src/core/profile/values.ts'
import { parseHelmYaml } from '../../../src/adapters/artifacts/helm-yaml.ts'
import type { Helm, ReleaseRecord, ReleaseRecords } from '../../../src/ports/helm.ts'
import { realCluster } from '../../conformance/cluster/real.ts'
import { codeOf } from '../../conformance/cluster/suite.ts'
import { workspace, type Workspace } from './chart.ts'

type Real = Awaited<ReturnType<typeof realCluster>>

/** A hook Job that never comes to its end: its image does not exist. */
const STUCK_HOOK = `
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-migrate
  annotations: {helm.sh/hook: pre-upgrade}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{name: main, image: "example.invalid/none:1"}]
`

for (const major of [4, 3] as const) {
  describe(`Helm ${major}`, () => {
    let real: Real
    let space: Workspace
    let program: string
    let helm: Helm
    let records: ReleaseRecords
    beforeAll(async () => {
      real = await realCluster()
      program = major === 4 ? real.helm : real.helm3
      space = await workspace(program)
      helm = helmProgram({ program, kubeconfig: real.kubeconfig })
      records = releaseRecords(real.cluster, systemClock())
    })
    afterAll(async () => {
      await space?.cleanUp()
      await real?.cleanUp()
    })

    const run = async (...args: string[]) =>
      await execa(program, [...args, '-n', real.namespace, '--kubeconfig', real.kubeconfig], { reject: false })
    const install = async (release: string, chart: string, values: string) => {
      const result = await run('install', release, chart, '-f', values)
      if (result.exitCode !== 0) throw new Error(result.stderr)
    }
    const upgrade = (
      release: string,
      chartPath: string,
      values: string,
      labels: Record<string, string> = {},
      timeoutMs = 60_000,
    ) =>
      helm.upgrade({
        release,
        namespace: real.namespace,
        chartPath,
        valuesPaths: [values],
        description: `pawl test of ${release}`,
        labels,
        timeoutMs,
      })
    const newest = async (release: string): Promise<ReleaseRecord> => {
      const [record] = await records.history(release, real.namespace, { limit: 1 })
      if (record === undefined) throw new Error(`no record of ${release}`)
      return record
    }

    test('it says its version', async () => {
      expect(await helm.version()).toMatchObject({ major })
    })

    test('a record says what Helm installed, and equals what Helm itself says', async () => {
      const chart = await space.pack('1.0.0')
      const values = await space.values('one', { kept: 'mine', nested: { a: 5 } })
      await install('read', chart, values)
      const record = await newest('read')
      expect(record).toMatchObject({
        name: 'read',
        namespace: real.namespace,
        revision: 1,
        status: 'deployed',
        description: 'Install complete',
        chart: { name: 'demo', version: '1.0.0', appVersion: '2026.1.100', annotations: { 'pawl.dev/test': 'yes' } },
        config: { kept: 'mine', nested: { a: 5 } },
        applyMethod: major === 4 ? 'ssa' : 'csa',
        labels: { owner: 'helm', name: 'read', status: 'deployed', version: '1' },
      })
      expect(record.manifest.trim()).toBe((await run('get', 'manifest', 'read')).stdout.trim())
      expect(record.config).toEqual(JSON.parse((await run('get', 'values', 'read', '-o', 'json')).stdout))
      expect(Math.abs(Date.parse(record.lastDeployedAt ?? '') - Date.now())).toBeLessThan(120_000)
      expect(record.hooks).toEqual([{ name: 'read-hook', kind: 'ConfigMap', events: ['pre-upgrade'] }])
    })

    test('coalesced values are the ones that Helm gives to the templates', async () => {
      const chart = await space.pack('1.0.1')
      const config = {
        kept: 'mine',
        removed: null,
        absent: null,
        nested: { b: { c: null, x: null, nought: null, y: { z: null } }, list: [3], own: { deep: null } },
        empty: { now: 'full' },
        ratio: { now: 'a map' },
        user: { only: null, other: 1 },
        big: 7,
      }
      const values = await space.values('coalesce', config)
      await install('merge', chart, values)
      const seen = await real.cluster.get({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        name: 'merge-settings',
        namespace: real.namespace,
      })
      const record = await newest('merge')
      const given = JSON.parse((seen?.data as { values: string }).values) as Record<string, unknown>
      // Helm 3 hands a null of the chart's own values to the templates, Helm 4 does not.
      if (major === 3) delete given.nothing
      expect(coalesceValues(record.chart.values, record.config)).toEqual(given)
    })

    test('values files are read as Helm reads them, scalar by scalar', async () => {
      const scalars = (
        'yes Yes YES y Y no n N on On off OFF true True false ~ null Null 010 0o10 08 09 0x1F 0b11 1_000 1e3 1E3 .5 5. -3 +3 -0 12:30 1:20:30 ' +
        '2026-01-02 2026-01-02T03:04:05Z 2026.1 2026.10 2026.1.12 1.0 1.10 .inf -.inf .nan abc a:b "yes" \'010\' !!str 5 0 00 1. v1 1.2e3 _1 1_ 0_1 0x 0o8 =-1'
      ).split(' ')
      const usable = scalars.filter((scalar) => !/inf|nan|!!str|^=/.test(scalar))
      const text = usable.map((scalar, index) => `k${index}: ${scalar}\n`).join('')
      const folder = await space.values('scalars', {})
      await writeFile(folder, text, { mode: 0o600 })
      await install('scalars', await space.pack('1.0.8'), folder)
      const given = (await newest('scalars')).config
      const ours = parseHelmYaml(text)[0] as Record<string, unknown>
      const said = (values: Record<string, unknown>) =>
        usable.map((scalar, index) => `${scalar} = ${JSON.stringify(values[`k${index}`] ?? null)}`)
      expect(said(ours)).toEqual(said(given))
    })

    test('an upgrade writes the next record, with description and ticket, and takes the new values only', async () => {
      const values = await space.values('first', { kept: 'first', password: 'a' })
      await install('forward', await space.pack('1.0.2'), values)
      const next = await space.values('second', { password: 'b' })
      await upgrade('forward', await space.pack('1.1.0'), next, { 'pawl.dev/ticket': 'T1' })
      const [now, before] = await records.history('forward', real.namespace)
      expect(now).toMatchObject({
        revision: 2,
        status: 'deployed',
        description: 'pawl test of forward',
        config: { password: 'b' },
        chart: { version: '1.1.0' },
      })
      expect(now?.labels['pawl.dev/ticket']).toBe('T1')
      expect(before).toMatchObject({ revision: 1, status: 'superseded', chart: { version: '1.0.2' } })
      const hook = await real.cluster.get({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        name: 'forward-hook',
        namespace: real.namespace,
      })
      expect(hook?.data).toEqual({ version: '1.1.0' })
    })

    test('labels are inherited by the next record: a ticket that is not cleared stays', async () => {
      const values = await space.values('labels', {})
      await install('labels', await space.pack('1.0.3'), values)
      const chart = await space.pack('1.1.1')
      await upgrade('labels', chart, values, { 'pawl.dev/ticket': 'T1' })
      await upgrade('labels', chart, values)
      expect((await newest('labels')).labels).toMatchObject({ 'pawl.dev/ticket': 'T1', version: '3' })
    })

    test('rendering gives objects, hooks and notes apart, asks the cluster, and writes nothing', async () => {
      const values = await space.values('render', { kept: 'rendered' })
      await install('render', await space.pack('1.0.4'), values)
      const before = await real.cluster.list({ apiVersion: 'v1', kind: 'ConfigMap', namespace: real.namespace })
      const secrets = await real.cluster.list({ apiVersion: 'v1', kind: 'Secret', namespace: real.namespace })
      const chartPath = await space.pack('1.1.2')
      const rendered = await helm.render({
        release: 'render',
        namespace: real.namespace,
        chartPath,
        valuesPaths: [values],
      })
      expect(rendered.manifest).toContain('name: render-settings')
      expect(rendered.manifest).toContain(`namespaceSeen: "${real.namespace}"`)
      expect(rendered.manifest).not.toContain('render-hook')
      expect(rendered.hooks).toContain('name: render-hook')
      expect(rendered.hooks).toContain('# Source: demo/templates/hook.yaml')
      expect(rendered.notes).toContain('Thank you for render.')
      expect(await real.cluster.list({ apiVersion: 'v1', kind: 'ConfigMap', namespace: real.namespace })).toEqual(
        before,
      )
      expect(await real.cluster.list({ apiVersion: 'v1', kind: 'Secret', namespace: real.namespace })).toEqual(secrets)
    })

    test('a chart that refuses its values is input-invalid, without the value', async () => {
      const values = await space.values('refuse', {})
      await install('refuse', await space.pack('1.0.5'), values)
      const wrong = await space.values('refused', { refuse: true, password: 'swordfish' })
      const request = {
        release: 'refuse',
        namespace: real.namespace,
        chartPath: await space.pack('1.1.3'),
        valuesPaths: [wrong],
      }
      const error = await helm.render(request).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({
        code: 'input-invalid',
        message: expect.stringContaining('refused with [redacted]'),
      })
      const failed = await upgrade('refuse', request.chartPath, wrong).catch((thrown: unknown) => thrown)
      expect(String(failed)).toContain('refused with [redacted]')
      expect((await newest('refuse')).revision).toBe(1)
    })

    test('there is nothing to upgrade or render where there is no release', async () => {
      const values = await space.values('none', {})
      const chartPath = await space.pack('1.1.4')
      expect(await codeOf(upgrade('nobody', chartPath, values))).toBe('release-not-found')
      expect(
        await codeOf(helm.render({ release: 'nobody', namespace: real.namespace, chartPath, valuesPaths: [values] })),
      ).toBe('release-not-found')
      expect(await records.history('nobody', real.namespace)).toEqual([])
    })

    test('a stopped upgrade leaves a failed record, not a pending one', async () => {
      const values = await space.values('stopped', {})
      await install('stopped', await space.pack('1.0.6'), values)
      const stop = new AbortController()
      const chartPath = await space.pack('1.2.0', { 'templates/stuck.yaml': STUCK_HOOK })
      const request = {
        release: 'stopped',
        namespace: real.namespace,
        chartPath,
        valuesPaths: [values],
        description: 'd',
        labels: {},
        timeoutMs: 120_000,
      }
      const upgrading = helm.upgrade(request, stop.signal).catch((error: unknown) => error)
      await until(async () =>
        (await newest('stopped')).hooks.some(({ phase, kind }) => kind === 'Job' && phase === 'Running'),
      )
      expect((await newest('stopped')).status).toBe('pending-upgrade')
      stop.abort(new Error('enough'))
      expect(await upgrading).toMatchObject({ message: 'enough' })
      expect(await newest('stopped')).toMatchObject({ revision: 2, status: 'failed' })
    })

    test('a record left pending by a killed Helm is marked failed, and then an upgrade works again', async () => {
      const values = await space.values('killed', { kept: 'v' })
      await install('killed', await space.pack('1.0.7'), values)
      const stuck = await space.pack('1.2.1', { 'templates/stuck.yaml': STUCK_HOOK })
      const child = execa(
        program,
        ['upgrade', 'killed', stuck, '-n', real.namespace, '--kubeconfig', real.kubeconfig, '-f', values],
        { reject: false },
      )
      await until(async () => (await newest('killed')).status === 'pending-upgrade')
      child.kill('SIGKILL')
      await child
      const good = await space.pack('1.2.2')
      expect(await codeOf(upgrade('killed', good, values))).toBe('release-pending')
      const pending = await newest('killed')
      await records.markFailed(pending, 'pawl test: its Helm was killed')
      const listed = await run('history', 'killed', '-o', 'json')
      expect((JSON.parse(listed.stdout) as { status: string; description: string }[]).at(-1)).toMatchObject({
        status: 'failed',
        description: 'pawl test: its Helm was killed',
      })
      expect((await run('get', 'manifest', 'killed', '--revision', '2')).stdout.trim()).toBe(pending.manifest.trim())
      expect(await codeOf(records.markFailed(pending, 'again'))).toBe('cluster-conflict')
      await upgrade('killed', good, values)
      expect(await newest('killed')).toMatchObject({ revision: 3, status: 'deployed', chart: { version: '1.2.2' } })
    })

    test('an unreachable cluster is said to be that', async () => {
      const values = await space.values('nowhere', {})
      const config = {
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': 'c',
        contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
      }
      const nowhere = {
        ...config,
        clusters: [{ name: 'k', cluster: { server: 'https://127.0.0.1:9' } }],
        users: [{ name: 'u', user: {} }],
      }
      const kubeconfig = await space.values('kubeconfig', nowhere)
      const lost = helmProgram({ program, kubeconfig })
      const chartPath = await space.pack('1.1.5')
      expect(
        await codeOf(lost.render({ release: 'x', namespace: real.namespace, chartPath, valuesPaths: [values] })),
      ).toBe('cluster-unreachable')
    })

    test('archives that Helm packs and indexes are a chart source', async () => {
      await space.pack('2.0.0')
      await run('repo', 'index', space.folder)
      const charts = await chartsAt(space.folder)
      const entry = (await charts.list('demo')).find(({ version }) => version === '2.0.0')
      expect(entry).toMatchObject({
        name: 'demo',
        appVersion: '2026.1.200',
        annotations: { 'pawl.dev/test': 'yes' },
        digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      })
      expect(Math.abs(Date.parse(entry?.created ?? '') - Date.now())).toBeLessThan(120_000)
      expect((await charts.fetch('demo', '2.0.0')).digest).toBe(entry?.digest)
    })
  })
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await condition()); tries += 1) {
    if (tries > 300) throw new Error('it did not happen within 30 s')
    await systemClock().sleep(100)
  }
}
