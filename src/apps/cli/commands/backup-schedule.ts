// pawl backup schedule: backups or proofs by the clock, in the cluster; and what the CronJob runs.
import { defineCommand } from '../define.ts'
import { EFFORT_OPTIONS } from '../effort-options.ts'
import { IMAGES_OPTIONS } from '../images-option.ts'
import { SOURCE_LOAD_OPTION } from '../source-load-option.ts'

export const backupSchedule = defineCommand({
  name: 'backup schedule',
  summary:
    'let the cluster take and prove a backup set by the clock (a CronJob); shows the schedule where none is given',
  args: '<release>',
  options: [
    { flags: '--cron <expression>', text: 'when: five fields as cron has them, for example "0 3 * * *"' },
    { flags: '--time-zone <name>', text: 'IANA name of the zone the expression is read in', default: 'Etc/UTC' },
    {
      flags: '--what <work>',
      text: 'backup: a new set, which is proven; prove: the newest set once more',
      default: 'backup',
    },
    SOURCE_LOAD_OPTION,
    ...IMAGES_OPTIONS,
    { flags: '--keep <count>', text: 'prune after each proven backup: proven sets that stay in any case' },
    { flags: '--keep-days <days>', text: 'prune after each proven backup: sets younger than this stay as well' },
    ...EFFORT_OPTIONS,
    { flags: '--show', text: 'print the schedule there is' },
    { flags: '--remove', text: 'take the schedule out; sets stay' },
    { flags: '--dry-run', text: 'print the objects; changes nothing' },
  ],
  examples: [
    'pawl backup schedule carto -n carto --cron "0 3 * * *" --time-zone Europe/Madrid',
    'pawl backup schedule carto -n carto --cron "0 3 * * *" --keep 7 --keep-days 30 --dry-run',
    'pawl backup schedule carto -n carto --cron "0 3 * * *" --source-load low',
    'pawl backup schedule carto -n carto --show',
    'pawl backup schedule carto -n carto --remove',
  ],
  run: async (...given) => await (await import('./backup-schedule.run.ts')).backupSchedule(...given),
})

export const backupScheduled = defineCommand({
  name: 'backup scheduled',
  summary: 'what the CronJob of a schedule runs: one backup or proof, skipped where another run is under way',
  args: '<release>',
  options: [
    { flags: '--what <work>', text: 'backup or prove', default: 'backup' },
    SOURCE_LOAD_OPTION,
    ...IMAGES_OPTIONS,
    { flags: '--keep <count>', text: 'prune afterwards: proven sets that stay in any case' },
    { flags: '--keep-days <days>', text: 'prune afterwards: sets younger than this stay as well' },
    ...EFFORT_OPTIONS,
  ],
  examples: ['pawl backup scheduled carto -n carto --what prove'],
  run: async (...given) => await (await import('./backup-scheduled.run.ts')).backupScheduled(...given),
})
