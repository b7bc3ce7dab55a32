import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { customerPackage, packageVersions } from './customer-package.ts'
import { writeZip } from './zip.ts'

test('packages differ in their version only: the key never changes', () => {
  const packages = packageVersions.map((version) => customerPackage(version))
  expect(new Set(packages.map(({ files }) => files['tally-secrets.yaml'])).size).toBe(1)
  const versions = packages.map(({ files }) => {
    const values = parse(files['tally-values.yaml']) as { tallyConfigValues: { customerPackageVersion: unknown } }
    return values.tallyConfigValues.customerPackageVersion
  })
  expect(versions).toEqual(['2024.12.1', '2026.1.1', '2026.7.5'])
})

test('the file name has dashes, and the same package gives the same bytes', () => {
  expect(customerPackage('2026.7.5').fileName).toBe('tally-selfhosted-k8s-customer-package-harbour-42-2026-7-5.zip')
  expect(customerPackage('2026.7.5').zip.equals(customerPackage('2026.7.5').zip)).toBe(true)
})

test('a version with dashes is refused', () => {
  expect(() => customerPackage('2026-7-5')).toThrow('looks like 2026.7.5')
})

test('a zip entry can be found through the central directory', () => {
  const bytes = Buffer.from('hello')
  const zip = writeZip([
    { name: 'a.txt', bytes: Buffer.from('first') },
    { name: 'b.txt', bytes },
  ])
  const end = zip.subarray(-22)
  expect(end.readUInt32LE(0)).toBe(0x06054b50)
  expect(end.readUInt16LE(10)).toBe(2)
  let entry = zip.subarray(end.readUInt32LE(16))
  entry = entry.subarray(46 + entry.readUInt16LE(28))
  expect(entry.readUInt32LE(16)).toBe(crc32(bytes))
  const local = zip.subarray(entry.readUInt32LE(42))
  expect(local.readUInt32LE(0)).toBe(0x04034b50)
  const start = 30 + local.readUInt16LE(26)
  expect(local.subarray(start, start + local.readUInt32LE(18)).toString()).toBe('hello')
})
