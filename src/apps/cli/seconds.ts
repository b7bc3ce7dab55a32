// Options that are a number of seconds.
import { PawlError } from '../../core/errors.ts'
import { textOption, type Options } from './define.ts'

/** Throws `usage` for anything but a whole number above 0. */
export function secondsOption(options: Options, name: string): number {
  const text = textOption(options, name) ?? ''
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text)
  throw new PawlError({
    code: 'usage',
    message: `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} takes whole seconds, got "${text}"`,
    unchanged: 'Nothing was changed.',
  })
}
