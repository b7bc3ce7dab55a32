import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cartoPackages } from '../../profiles/carto/package.ts'
import { isPawlError } from '../errors.ts'
import { choosePackage, installedPackages, listingOf, newestPackage, type PackageObject } from './choose.ts'
import { readVersion } from '../versions/version.ts'
import { fileNameOf, folderNameOf, placeOf, versionInName } from './name.ts'

const { bucket, prefix } = placeOf(cartoPackages, 'k8s', { tenant: 'onp-acme', project: 'carto-tnt-acme' })

function objects(...versions: string[]): PackageObject[] {
  return versions.map((version) => ({
    name: `${prefix}${version}.zip`,
    sizeBytes: 3000,
    generation: '1',
    updated: '2026-07-20T00:00:00Z',
  }))
}

function newest(...versions: string[]): string | undefined {
  return newestPackage(listingOf(objects(...versions), prefix, 'calver'))?.version.text
}

function codeOf(run: () => unknown): string | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    return isPawlError(error) ? error.code : String(error)
  }
}

test('the bucket and the prefix', () => {
  expect(bucket).toBe('carto-tnt-acme-customer-package-storage')
  expect(prefix).toBe('customer-package/carto-selfhosted-k8s-customer-package-acme-')
  expect(placeOf(cartoPackages, 'docker', { tenant: 'acme', project: 'p' }).prefix).toContain(
    '-docker-customer-package-acme-',
  )
  const [object] = objects('2026-7-16')
  expect(fileNameOf(object?.name ?? '')).toBe('carto-selfhosted-k8s-customer-package-acme-2026-7-16.zip')
  expect(folderNameOf(object?.name ?? '')).toBe('carto-selfhosted-k8s-customer-package-acme-2026-7-16')
})

test.each(['', 'a/b', '../x', '$(id)', 'a b', 'a\n', '-a', 'ä', 'x'.repeat(200)])(
  '%j is neither tenant nor project',
  (text) => {
    expect(codeOf(() => placeOf(cartoPackages, 'k8s', { tenant: text, project: 'p' }))).toBe('input-invalid')
    expect(codeOf(() => placeOf(cartoPackages, 'k8s', { tenant: 't', project: text }))).toBe('input-invalid')
  },
)

describe('versions in names', () => {
  test.each([
    ['2026-7-16', '2026.7.16'],
    ['2022-05-04', '2022.05.04'],
    ['2025-11-11-patch1', '2025.11.11-patch1'],
    ['2022-8-19-2', '2022.8.19-2'],
    ['2026-8-11-rc-7', '2026.8.11-rc.7'],
    ['2026-8-11-rc7', '2026.8.11-rc.7'],
    ['2026-8-11-rc.7', '2026.8.11-rc.7'],
    ['2026.8.11', '2026.8.11'],
  ])('%s is %s', (name, version) => {
    expect(versionInName(`${prefix}${name}.zip`, prefix, 'calver')?.text).toBe(version)
  })

  test.each([
    '2026-13-1',
    '2026-7',
    'latest',
    '',
    '2026-7-16-hotfix',
    'eu-2026-7-16',
    '2026-7-16.zip.zip',
    '2024-2026-7-16',
  ])('%s is none, and never the newest', (name) => {
    const listing = listingOf(objects('2025-1-2', name), prefix, 'calver')
    expect(listing.packages.map(({ version }) => version.text)).toEqual(['2025.1.2'])
    expect(listing.ignored).toHaveLength(1)
  })

  test('a date is read back from every name that is made of one', () => {
    const date = fc.tuple(
      fc.integer({ min: 2020, max: 2099 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 28 }),
    )
    fc.assert(
      fc.property(date, fc.constantFrom('', '-patch3', '-3'), ([y, m, d], more) => {
        const name = `${prefix}${y}-${m}-${d}${more}.zip`
        expect(versionInName(name, prefix, 'calver')?.text).toBe(`${y}.${m}.${d}${more}`)
      }),
    )
  })
})

describe('which one', () => {
  test.each([
    [['2026-9-2', '2026-10-13', '2026-9-11'], '2026.10.13'],
    [['2025-11-11', '2025-11-11-patch1'], '2025.11.11-patch1'],
    [['2026-7-16', '2026-8-11-rc7'], '2026.7.16'],
    [['2026-8-11-rc7'], undefined],
    [[], undefined],
  ])('of %j the newest is %s', (versions, expected) => {
    expect(newest(...versions)).toBe(expected)
  })

  test.each([
    [['2022-4-3', '2022-4-4', '2022-4-5'], '2022.04.04-12', ['2022.4.4']],
    [['2025-11-11', '2025-11-11-patch1'], '2025.11.11-patch1', ['2025.11.11-patch1']],
    [['2025-11-11', '2025-11-11-patch1'], '2025.11.11', ['2025.11.11']],
    [['2026-8-11-rc7'], '2026.8.11', []],
    [['2026-7-16'], '2026.7.17', []],
  ])('of %j the installed one, by values with %s, is %j', (names, text, expected) => {
    const installed = readVersion(text, 'calver')
    if (installed === undefined) throw new Error(`${text} is no version`)
    const found = installedPackages(listingOf(objects(...names), prefix, 'calver'), installed)
    expect(found.map(({ version }) => version.text)).toEqual(expected)
  })

  test('two of one version are told; the spelling chooses', () => {
    const listing = listingOf(objects('2026-7-16', '2026-07-16', '2026-7-17'), prefix, 'calver')
    expect(newestPackage(listing)?.version.text).toBe('2026.7.17')
    expect(choosePackage(listing, '2026.07.16', 'calver').version.text).toBe('2026.07.16')
    expect(codeOf(() => choosePackage(listing, '2026.007.16', 'calver'))).toBe('version-unparsable')
    expect(codeOf(() => newest('2026-7-16', '2026-07-16'))).toBe('package-ambiguous')
  })

  test('what is not there, and what is no version', () => {
    const listing = listingOf(objects('2026-7-16', '2026-8-11-rc7'), prefix, 'calver')
    expect(codeOf(() => choosePackage(listing, '2026.7.17', 'calver'))).toBe('package-not-found')
    expect(codeOf(() => choosePackage(listing, '2026-7-16', 'calver'))).toBe('version-unparsable')
    expect(codeOf(() => choosePackage({ packages: [], ignored: [] }, undefined, 'calver'))).toBe('package-not-found')
    expect(choosePackage(listing, '2026.8.11-rc.7', 'calver').version.stage).toBe('rc')
  })
})
