// --what, --source-load, --keep and --keep-days: what is done by the clock, and what goes afterwards.
import { PawlError } from '../../core/errors.ts'
import { SCHEDULED_WORK, type Schedule } from '../../core/schedule/schedule.ts'
import { textOption, type Options } from './define.ts'
import { imagesOption } from './images-option.ts'
import { wholeNumberOption } from './number-option.ts'
import { sourceLoadOption } from './source-load-option.ts'

type Work = Pick<Schedule, 'what' | 'prune' | 'sourceLoad'>

/** Throws `input-invalid`. */
export function workOption(options: Options): Work {
  const given = textOption(options, 'what')
  const what = SCHEDULED_WORK.find((known) => known === given)
  if (what === undefined) throw invalid(`--what takes ${SCHEDULED_WORK.join(' or ')}, got "${given ?? ''}"`)
  const spared = sourceLoadOption(options)
  if (what === 'prove' && spared.sourceLoad !== undefined)
    throw invalid('a proof reads the store, not the databases: leave --source-load out')
  const [keep, keepDays] = [options['keep'], options['keepDays']]
  if (keep === undefined && keepDays === undefined) return { what, ...spared }
  if (keep === undefined || keepDays === undefined)
    throw invalid('--keep and --keep-days belong together: how many sets stay, and how young ones')
  if (what === 'prove') throw invalid('nothing is pruned after a proof: leave --keep and --keep-days out')
  return {
    what,
    ...spared,
    prune: { keep: wholeNumberOption(options, 'keep', 1), keepDays: wholeNumberOption(options, 'keepDays', 0) },
  }
}

/** Throws `input-invalid`. */
export function scheduledImages({ what }: Work, options: Options): ReturnType<typeof imagesOption> {
  const asked = imagesOption(options)
  if (what === 'prove' && asked !== undefined) throw invalid('a proof takes no images: leave --images out')
  return asked
}

function invalid(message: string): PawlError {
  return new PawlError({ code: 'input-invalid', message, unchanged: 'Nothing was changed.' })
}
