// Options that are a whole number.
import { PawlError } from '../../core/errors.ts'
import { textOption, type Options } from './define.ts'

/** Throws `input-invalid`. */
export function wholeNumberOption(options: Options, name: string, least: number, most = 1_000_000): number {
  const text = textOption(options, name) ?? ''
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= most) return value
  const flagName = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  throw new PawlError({
    code: 'input-invalid',
    message: `--${flagName} takes a whole number from ${least} to ${most}, got "${text}"`,
    unchanged: 'Nothing was changed.',
  })
}
