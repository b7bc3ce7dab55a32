import { expect, test } from 'vitest'
import { parseHelmYaml } from './helm-yaml.ts'

test('scalars are read as Helm reads them', () => {
  const text =
    'a: yes\nb: Off\nc: 010\nd: 0o10\ne: 12:30\nf: 2026-01-02\ng: 1_000\nh: "yes"\ni: 2026.1.12\nj: ~\nk: 0x10\nl: 08\nm: 1e3\n'
  expect(parseHelmYaml(text)).toEqual([
    {
      a: true,
      b: false,
      c: 8,
      d: 8,
      e: '12:30',
      f: '2026-01-02',
      g: 1000,
      h: 'yes',
      i: '2026.1.12',
      j: null,
      k: 16,
      l: 8,
      m: 1000,
    },
  ])
})

test('anchors and merge keys work, a key that is a boolean becomes its name, empty documents are left out', () => {
  expect(parseHelmYaml('base: &b {x: 1, z: 2}\nall: {<<: *b, z: 3}\nn: 5\n---\n---\na: 1\n')).toEqual([
    { base: { x: 1, z: 2 }, all: { x: 1, z: 3 }, false: 5 },
    { a: 1 },
  ])
})
