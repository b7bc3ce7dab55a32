// What one package changes against another, or against what is installed. Secrets are compared, never shown.
import { canonicalJson, isRecord, type JsonRecord } from '../json.ts'
import type { PackageContents } from './contents.ts'
import type { PackageForm } from './rules.ts'

export interface PackageChange {
  path: string
  change: 'added' | 'removed' | 'changed'
  secret: boolean
  /** Both absent for a secret. */
  before?: string
  after?: string
}

/** Names under which people keep what nobody else should read, also in files that should not have it. */
const SECRET_NAME = /passw|secret|token|private|credential|api_?key|salt|encrypt|license/i
const SECRET_TEXT = /-----BEGIN|^ey[\w-]+\.[\w-]+\./

type Leaves = Map<string, unknown>

/** What is installed: an older package's files, or the values of a release, in which the operator's own are merged. */
export interface InstalledValues {
  values: JsonRecord
  /** Absent for a release. */
  parts?: PackageContents['parts']
}

/** By path. What only a release has is no change: it may come from the operator's own files. */
export function differencesOf(
  form: PackageForm,
  installed: InstalledValues,
  incoming: PackageContents,
): PackageChange[] {
  const parts = [...incoming.parts, ...(installed.parts ?? [])]
  const [before, after] = [leavesOf(installed.values), leavesOf(incoming.values)]
  const paths = [...new Set([...before.keys(), ...after.keys()])].toSorted()
  return paths.flatMap((path) => {
    const [old, next] = [before.get(path), after.get(path)]
    if (canonicalJson(old ?? null) === canonicalJson(next ?? null)) return []
    if (next === undefined && installed.parts === undefined) return []
    const change = old === undefined ? 'added' : next === undefined ? 'removed' : 'changed'
    const hide = isHidden(form, parts, path, [old, next])
    const shown = hide
      ? {}
      : {
          ...(old === undefined ? {} : { before: textOf(old) }),
          ...(next === undefined ? {} : { after: textOf(next) }),
        }
    return [{ path, change, secret: hide, ...shown } as const]
  })
}

/** Every value of a package by path, secrets without theirs. */
export function valuesShown(form: PackageForm, { values, parts }: PackageContents): { path: string; value?: string }[] {
  return [...leavesOf(values)].map(([path, value]) =>
    isHidden(form, parts, path, [value]) ? { path } : { path, value: textOf(value) },
  )
}

/** Fails closed: shown is what only open files have, under a name and of a form that no secret has. */
function isHidden(form: PackageForm, parts: PackageContents['parts'], path: string, values: unknown[]): boolean {
  if (form.shown?.includes(path) === true) return false
  const holders = parts.filter((part) => leavesOf(part.values).has(path))
  if (holders.length === 0 || holders.some(({ file }) => file.secret) || SECRET_NAME.test(path)) return true
  return values.some((value) => typeof value === 'string' && SECRET_TEXT.test(value))
}

/** A list counts as one value; an empty mapping as none. */
function leavesOf(values: JsonRecord, under = ''): Leaves {
  const leaves: Leaves = new Map()
  for (const [key, value] of Object.entries(values)) {
    const path = under === '' ? key : `${under}.${key}`
    if (isRecord(value)) for (const [inner, leaf] of leavesOf(value, path)) leaves.set(inner, leaf)
    else if (value !== null && value !== undefined) leaves.set(path, value)
  }
  return leaves
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : canonicalJson(value)
}
