// Values that must be the same before and after: what decrypts the data, and who the installation is. Charts take a secret value
// either as it is (`X.value`) or from a Secret (`X.existingSecret`, which wins): the same value in the other form is no change.
import { canonicalJson, isRecord, textOf, valueAt } from '../json.ts'
import type { JsonRecord } from '../json.ts'
import type { SecretRef } from '../data/tasks.ts'
import { secret } from '../secret.ts'
import type { Secret } from '../secret.ts'

/** What stands at one path: a value, a reference to one, or nothing. */
export type Holder = { value: Secret } | { ref: SecretRef } | undefined

export function holderAt(values: JsonRecord, path: string): Holder {
  const found = valueAt(values, path)
  const ref = refIn(found)
  if (ref !== undefined) return { ref }
  const plain = isRecord(found) && 'value' in found ? found['value'] : withoutRef(found)
  return isEmpty(plain) ? undefined : { value: secret(typeof plain === 'string' ? plain : canonicalJson(plain)) }
}

function refIn(found: unknown): SecretRef | undefined {
  const [name, key] = [textOf(valueAt(found, 'existingSecret.name')), textOf(valueAt(found, 'existingSecret.key'))]
  return name === undefined || name === '' || key === undefined || key === '' ? undefined : { secret: name, key }
}

function withoutRef(found: unknown): unknown {
  if (!isRecord(found)) return found
  const { existingSecret: _, ...rest } = found
  return rest
}

/** Charts add empty defaults: what is empty, down to the last leaf, counts as missing. */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true
  return isRecord(value) && Object.values(value).every(isEmpty)
}

/** References that have to be read before `changedImmutables` can judge. */
export function refsOf(paths: readonly string[], ...sides: readonly JsonRecord[]): SecretRef[] {
  return sides.flatMap((values) =>
    paths.flatMap((path) => {
      const holder = holderAt(values, path)
      return holder !== undefined && 'ref' in holder ? [holder.ref] : []
    }),
  )
}

export interface ImmutableReport {
  /** Paths whose value would be another one. */
  changed: string[]
  /** Paths that had no value and get one: nothing can depend on it yet. */
  added: string[]
  /** Paths that cannot be compared, with why. */
  unknown: string[]
}

/** `read` gives what a Secret holds, `undefined` where it holds no such thing. Values are compared, and go nowhere. */
export function compareImmutables(
  paths: readonly string[],
  before: JsonRecord,
  after: JsonRecord,
  read: (ref: SecretRef) => Secret | undefined,
): ImmutableReport {
  const report: ImmutableReport = { changed: [], added: [], unknown: [] }
  for (const path of paths) {
    const [old, next] = [holderAt(before, path), holderAt(after, path)]
    if (old === undefined && next === undefined) continue
    if (old === undefined) report.added.push(path)
    else if (next === undefined) report.changed.push(path)
    else if (!sameRef(old, next)) judge(path, old, next, read, report)
  }
  return report
}

function sameRef(a: NonNullable<Holder>, b: NonNullable<Holder>): boolean {
  return 'ref' in a && 'ref' in b && a.ref.secret === b.ref.secret && a.ref.key === b.ref.key
}

function judge(
  path: string,
  old: NonNullable<Holder>,
  next: NonNullable<Holder>,
  read: (ref: SecretRef) => Secret | undefined,
  report: ImmutableReport,
): void {
  const values = [old, next].map((holder) => ('value' in holder ? holder.value : read(holder.ref)))
  const [left, right] = values
  if (left === undefined || right === undefined) {
    const missing = [old, next].find((holder) => 'ref' in holder && read(holder.ref) === undefined)
    const { secret: name, key } = missing !== undefined && 'ref' in missing ? missing.ref : { secret: '', key: '' }
    report.unknown.push(`${path}: there is no Secret ${name} with key ${key}`)
  } else if (left.reveal() !== right.reveal()) report.changed.push(path)
}
