// What the files of a package say: whose it is, of which version, with which account's key, and every value.
import { PawlError } from '../errors.ts'
import { isRecord, recordOf, textOf, valueAt, type JsonRecord } from '../json.ts'
import { coalesceValues } from '../profile/values.ts'
import { secret, type Secret } from '../secret.ts'
import { parseEnvFile } from './env-file.ts'
import type { PackageOwner } from './name.ts'
import type { PackageFile, PackageForm } from './rules.ts'

/** The text of each file by its name. */
export type PackageTexts = Readonly<Record<string, string>>

export interface PackageContents {
  /** The values of all files, the last one on top. */
  values: JsonRecord
  /** By file, as it stands there. */
  parts: { file: PackageFile; values: JsonRecord }[]
  warnings: string[]
}

export interface Reading {
  /** Throws for what is no YAML. */
  parseYaml(text: string): unknown[]
  /** What to do where a file is missing. */
  hint?: string
}

/** `input-invalid` names the file that is missing, empty or of another form. Texts may be secret and are not quoted. */
export function readContents(form: PackageForm, texts: PackageTexts, reading: Reading): PackageContents {
  const warnings: string[] = []
  const parts = form.files.map((file) => {
    const text = texts[file.name]
    if (text === undefined) throw invalid(`there is no ${file.name}`, reading.hint)
    if (text.trim() === '') throw invalid(`${file.name} is empty`, reading.hint)
    return { file, values: valuesOf(file, text, reading, warnings) }
  })
  const values = parts.reduce<JsonRecord>((below, part) => coalesceValues(below, part.values), {})
  return { values, parts, warnings }
}

function valuesOf({ name, form }: PackageFile, text: string, { parseYaml }: Reading, warnings: string[]): JsonRecord {
  if (form === 'key') return { [name]: text }
  if (form === 'env') {
    const { values, warnings: found } = parseEnvFile(text, name)
    warnings.push(...found)
    return values
  }
  let documents: unknown[]
  try {
    documents = parseYaml(text)
  } catch {
    throw invalid(`${name} is no YAML`)
  }
  const [first, ...more] = documents.filter((document) => document !== null && document !== undefined)
  if (!isRecord(first) || more.length > 0) throw invalid(`${name} is not one mapping`)
  return first
}

function invalid(message: string, hint?: string): PawlError {
  const init = { code: 'input-invalid', message, unchanged: 'Nothing was downloaded.' } as const
  return new PawlError(hint === undefined ? init : { ...init, hint })
}

/** Throws `input-invalid` where one of them is missing. */
export function ownerOf(form: PackageForm, values: JsonRecord, hint?: string): PackageOwner {
  return { tenant: needed(values, form.tenant, hint), project: needed(values, form.project, hint) }
}

/** As it is written; empty where it is not given. */
export function versionText(form: PackageForm, values: JsonRecord): string {
  return scalar(valueAt(values, form.version)) ?? ''
}

function needed(values: JsonRecord, path: string, hint: string | undefined): string {
  const found = scalar(valueAt(values, path))
  if (found === undefined || found === '') throw invalid(`${path} is missing`, hint)
  return found
}

/** A tenant made of digits is a number to YAML. */
function scalar(value: unknown): string | undefined {
  return typeof value === 'number' ? String(value) : textOf(value)
}

export type AccountKey = { text: Secret; where: string } | { secretName: string; secretKey: string }

/** Where the key of the service account is. Throws `input-invalid` where neither it nor a reference to it is given. */
export function accountKeyOf({ key, files }: PackageForm, values: JsonRecord, hint?: string): AccountKey {
  if ('file' in key) return { text: secret(textOf(values[key.file]) ?? ''), where: key.file }
  const reference = recordOf(valueAt(values, key.existingSecret))
  const [name, entry] = [textOf(reference['name']) ?? '', textOf(reference['key']) ?? '']
  if (name !== '' && entry !== '') return { secretName: name, secretKey: entry }
  const given = valueAt(values, key.value)
  const text = isRecord(given) ? JSON.stringify(given) : (textOf(given) ?? '')
  const where = `${key.value} of ${files.map((file) => file.name).join(', ')}`
  if (text.trim() === '' || text.trim() === 'null')
    throw invalid(`there is no key of a service account at ${where}`, hint)
  return { text: secret(text), where }
}
