// --source-load: whether the databases are read a second time, to be compared with, or their rows are counted only.
import { PawlError } from '../../core/errors.ts'
import { textOption, type OptionDefinition, type Options } from './define.ts'

export const SOURCE_LOAD_OPTION: OptionDefinition = {
  flags: '--source-load <level>',
  text: 'low: count the rows of the databases instead of reading them twice; such a set reaches restored+, not proven',
}

/** Throws `input-invalid`. */
export function sourceLoadOption(options: Options): { sourceLoad?: 'low' } {
  const level = textOption(options, 'sourceLoad')
  if (level === undefined) return {}
  if (level === 'low') return { sourceLoad: level }
  throw new PawlError({
    code: 'input-invalid',
    message: `--source-load takes "low" and nothing else; got "${level}"`,
    unchanged: 'Nothing was changed.',
  })
}
