// --recovery and --server-room: by what an upgrade is to be recovered from, should it have to be.
import type { RecoveryWay } from '../../core/backup/staged.ts'
import { PawlError } from '../../core/errors.ts'
import type { PlanFacts } from '../../core/plan/facts.ts'
import type { Installation } from '../../core/resources.ts'
import { textOption, type OptionDefinition, type Options } from './define.ts'
import { bytesOfText } from './size-option.ts'

export const STAGING_OPTIONS: OptionDefinition[] = [
  {
    flags: '--recovery <way>',
    text: "staged: the proof's copy stays on the database server until the upgrade is accepted, a recovery renames it; store: a recovery restores (default: what pawl init was told, else store)",
  },
  { flags: '--server-room <size>', text: 'with staged: what the database server has free, for example 200G' },
]

/** Throws `input-invalid`; undefined where it was not given. */
export function recoveryOption(options: Options): RecoveryWay | undefined {
  const way = textOption(options, 'recovery')
  if (way === undefined || way === 'staged' || way === 'store') return way
  throw new PawlError({
    code: 'input-invalid',
    message: `--recovery takes staged or store, got "${way}"`,
    unchanged: 'Nothing was changed.',
  })
}

export function stagingOf(options: Options, installation: Installation): PlanFacts['staging'] {
  const room = textOption(options, 'serverRoom')
  const roomBytes = room === undefined ? {} : { roomBytes: bytesOfText(room) }
  return (recoveryOption(options) ?? installation.recovery) === 'staged' ? roomBytes : undefined
}
