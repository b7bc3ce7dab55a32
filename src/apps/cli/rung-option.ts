// --rung: how far a backup set is to be proven.
import { PawlError } from '../../core/errors.ts'
import { textOption, type OptionDefinition, type Options } from './define.ts'

export const RUNG_OPTION: OptionDefinition = {
  flags: '--rung <rung>',
  text: 'restored: restore the set and count its rows instead of reading them; takes nothing from what was shown before',
}

/** Throws `input-invalid`. */
export function rungOption(options: Options): { rung?: 'restored' } {
  const rung = textOption(options, 'rung')
  if (rung === undefined || rung === 'proven') return {}
  if (rung === 'restored') return { rung }
  throw new PawlError({
    code: 'input-invalid',
    message: `--rung takes "restored" or "proven"; got "${rung}"`,
    unchanged: 'Nothing was changed.',
  })
}
