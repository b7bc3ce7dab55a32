// Where commands about releases get them from, as options.
import type { OptionDefinition } from './define.ts'

export const SOURCE_OPTIONS: OptionDefinition[] = [
  {
    flags: '--charts <where>',
    text: 'chart repository URL, oci:// address or directory to ask besides the history; may be repeated',
    many: true,
  },
  {
    flags: '--from-snapshot <file>',
    text: 'file of "pawl releases snapshot" to take besides the history; may be repeated',
    many: true,
  },
]
