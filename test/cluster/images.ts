// Builds images and makes the cluster's registry have them; what has not changed costs one question to the registry.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ensureBase, parseBaseImageName } from './base.ts'
import { buildImage, hasImage, pushImage } from './buildah.ts'
import { hashImageInput } from './contenthash.ts'
import { isMissing, writeWhole } from './files.ts'
import type { Layout } from './layout.ts'
import { addNames, keepManifest, readDigest } from './registry.ts'
import type { Report } from './report.ts'

export interface ImageSpec {
  /** Name without registry: `tally/ledger:2026.1.12`. */
  name: string
  containerfile: string
  /** Directory; every file in it counts as input, so keep it small. */
  context: string
  target?: string
  /** A value `localhost/pawl-base:15` (or 13, 17) means our base image, which is then made as well. */
  buildArgs?: Record<string, string>
  /** More names for the same image. */
  alsoAs?: string[]
}

interface PushRecord {
  hash: string
  digest: string
}

/** Builds and pushes with buildah. Safe to call again, also after a test removed an image from the registry. */
export async function buildAndPush(
  layout: Layout,
  registry: string,
  specs: readonly ImageSpec[],
  report: Report,
): Promise<void> {
  const bases = new Map<string, string>()
  for (const spec of specs) {
    for (const value of Object.values(spec.buildArgs ?? {})) {
      const major = parseBaseImageName(value)
      if (major !== undefined && !bases.has(value)) bases.set(value, (await ensureBase(layout, major, report)).name)
    }
  }
  for (const spec of specs) await ensureImage(layout, registry, withBases(spec, bases), report)
}

function withBases(spec: ImageSpec, bases: ReadonlyMap<string, string>): ImageSpec {
  const buildArgs = Object.entries(spec.buildArgs ?? {}).map(([name, value]) => [name, bases.get(value) ?? value])
  return { ...spec, buildArgs: Object.fromEntries(buildArgs) as Record<string, string> }
}

async function ensureImage(layout: Layout, registry: string, spec: ImageSpec, report: Report): Promise<void> {
  const hash = await hashImageInput(spec)
  const names = [spec.name, ...(spec.alsoAs ?? [])]
  const missing: string[] = []
  for (const name of names) if (!(await isPushed(layout, registry, name, hash))) missing.push(name)
  if (missing.length === 0) return
  const built = `localhost/pawl-built:${hash.slice(0, 32)}`
  if (!(await hasImage(layout, built))) {
    report(`building ${spec.name}`)
    await buildImage(layout, { ...spec, name: built })
  }
  const [first, ...others] = missing
  if (first === undefined) return
  report(`pushing ${missing.join(', ')} to ${registry}`)
  await pushImage(layout, built, `${registry}/${first}`)
  await addNames(registry, first, others)
  for (const name of missing) await recordPush(layout, registry, name, hash)
}

function recordPath(layout: Layout, registry: string, name: string): string {
  const key = createHash('sha256').update(`${registry}/${name}`).digest('hex').slice(0, 32)
  return join(layout.cache, 'images', 'pushed', `${key}.json`)
}

/** True where the registry still has exactly what was pushed for this input. */
async function isPushed(layout: Layout, registry: string, name: string, hash: string): Promise<boolean> {
  const record = await readPush(recordPath(layout, registry, name))
  return record !== undefined && record.hash === hash && (await readDigest(registry, name)) === record.digest
}

async function readPush(path: string): Promise<PushRecord | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as PushRecord
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

async function recordPush(layout: Layout, registry: string, name: string, hash: string): Promise<void> {
  const digest = await readDigest(registry, name)
  if (digest === undefined) throw new Error(`${registry} does not have ${name}, which was just pushed`)
  await keepManifest(layout, registry, name)
  const record: PushRecord = { hash, digest }
  await writeWhole(recordPath(layout, registry, name), JSON.stringify(record))
}
