import { expect, test } from 'vitest'
import type { HelmUpgrade } from '../../ports/helm.ts'
import { renderArgv, upgradeArgv, versionArgv } from './argv.ts'

const REQUEST: HelmUpgrade = {
  release: 'carto',
  namespace: 'prod',
  chartPath: '/tmp/carto-1.2.3.tgz',
  valuesPaths: ['/tmp/a.yaml', '/tmp/b.yaml'],
  description: 'pawl 20261123-171500-k3f9 upgrade',
  labels: { 'pawl.dev/ticket': 'T1', 'pawl.dev/run': 'r1' },
  timeoutMs: 61_500,
}

/** Flags that undo, force, skip, guess or take over. None may ever reach Helm. */
const FORBIDDEN = [
  '--atomic',
  '--rollback-on-failure',
  '--cleanup-on-fail',
  '--force',
  '--force-replace',
  '--force-conflicts',
  '--no-hooks',
  '--reuse-values',
  '--reset-then-reuse-values',
  '--install',
  '-i',
  '--devel',
  '--take-ownership',
  '--disable-openapi-validation',
  '--skip-schema-validation',
  '--skip-crds',
  '--dependency-update',
  '--post-renderer',
  '--set',
  '--version',
  '--repo',
  '--wait',
]

test('an upgrade has exactly these flags', () => {
  expect(upgradeArgv(REQUEST, { kubeconfig: '/k', context: 'c' })).toEqual([
    'upgrade',
    'carto',
    '/tmp/carto-1.2.3.tgz',
    '-n',
    'prod',
    '-f',
    '/tmp/a.yaml',
    '-f',
    '/tmp/b.yaml',
    '--reset-values',
    '--labels',
    'pawl.dev/ticket=T1,pawl.dev/run=r1',
    '--description',
    'pawl 20261123-171500-k3f9 upgrade',
    '--timeout',
    '62s',
    '--history-max',
    '20',
    '-o',
    'json',
    '--kubeconfig',
    '/k',
    '--kube-context',
    'c',
  ])
})

test('no forbidden flag and no forbidden verb is ever there', () => {
  const lines = [upgradeArgv(REQUEST, {}), renderArgv(REQUEST, { context: 'c' }), versionArgv()]
  for (const args of lines) {
    expect(['upgrade', 'version']).toContain(args[0])
    const flags = args.map((arg) => arg.replace(/=.*$/, ''))
    expect(flags.filter((flag) => FORBIDDEN.includes(flag))).toEqual([])
  }
})

test('rendering never writes', () => {
  expect(renderArgv(REQUEST, {})).toContain('--dry-run=server')
})

test('names that could be read as flags or as other charts are refused', () => {
  for (const release of ['--atomic', '-x', 'a b', '', 'Carto']) {
    expect(() => upgradeArgv({ ...REQUEST, release }, {})).toThrow('cannot be the name')
    expect(() => upgradeArgv({ ...REQUEST, namespace: release }, {})).toThrow('cannot be the name')
  }
  expect(upgradeArgv({ ...REQUEST, chartPath: 'stable/carto' }, {})[2]).toMatch(/^\/.*\/stable\/carto$/)
})

test('without a values file nothing is called: Helm would use the old values', () => {
  expect(() => upgradeArgv({ ...REQUEST, valuesPaths: [] }, {})).toThrow('without a values file')
  expect(() => renderArgv({ ...REQUEST, valuesPaths: [] }, {})).toThrow('without a values file')
})

test('a comma in a path or a label does not become two values', () => {
  expect(upgradeArgv({ ...REQUEST, valuesPaths: ['/tmp/a,b.yaml'] }, {})).toContain('"/tmp/a,b.yaml"')
  expect(() => upgradeArgv({ ...REQUEST, labels: { a: 'b,owner=x' } }, {})).toThrow('cannot be given to Helm')
  expect(upgradeArgv({ ...REQUEST, labels: {} }, {})).not.toContain('--labels')
})
