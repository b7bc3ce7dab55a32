import { expect, test } from 'vitest'
import type { JsonRecord } from '../json.ts'
import { managersOf } from './managers.ts'
import type { Traces } from './managers.ts'

const NONE: Traces = { workloads: [], neighbours: [], chartValues: {}, helmReleases: [] }
const found = (traces: Partial<Traces>): string[] =>
  managersOf({ ...NONE, ...traces }, { name: 'carto', namespace: 'geo' }).map(
    ({ tool, owner, state }) => `${tool} ${owner} ${state}`,
  )

function workload(metadata: JsonRecord): JsonRecord {
  return { kind: 'Deployment', metadata: { name: 'carto-router', namespace: 'geo', ...metadata } }
}

function helmRelease(
  name: string,
  namespace: string,
  spec: JsonRecord = {},
  conditions: JsonRecord[] = [],
): JsonRecord {
  return { kind: 'HelmRelease', metadata: { name, namespace }, spec, status: { conditions } }
}

const FLUX_MARKS = workload({
  labels: { 'helm.toolkit.fluxcd.io/name': 'carto', 'helm.toolkit.fluxcd.io/namespace': 'flux-system' },
})
const ADMIN_CONSOLE = {
  kind: 'Pod',
  metadata: { name: 'kotsadm-5f7d', labels: { app: 'kotsadm', 'kots.io/kotsadm': 'true' } },
}
const tracking = (id: string): JsonRecord => workload({ annotations: { 'argocd.argoproj.io/tracking-id': id } })

const rows: [what: string, traces: Partial<Traces>, expected: string[]][] = [
  ['nothing', {}, []],
  ['plain Helm', { workloads: [workload({ labels: { 'app.kubernetes.io/managed-by': 'Helm' } })] }, []],

  [
    'what KOTS renders',
    { workloads: [workload({ annotations: { 'kots.io/app-slug': 'carto' } })] },
    ['KOTS carto active'],
  ],
  [
    'a chart that KOTS packed',
    { chartValues: { replicated: { replicatedID: '2fWx' } } },
    ['KOTS Admin Console active'],
  ],
  ['the Admin Console', { neighbours: [ADMIN_CONSOLE] }, ['KOTS Admin Console active']],
  ['the Replicated SDK by itself', { chartValues: { replicated: { enabled: true, replicatedID: '' } } }, []],
  [
    "KOTS' database without its console",
    {
      neighbours: [
        { kind: 'Pod', metadata: { name: 'x', labels: { app: 'kotsadm-rqlite', 'kots.io/kotsadm': 'true' } } },
      ],
    },
    [],
  ],

  [
    'Flux',
    { workloads: [FLUX_MARKS], helmReleases: [helmRelease('carto', 'flux-system')] },
    ['Flux flux-system/carto active'],
  ],
  [
    'Flux, suspended',
    { workloads: [FLUX_MARKS], helmReleases: [helmRelease('carto', 'flux-system', { suspend: true })] },
    ['Flux flux-system/carto suspended'],
  ],
  [
    'Flux, suspended in the middle of something',
    {
      workloads: [FLUX_MARKS],
      helmReleases: [helmRelease('carto', 'flux-system', { suspend: true }, [{ type: 'Reconciling', status: 'True' }])],
    },
    ['Flux flux-system/carto active'],
  ],
  ['marks of a HelmRelease that is not here', { workloads: [FLUX_MARKS] }, ['Flux flux-system/carto absent']],
  [
    'marks of a HelmRelease beside another of its name',
    { workloads: [FLUX_MARKS], helmReleases: [helmRelease('carto', 'other')] },
    ['Flux flux-system/carto absent'],
  ],
  ['a HelmRelease before its first work', { helmReleases: [helmRelease('carto', 'geo')] }, ['Flux geo/carto active']],
  [
    'a HelmRelease of another name for this release',
    { helmReleases: [helmRelease('maps', 'geo', { releaseName: 'carto' })] },
    ['Flux geo/maps active'],
  ],
  [
    'a HelmRelease whose target namespace is part of the name',
    { helmReleases: [helmRelease('carto', 'geo', { targetNamespace: 'geo' })] },
    [],
  ],
  ['a HelmRelease of another release', { helmReleases: [helmRelease('postgres', 'geo')] }, []],

  ['Argo CD', { workloads: [tracking('maps:apps/Deployment:geo/carto-router')] }, ['Argo CD maps active']],
  ['a tracking id that was copied from elsewhere', { workloads: [tracking('maps:apps/Deployment:geo/other')] }, []],
  [
    'Argo CD by its own label',
    { workloads: [workload({ labels: { 'argocd.argoproj.io/instance': 'maps' } })] },
    ['Argo CD maps active'],
  ],
  [
    'the label that charts use as well',
    { workloads: [workload({ labels: { 'app.kubernetes.io/instance': 'carto' } })] },
    [],
  ],
]

test.each(rows)('%s', (_, traces, expected) => {
  expect(found(traces)).toEqual(expected)
})
