// Objects without what says nothing about a change: marks that follow from the chart's version or from who applied them, and what the
// server itself writes.
import { isRecord } from '../json.ts'
import type { JsonRecord } from '../json.ts'

/** Follows from the chart's version alone, or from whoever rendered it (Flux labels what it renders). */
const NOISE =
  /^(helm\.sh\/chart|app\.kubernetes\.io\/(version|managed-by)|checksum\/.*|(helm|kustomize)\.toolkit\.fluxcd\.io\/(name|namespace))$/
/** Written by controllers and clients, never by a chart. */
const BOOKKEEPING =
  /^(deployment\.kubernetes\.io\/revision|kubectl\.kubernetes\.io\/last-applied-configuration|meta\.helm\.sh\/.*|deprecated\.daemonset\.template\.generation)$/
const OF_THE_SERVER = new Set([
  'managedFields',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'selfLink',
  'namespace',
])

/** Labels and annotations, of the object and of the pods it makes, without noise. */
export function withoutNoise(object: JsonRecord): JsonRecord {
  return mapped(object, (key, value) =>
    (key === 'labels' || key === 'annotations') && isRecord(value) ? filled(value, (name) => !NOISE.test(name)) : value,
  )
}

/** What a chart could have said of it. The namespace goes too: charts leave it out where it is the release's own. */
export function withoutServerFields(object: JsonRecord): JsonRecord {
  const { status: _status, ...rest } = object
  const metadata = isRecord(rest['metadata']) ? (filled(rest['metadata'], (key) => !OF_THE_SERVER.has(key)) ?? {}) : {}
  const annotations = isRecord(metadata['annotations'])
    ? filled(metadata['annotations'], (name) => !BOOKKEEPING.test(name))
    : undefined
  const { annotations: _old, ...others } = metadata
  return { ...rest, metadata: annotations === undefined ? others : { ...others, annotations } }
}

function mapped(record: JsonRecord, change: (key: string, value: unknown) => unknown): JsonRecord {
  const entries = Object.entries(record).map(([key, value]): [string, unknown] => {
    const changed = change(key, value)
    return [key, isRecord(changed) && changed === value ? mapped(changed, change) : changed]
  })
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
}

/** The entries that may stay; `undefined` where none is left. */
function filled(record: JsonRecord, stays: (key: string) => boolean): JsonRecord | undefined {
  const kept = Object.entries(record).filter(([key]) => stays(key))
  return kept.length === 0 ? undefined : Object.fromEntries(kept)
}
