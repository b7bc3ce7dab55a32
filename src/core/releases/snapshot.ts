// Releases in one file, for places without a network. Written whole, read strictly: a file that is not exactly this is refused.
import { PawlError } from '../errors.ts'
import { isRecord, listOf, recordOf, textOf } from '../json.ts'
import { isDay } from '../lifecycle/dates.ts'
import { readVersion } from '../versions/version.ts'
import type { VersionScheme } from '../versions/version.ts'
import { RELEASE_KINDS } from './release.ts'
import type { KnownRelease, ReleaseKind } from './release.ts'

export const SNAPSHOT_SCHEMA = 'pawl.dev/releases/v1'

export interface Snapshot {
  schema: typeof SNAPSHOT_SCHEMA
  /** Name of the profile. */
  product: string
  versionScheme: VersionScheme
  /** ISO 8601, UTC. */
  takenAt: string
  sources: string[]
  releases: KnownRelease[]
}

/** With a line feed at its end. */
export function snapshotText(snapshot: Snapshot): string {
  return `${JSON.stringify(snapshot, null, 2)}\n`
}

/** Throws `input-invalid`, which says where the text stops being a snapshot of this product. */
export function parseSnapshot(
  text: string,
  product: { name: string; versionScheme: VersionScheme },
  from: string,
): Snapshot {
  const refuse = (what: string): PawlError =>
    new PawlError({
      code: 'input-invalid',
      message: `${from} is not a snapshot of ${product.name}'s releases: ${what}`,
      unchanged: 'Nothing was changed.',
      hint: `Make one with "pawl releases snapshot ${product.name} --out FILE".`,
    })
  let file: unknown
  try {
    file = JSON.parse(text)
  } catch {
    throw refuse('it is not JSON')
  }
  if (!isRecord(file)) throw refuse('expected an object')
  const { schema, versionScheme } = file
  if (schema !== SNAPSHOT_SCHEMA) throw refuse(`expected schema ${SNAPSHOT_SCHEMA}, got ${JSON.stringify(schema)}`)
  if (file['product'] !== product.name) throw refuse(`it is of product ${JSON.stringify(file['product'])}`)
  if (versionScheme !== product.versionScheme)
    throw refuse(`expected versions by ${product.versionScheme}, got ${JSON.stringify(versionScheme)}`)
  onlyKnown(file, ['schema', 'product', 'versionScheme', 'takenAt', 'sources', 'releases'], 'the file', refuse)
  const takenAt = textOf(file['takenAt'])
  if (takenAt === undefined || Number.isNaN(Date.parse(takenAt))) throw refuse('takenAt is no time')
  if (!Array.isArray(file['releases'])) throw refuse('releases is no list')
  return {
    schema,
    product: product.name,
    versionScheme: product.versionScheme,
    takenAt,
    sources: textsOf(file['sources'], 'sources', refuse),
    releases: listOf(file['releases']).map((value, index) => releaseFrom(value, `releases[${index}]`, refuse)),
  }
}

type Refuse = (what: string) => PawlError

const RELEASE_FIELDS = ['appVersion', 'chartVersion', 'digest', 'kind', 'published', 'minVersion', 'note', 'sources']

function releaseFrom(value: unknown, where: string, refuse: Refuse): KnownRelease {
  if (!isRecord(value)) throw refuse(`${where} is no object`)
  onlyKnown(value, RELEASE_FIELDS, where, refuse)
  const fields = recordOf(value)
  const optional = (name: string, fits: (text: string) => boolean): Record<string, string> => {
    if (fields[name] === undefined) return {}
    const text = textOf(fields[name])
    if (text === undefined || !fits(text)) throw refuse(`${where}.${name} is ${JSON.stringify(fields[name])}`)
    return { [name]: text }
  }
  const appVersion = textOf(fields['appVersion'])
  const kind = textOf(fields['kind'])
  if (!appVersion) throw refuse(`${where}.appVersion is missing`)
  if (!isKind(kind)) throw refuse(`${where}.kind is ${JSON.stringify(fields['kind'])}`)
  return {
    appVersion,
    ...optional('chartVersion', (text) => readVersion(text, 'semver') !== undefined),
    ...optional('digest', (text) => /^[0-9a-f]{64}$/.test(text)),
    kind,
    ...optional('published', isDay),
    ...optional('minVersion', (text) => text !== ''),
    ...optional('note', (text) => text !== ''),
    sources: textsOf(fields['sources'], `${where}.sources`, refuse),
  }
}

function isKind(text: string | undefined): text is ReleaseKind {
  return RELEASE_KINDS.some((kind) => kind === text)
}

function textsOf(value: unknown, where: string, refuse: Refuse): string[] {
  const texts = listOf(value).filter((item): item is string => typeof item === 'string' && item !== '')
  if (!Array.isArray(value) || texts.length !== value.length || texts.length === 0)
    throw refuse(`${where} is no list of names`)
  return texts
}

/** What is not known could change the meaning of what is. */
function onlyKnown(value: object, known: readonly string[], where: string, refuse: Refuse): void {
  const other = Object.keys(value).find((key) => !known.includes(key))
  if (other !== undefined) throw refuse(`${where} has a field ${JSON.stringify(other)} that this version does not know`)
}
