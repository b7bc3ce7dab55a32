// --jobs and --max-rate: how hard data work may press.
import { LEAST_RATE, MOST_JOBS, type Effort } from '../../core/data/effort.ts'
import { PawlError } from '../../core/errors.ts'
import { textOption, type OptionDefinition, type Options } from './define.ts'
import { wholeNumberOption } from './number-option.ts'
import { bytesOfText } from './size-option.ts'

export const MAX_RATE_OPTION: OptionDefinition = {
  flags: '--max-rate <size>',
  text: 'bytes a second from or to the store, for example 50M (default: no limit)',
}

export const EFFORT_OPTIONS: OptionDefinition[] = [
  { flags: '--jobs <count>', text: 'connections to the database at once (default: by the processors, 4 at most)' },
  MAX_RATE_OPTION,
]

/** Throws `input-invalid`. */
export function effortOption(options: Options): Effort {
  const rate = textOption(options, 'maxRate')
  return {
    ...(options['jobs'] === undefined ? {} : { jobs: wholeNumberOption(options, 'jobs', 1, MOST_JOBS) }),
    ...(rate === undefined ? {} : { maxRate: rateOf(rate) }),
  }
}

function rateOf(text: string): number {
  const rate = bytesOfText(text)
  if (rate >= LEAST_RATE) return rate
  throw new PawlError({
    code: 'input-invalid',
    message: `--max-rate takes 64Ki a second or more, such as 50M; got "${text}"`,
    unchanged: 'Nothing was changed.',
  })
}
