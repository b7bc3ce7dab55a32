// The YAML parser, in a module of its own so that commands which read no YAML never load it.
import { CORE_SCHEMA, loadAll } from 'js-yaml'

/** Every document that is not empty. Throws on a text that is not YAML. */
export function parseYaml(text: string): unknown[] {
  return loadAll(text, { schema: CORE_SCHEMA }).filter((value) => value !== null && value !== undefined)
}
