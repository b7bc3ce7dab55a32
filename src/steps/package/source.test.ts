import { expect, test } from 'vitest'
import { carto } from '../../profiles/carto/profile.ts'
import { openPackages, sourceFromFiles, sourceFromRelease, type PackageDeps } from './source.ts'

/** JSON is YAML. */
const deps: PackageDeps = {
  profile: carto,
  parseYaml: (text) => [JSON.parse(text) as unknown],
  readSecret: () => Promise.reject(new Error('no Secret is named')),
  open: () => Promise.reject(new Error('there is no key to open it with')),
}
const owner = { selfHostedTenantId: 'onp-acme', selfHostedGcpProjectId: 'p' }
const values = { cartoConfigValues: owner, cartoSecrets: { apiKey: { value: 'x' } } }
const texts = {
  'carto-values.yaml': JSON.stringify({ cartoConfigValues: owner }),
  'carto-secrets.yaml': JSON.stringify({ cartoSecrets: values.cartoSecrets }),
}
const wayOut = { code: 'input-invalid', hint: expect.stringContaining('--release') }
const noWayOut = { code: 'input-invalid', hint: expect.not.stringContaining('--release') }

test.each([
  ['a file', { 'carto-values.yaml': texts['carto-values.yaml'] }],
  ['what is in a file', { ...texts, 'carto-secrets.yaml': '' }],
  ['the tenant', { ...texts, 'carto-values.yaml': '{"cartoConfigValues":{}}' }],
])('where %s is kept elsewhere, the release is named as the way out', (_what, given) => {
  expect(() => sourceFromFiles(deps, 'k8s', given, 'here')).toThrow(expect.objectContaining(wayOut))
})

test('the key is looked for in the release as well, and there it is not said again', async () => {
  const ofFiles = sourceFromFiles(deps, 'k8s', texts, 'here')
  await expect(openPackages(deps, ofFiles)).rejects.toMatchObject(wayOut)
  const ofRelease = sourceFromRelease(carto, values, 'release carto')
  await expect(openPackages(deps, ofRelease)).rejects.toMatchObject(noWayOut)
})

test('Docker Compose knows no release', () => {
  expect(() => sourceFromFiles(deps, 'docker', {}, 'here')).toThrow(expect.objectContaining(noWayOut))
})
