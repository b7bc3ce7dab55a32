// The image registry: crane's, on loopback, its blobs in the cache. It forgets manifests when it ends, so we keep and replay them.
import { createServer } from 'node:net'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { exists, writeWhole } from './files.ts'
import type { Layout } from './layout.ts'
import { endProcess, ensureProcess, readRecords } from './processes.ts'
import type { ProcessSpec } from './processes.ts'
import { isSameProcess } from './procfs.ts'

const firstPort = 5000
const lastPort = 5019

const manifestTypes = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.index.v1+json',
].join(', ')

interface StoredManifest {
  repository: string
  tag: string
  mediaType: string
  body: string
}

export function registrySpec(layout: Layout, address: string): ProcessSpec {
  return {
    name: 'registry',
    command: join(layout.bin, 'crane'),
    args: ['registry', 'serve', '--address', address, '--disk', join(layout.cache, 'registry', 'blobs')],
  }
}

/** Starts the registry where it does not run, with every image that was pushed to it before. Gives `host:port`. */
export async function ensureRegistry(layout: Layout): Promise<string> {
  await mkdir(join(layout.cache, 'registry', 'blobs'), { recursive: true })
  const address = await chooseAddress(layout)
  if ((await ensureProcess(layout, registrySpec(layout, address))) === 'running') return address
  await waitForRegistry(layout, address)
  await replayManifests(layout, address)
  return address
}

function addressPath(layout: Layout): string {
  return join(layout.cache, 'registry', 'address')
}

/** Where the registry listens, or did when it last ran; undefined where there never was one. */
export async function lastAddress(layout: Layout): Promise<string | undefined> {
  return (await exists(addressPath(layout))) ? (await readFile(addressPath(layout), 'utf8')).trim() : undefined
}

/** The address is part of image names, so the one used last is kept wherever it is free. */
async function chooseAddress(layout: Layout): Promise<string> {
  const last = await lastAddress(layout)
  const record = (await readRecords(layout)).find((candidate) => candidate.name === 'registry')
  const isRunning = record !== undefined && (await isSameProcess(record))
  if (last !== undefined && isRunning) return last
  const ports = Array.from({ length: lastPort - firstPort + 1 }, (_, index) => firstPort + index)
  for (const port of [...(last === undefined ? [] : [Number(last.split(':')[1])]), ...ports]) {
    if (!(await isFree(port))) continue
    const address = `127.0.0.1:${port}`
    await writeWhole(addressPath(layout), address)
    return address
  }
  throw new Error(`no free port for the image registry between ${firstPort} and ${lastPort}`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}

export async function registryAnswers(address: string): Promise<boolean> {
  return fetch(`http://${address}/v2/`, { signal: AbortSignal.timeout(2000) }).then(
    (response) => response.ok,
    () => false,
  )
}

async function waitForRegistry(layout: Layout, address: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (await registryAnswers(address)) return
    await sleep(100)
  }
  for (const record of await readRecords(layout)) if (record.name === 'registry') await endProcess(record, 0)
  throw new Error(`the image registry does not answer on ${address}: see ${layout.logs}/registry.log`)
}

export interface ImageName {
  repository: string
  tag: string
}

/** `tally/ledger:2026.1.12` -> repository and tag; without a tag, `latest`. */
export function parseImageName(name: string): ImageName {
  const colon = name.lastIndexOf(':')
  if (colon < 0 || name.indexOf('/', colon) >= 0) return { repository: name, tag: 'latest' }
  return { repository: name.slice(0, colon), tag: name.slice(colon + 1) }
}

/** Digest under which the registry has this name now; undefined where it has none. */
export async function readDigest(address: string, name: string): Promise<string | undefined> {
  const response = await fetch(manifestUrl(address, parseImageName(name)), {
    method: 'HEAD',
    headers: { accept: manifestTypes },
  })
  if (response.status === 404) return undefined
  if (!response.ok) throw new Error(`registry ${address}: HTTP ${response.status} for ${name}`)
  return response.headers.get('docker-content-digest') ?? undefined
}

/** Gives an image that the registry has more names. */
export async function addNames(address: string, name: string, more: readonly string[]): Promise<void> {
  const manifest = await fetchManifest(address, name)
  for (const other of more) await putManifest(address, { ...manifest, ...parseImageName(other) })
}

/** Keeps the manifest of a pushed image, so that the image is there again after the registry was stopped. */
export async function keepManifest(layout: Layout, address: string, name: string): Promise<void> {
  const manifest = await fetchManifest(address, name)
  await writeWhole(join(manifestsDir(layout), `${encodeURIComponent(name)}.json`), JSON.stringify(manifest))
}

async function replayManifests(layout: Layout, address: string): Promise<void> {
  await mkdir(manifestsDir(layout), { recursive: true })
  for (const file of await readdir(manifestsDir(layout))) {
    if (!file.endsWith('.json')) continue
    await putManifest(address, JSON.parse(await readFile(join(manifestsDir(layout), file), 'utf8')) as StoredManifest)
  }
}

async function fetchManifest(address: string, name: string): Promise<StoredManifest> {
  const { repository, tag } = parseImageName(name)
  const response = await fetch(manifestUrl(address, { repository, tag }), { headers: { accept: manifestTypes } })
  if (!response.ok) throw new Error(`registry ${address}: HTTP ${response.status} for ${name}`)
  return { repository, tag, mediaType: response.headers.get('content-type') ?? '', body: await response.text() }
}

async function putManifest(address: string, manifest: StoredManifest): Promise<void> {
  const response = await fetch(manifestUrl(address, manifest), {
    method: 'PUT',
    headers: { 'content-type': manifest.mediaType },
    body: manifest.body,
  })
  if (!response.ok)
    throw new Error(`registry ${address}: HTTP ${response.status} putting ${manifest.repository}:${manifest.tag}`)
}

function manifestUrl(address: string, { repository, tag }: ImageName): string {
  return `http://${address}/v2/${repository}/manifests/${tag}`
}

function manifestsDir(layout: Layout): string {
  return join(layout.cache, 'registry', 'manifests')
}
