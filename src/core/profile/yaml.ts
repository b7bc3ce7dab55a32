// How Helm reads YAML: version 1.1 (`yes`, `on` and `n` are booleans, `010` is eight) without its times and base-60 numbers.
import type { DocumentOptions, ParseOptions, SchemaOptions, ScalarTag, Tags } from 'yaml'

type Options = ParseOptions & DocumentOptions & SchemaOptions

/** YAML 1.2's octal numbers, which Go's parser reads as well. */
const OCTAL: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  format: 'OCT12',
  test: /^[-+]?0o[0-7_]+$/,
  resolve: (text) => {
    const digits = text.replaceAll('_', '').replace('0o', '')
    return Number.parseInt(digits, 8)
  },
}

/** Options for the `yaml` package with which it reads values files as Helm does; give them as the last argument of its `parse`. */
export const HELM_YAML: Options = {
  version: '1.1',
  merge: true,
  customTags: (tags: Tags): Tags => [OCTAL, ...tags.filter((tag) => typeof tag === 'string' || !isTime(tag))],
}

function isTime(tag: { tag: string; format?: string }): boolean {
  return tag.tag === 'tag:yaml.org,2002:timestamp' || tag.format === 'TIME'
}
