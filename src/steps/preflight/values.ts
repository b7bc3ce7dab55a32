// Values as Helm sees them: files in order, the right-most wins; the installed ones where no file was given.
import { PawlError } from '../../core/errors.ts'
import { isRecord } from '../../core/json.ts'
import type { JsonRecord } from '../../core/json.ts'
import type { PreflightDeps, ValuesFile } from './deps.ts'

/** Mappings merge, anything else replaces; a `null` stays, because it later removes the chart's own default. */
export function mergeValues(below: JsonRecord, above: JsonRecord): JsonRecord {
  const result = { ...below }
  for (const [key, value] of Object.entries(above)) {
    const under = result[key]
    result[key] = isRecord(under) && isRecord(value) ? mergeValues(under, value) : value
  }
  return result
}

/** Name under which the installed values stand in for files that were not given. */
export const INSTALLED_VALUES = 'values of the installed release'

/**
 * Without any file Helm would quietly take over its own old values; here they become an explicit file, so that the plan
 * names and hashes them and the chart's new defaults count.
 */
export function filesOrInstalled(files: readonly ValuesFile[], config: JsonRecord): ValuesFile[] {
  return files.length > 0 ? [...files] : [{ name: INSTALLED_VALUES, content: `${JSON.stringify(config)}\n` }]
}

/** Throws `input-invalid` for a file that is no mapping; its text may be secret and is not quoted. */
export function userValues(deps: Pick<PreflightDeps, 'parseYaml'>, files: readonly ValuesFile[]): JsonRecord {
  return files.map((file) => parseFile(deps, file)).reduce(mergeValues, {})
}

function parseFile({ parseYaml }: Pick<PreflightDeps, 'parseYaml'>, { name, content }: ValuesFile): JsonRecord {
  let documents: unknown[]
  try {
    documents = parseYaml(content)
  } catch {
    throw new PawlError({ code: 'input-invalid', message: `values file ${name} is not YAML`, facts: { file: name } })
  }
  const [first, ...more] = documents.filter((document) => document !== null && document !== undefined)
  if (first === undefined) return {}
  if (isRecord(first) && more.length === 0) return first
  throw new PawlError({
    code: 'input-invalid',
    message: `values file ${name} is not one mapping`,
    facts: { file: name },
  })
}
