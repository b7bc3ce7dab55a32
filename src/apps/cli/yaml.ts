// The YAML parser, in a module of its own so that commands which read no YAML never load it.
import { parseAllDocuments } from 'yaml'

/** Every document that is not empty. Throws on a text that is not YAML. */
export function parseYaml(text: string): unknown[] {
  return parseAllDocuments(text, { logLevel: 'silent' }).flatMap((document): unknown[] => {
    const [error] = document.errors
    if (error !== undefined) throw error
    const value: unknown = document.toJS()
    return value === null || value === undefined ? [] : [value]
  })
}
