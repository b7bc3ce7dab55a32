// Random damage to a stored set. Each mutation changes what is stored in a way that matters, and says in words what it did.
import { gunzipSync, gzipSync } from 'node:zlib'
import type { Random } from './random.ts'
import { dataParts, plainOf, rewrite, type StoredSet } from './set.ts'

export interface Sources {
  /** The same databases at an earlier time, under another set name. */
  older: StoredSet
}

type Mutation = (set: StoredSet, random: Random, sources: Sources) => string | Promise<string>

function anyObject(set: StoredSet, random: Random): { name: string; bytes: Buffer } {
  const name = random.pick([...set.objects.keys()].toSorted())
  return { name, bytes: Buffer.from(set.objects.get(name) ?? Buffer.alloc(0)) }
}

function twoObjects(set: StoredSet, random: Random): [string, string] {
  const names = [...set.objects.keys()].toSorted()
  const first = random.pick(names)
  return [first, random.pick(names.filter((name) => name !== first))]
}

/** As a disk, a network or a careless hand would; the manifest is what it was, unless it is what was hit. */
const STORED: Record<string, Mutation> = {
  'flipped bit'(set, random) {
    const { name, bytes } = anyObject(set, random)
    const at = random.below(bytes.length)
    const bit = random.below(8)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << bit)
    set.objects.set(name, bytes)
    return `bit ${bit} of byte ${at} in ${name}`
  },
  'block of zeroes'(set, random) {
    const { name, bytes } = anyObject(set, random)
    // No object that age or JSON wrote has this many zeroes in a row.
    const at = random.below(Math.max(1, bytes.length - 32))
    bytes.fill(0, at, at + 32)
    set.objects.set(name, bytes)
    return `zeroes at ${at} of ${name}`
  },
  cut(set, random) {
    const { name, bytes } = anyObject(set, random)
    const length = random.below(bytes.length)
    set.objects.set(name, bytes.subarray(0, length))
    return `${name} cut to ${length} of ${bytes.length} bytes`
  },
  'bytes more'(set, random) {
    const { name, bytes } = anyObject(set, random)
    set.objects.set(name, Buffer.concat([bytes, bytes.subarray(0, 1 + random.below(bytes.length))]))
    return `${name} written once and a bit more`
  },
  swap(set, random) {
    const [first, second] = twoObjects(set, random)
    const held = set.objects.get(first) ?? Buffer.alloc(0)
    set.objects.set(first, set.objects.get(second) ?? Buffer.alloc(0))
    set.objects.set(second, held)
    return `${first} and ${second} in each other's place`
  },
  'swap of tables'(set, random) {
    const names = dataParts(set).map((part) => `${set.name}/${part.name}`)
    const first = random.pick(names)
    const second = random.pick(names.filter((name) => name !== first))
    const held = set.objects.get(first) ?? Buffer.alloc(0)
    set.objects.set(first, set.objects.get(second) ?? Buffer.alloc(0))
    set.objects.set(second, held)
    return `${first} and ${second} in each other's place`
  },
  missing(set, random) {
    const { name } = anyObject(set, random)
    set.objects.delete(name)
    return `${name} is missing`
  },
  doubled(set, random) {
    const [from, to] = twoObjects(set, random)
    set.objects.set(to, set.objects.get(from) ?? Buffer.alloc(0))
    return `${from} a second time in the place of ${to}`
  },
  'older generation'(set, random, { older }) {
    const names = [...older.objects.keys()].filter((name) => !name.endsWith('manifest.json'))
    const from = random.pick(names.toSorted())
    const to = set.name + from.slice(older.name.length)
    set.objects.set(to, older.objects.get(from) ?? Buffer.alloc(0))
    return `${to} from an older set`
  },
  'manifest of another set'(set, _, { older }) {
    set.objects.set(`${set.name}/manifest.json`, older.objects.get(`${older.name}/manifest.json`) ?? Buffer.alloc(0))
    return 'the manifest of an older set'
  },
}

async function changeRows(
  set: StoredSet,
  random: Random,
  change: (rows: string[]) => string[] | undefined,
): Promise<string> {
  for (;;) {
    const { name } = random.pick(dataParts(set))
    const lines = gunzipSync(await plainOf(set, name))
      .toString()
      .split('\n')
    const end = lines.indexOf(String.raw`\.`)
    const rows = change(lines.slice(0, end))
    if (rows === undefined) continue
    await rewrite(set, name, gzipSync([...rows, ...lines.slice(end)].join('\n')))
    return name
  }
}

/** As a faulty writer would: everything fits together, only the content is wrong. */
const WRITTEN: Record<string, Mutation> = {
  async 'lost row'(set, random) {
    return await changeRows(set, random, (rows) =>
      rows.length > 0 ? rows.toSpliced(random.below(rows.length), 1) : undefined,
    )
  },
  async 'row written twice'(set, random) {
    return await changeRows(set, random, (rows) => (rows.length > 0 ? [...rows, random.pick(rows)] : undefined))
  },
  async 'changed digit'(set, random) {
    return await changeRows(set, random, (rows) => {
      const at = random.below(rows.length)
      const digits = [...(rows[at] ?? '').matchAll(/\d/g)]
      if (digits.length === 0) return undefined
      const { index } = random.pick(digits)
      const row = rows[at] ?? ''
      const other = String((Number(row[index]) + 1 + random.below(9)) % 10)
      return rows.with(at, row.slice(0, index) + other + row.slice(index + 1))
    })
  },
  async 'rows of another table'(set, random) {
    const parts = dataParts(set)
    const first = random.pick(parts)
    const second = random.pick(parts.filter((part) => part.plainSha256 !== first.plainSha256))
    await rewrite(set, first.name, await plainOf(set, second.name))
    return `${first.name} holds what belongs to ${second.name}`
  },
  async 'rows of an older generation'(set, random, { older }) {
    const before = new Map(dataParts(older).map((part) => [part.name, part]))
    const parts = dataParts(set).filter((part) => before.get(part.name)?.plainSha256 !== part.plainSha256)
    const { name } = random.pick(parts)
    await rewrite(set, name, await plainOf(older, name))
    return name
  },
  async 'flipped bit before encryption'(set, random) {
    for (;;) {
      const { name } = random.pick(dataParts(set))
      const plain = Buffer.from(await plainOf(set, name))
      const at = random.below(plain.length)
      plain[at] = (plain[at] ?? 0) ^ (1 << random.below(8))
      // The header of a gzip file and the last bits of its data may differ and mean the same.
      if (meansTheSame(plain, await plainOf(set, name))) continue
      await rewrite(set, name, plain)
      return `byte ${at} of ${name}`
    }
  },
}

function meansTheSame(left: Buffer, right: Buffer): boolean {
  try {
    return gunzipSync(left).equals(gunzipSync(right))
  } catch {
    return false
  }
}

export const MUTATIONS: readonly { name: string; mutate: Mutation; weight: number }[] = [
  ...Object.entries(STORED).map(([name, mutate]) => ({ name, mutate, weight: 3 })),
  ...Object.entries(WRITTEN).map(([name, mutate]) => ({ name, mutate, weight: 1 })),
]

/** Damages the set in a random way; gives what was done, in words. */
export async function mutate(set: StoredSet, random: Random, sources: Sources): Promise<string> {
  const chosen = random.pick(MUTATIONS.flatMap((mutation) => Array.from({ length: mutation.weight }, () => mutation)))
  return `${chosen.name}: ${await chosen.mutate(set, random, sources)}`
}
