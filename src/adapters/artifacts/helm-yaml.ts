// YAML as Helm reads it: version 1.1 (`yes`, `on` and `n` are booleans, `010` is eight) without its times and base-60 numbers.
import {
  FAILSAFE_SCHEMA,
  NOT_RESOLVED,
  Schema,
  binaryTag,
  boolYaml11Tag,
  floatCoreTag,
  floatYaml11Tag,
  intCoreTag,
  intYaml11Tag,
  loadAll,
  mergeTag,
  nullYaml11Tag,
  type ScalarTagDefinition,
} from 'js-yaml'

type NumberTag = ScalarTagDefinition<number>

/** The first of the tags that understands the text; base-60 numbers are text to Go's parser. */
function either(first: NumberTag, ...others: NumberTag[]): NumberTag {
  const resolve: NumberTag['resolve'] = (source, isExplicit, tagName) => {
    if (source.includes(':')) return NOT_RESOLVED
    for (const tag of [first, ...others]) {
      const value = tag.resolve(source, isExplicit, tagName)
      if (value !== NOT_RESOLVED) return value
    }
    return NOT_RESOLVED
  }
  return { ...first, resolve }
}

const HELM_SCHEMA = new Schema([
  ...FAILSAFE_SCHEMA.tags,
  nullYaml11Tag,
  boolYaml11Tag,
  // 1.2 adds `0o10`, and `08`, which is no octal number, as the decimal one.
  either(intYaml11Tag, intCoreTag),
  either(floatYaml11Tag, floatCoreTag),
  mergeTag,
  binaryTag,
])

/** Every document that is not empty. Throws on a text that is not YAML; the error's message quotes the text. */
export function parseHelmYaml(text: string): unknown[] {
  return loadAll(text, { schema: HELM_SCHEMA }).filter((value) => value !== null && value !== undefined)
}
