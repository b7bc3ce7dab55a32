// Options that everything which plans an upgrade takes.
import { BACKUP_PROVEN } from '../../core/backup/rung.ts'
import type { OptionDefinition } from './define.ts'
import { STAGING_OPTIONS } from './recovery-option.ts'
import { SOURCE_LOAD_OPTION } from './source-load-option.ts'

export const PLAN_OPTIONS: OptionDefinition[] = [
  { flags: '--to <version>', text: 'release to go to: its application version in full, or chart:VERSION' },
  { flags: '-f, --values <file>', text: 'values file, as for helm; may be repeated, right-most wins', many: true },
  {
    flags: '--charts <where>',
    text: 'chart repository URL, oci:// address or directory (default: what pawl init was told)',
  },
  {
    flags: '--from-snapshot <file>',
    text: 'releases the target must agree with, by "pawl releases snapshot"; may be repeated',
    many: true,
  },
  ...STAGING_OPTIONS,
  {
    ...SOURCE_LOAD_OPTION,
    text: `${SOURCE_LOAD_OPTION.text}; needs --accept ${BACKUP_PROVEN}`,
  },
  { flags: '--accept <gate>', text: 'accept a finding by its name; may be repeated, recorded in the run', many: true },
]
