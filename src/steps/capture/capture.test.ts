import { expect, test } from 'vitest'
import { parseSetFacts, SET_FACTS } from '../../core/backup/set-facts.ts'
import type { ReleaseRecord, ReleaseStatus } from '../../ports/helm.ts'
import type { KubeObject } from '../../ports/cluster.ts'
import { FakeCluster } from '../../testing/cluster/fake-cluster.ts'
import { releaseFilesSecret, runFilesSecret } from '../names.ts'
import { readFiles, writeFiles, type Files } from '../release/files.ts'
import type { StepContext } from '../step.ts'
import { capture } from './index.ts'

const place = { namespace: 'toys', release: 'toy' }

function deployment(name: string): KubeObject {
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace: 'toys' }, spec: { replicas: 2 } }
}

/** Its values, its record and its one Deployment are named after the revision. */
function record(revision: number, status: ReleaseStatus): ReleaseRecord {
  return {
    name: 'toy',
    namespace: 'toys',
    revision,
    status,
    description: '',
    chart: { name: 'toy', version: `1.0.${revision}`, appVersion: `2026.1.${revision}`, annotations: {}, values: {} },
    config: { of: revision },
    manifest: JSON.stringify(deployment(`toy-${revision}`)),
    applyMethod: 'ssa',
    hooks: [],
    raw: `raw-${revision}`,
    labels: {},
    resourceVersion: '1',
  }
}

/** `history` is newest first. */
async function captured(history: ReleaseRecord[]): Promise<{ files: Files; deployments: unknown }> {
  const cluster = new FakeCluster({ namespace: 'toys' })
  for (const { revision } of history) cluster.seed(deployment(`toy-${revision}`))
  await writeFiles(
    cluster,
    { namespace: 'toys', name: runFilesSecret('toy-1'), labels: {} },
    { 'from-chart.tgz': Buffer.from('chart') },
  )
  const context = {
    ...place,
    cluster,
    run: 'toy-1',
    profile: { chart: 'toy' },
    installation: { profile: 'toy', dataImage: 'image:{major}', recipients: [] },
    spec: {
      kind: 'upgrade',
      plan: { from: { appVersion: '2026.1.1' }, writers: [], databases: [{ target: { role: 'main' } }] },
    },
    signal: new AbortController().signal,
    parseYaml: (text: string) => [JSON.parse(text) as unknown],
    records: {
      history: (_r: string, _n: string, { limit }: { limit?: number }) => Promise.resolve(history.slice(0, limit)),
    },
  } as unknown as StepContext
  await capture.act(context, 1)
  const seen = await capture.observe(context)
  if (seen.is !== 'done') throw new Error(`capture is ${seen.is}`)
  return {
    files: (await readFiles(cluster, 'toys', releaseFilesSecret('1'))) ?? {},
    deployments: seen.evidence['deployments'],
  }
}

test.each<[string, ReleaseRecord[], number]>([
  ['the newest revision', [record(3, 'deployed'), record(2, 'superseded')], 3],
  ['what was deployed last, where newer ones failed', [record(3, 'failed'), record(2, 'deployed')], 2],
  ['the newest, where none was ever deployed', [record(2, 'failed'), record(1, 'failed')], 2],
])('the pair is of %s', async (_, history, revision) => {
  const { files, deployments } = await captured(history)
  const text = (name: string): string => Buffer.from(files[name] ?? '').toString()
  expect(JSON.parse(text('values.json'))).toEqual({ of: revision })
  expect(text('record.json')).toBe(`raw-${revision}`)
  expect(text('manifest.yaml')).toContain(`toy-${revision}`)
  expect(parseSetFacts(files[SET_FACTS]).revision).toBe(revision)
  expect(deployments).toEqual([{ name: `toy-${revision}`, replicas: 2 }])
})
