import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { HELM_YAML } from './yaml.ts'

test('scalars are read as Helm reads them', () => {
  const text =
    'a: yes\nb: Off\nc: 010\nd: 0o10\ne: 12:30\nf: 2026-01-02\ng: 1_000\nh: "yes"\ni: 2026.1.12\nj: ~\nk: 0x10\n'
  expect(parse(text, HELM_YAML)).toEqual({
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
  })
})

test('anchors and merge keys work, and a key that is a boolean becomes its name', () => {
  expect(parse('base: &b {x: 1, z: 2}\nall: {<<: *b, z: 3}\nn: 5\n', HELM_YAML)).toEqual({
    base: { x: 1, z: 2 },
    all: { x: 1, z: 3 },
    false: 5,
  })
})
