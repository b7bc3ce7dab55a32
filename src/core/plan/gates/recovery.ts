// Gates about the way back: it must be open before anything is changed.
import { BACKUP_PROVEN } from '../../backup/rung.ts'
import type { PlanFacts } from '../facts.ts'
import type { GateAnswer } from '../plan.ts'
import { answersOf } from './gate.ts'

/** Half of the recovery pair is the chart of what is installed now. */
export function chartOfInstalledAvailable({ cheap }: PlanFacts): GateAnswer {
  const answers = answersOf('chart-of-installed-available', 'gate-refused')
  const { installed, installedChart } = cheap
  if (!installed.known) return answers.unknown(installed.why)
  const { name, version } = installed.value.chart
  const remedy = 'Put the archive of the installed chart into the chart source: without it there is no way back.'
  if (!installedChart.known) {
    const why = `chart ${name} ${version}, which is installed, cannot be had: ${installedChart.why}`
    return installedChart.code === 'target-unknown'
      ? answers.refuse(why, remedy)
      : answers.unknown(why, remedy, installedChart.code)
  }
  return answers.pass(`chart ${name} ${version} is there (sha256 ${installedChart.value.digest.slice(0, 12)})`)
}

export function chartOfInstalledMatches({ cheap, rendered }: PlanFacts): GateAnswer {
  const answers = answersOf('chart-of-installed-matches', 'gate-refused', 'acceptable')
  if (rendered === undefined || !rendered.known) return answers.unknown('the installed chart was not rendered')
  const { pairDifferences } = rendered.value
  if (!pairDifferences.known) return answers.unknown(pairDifferences.why)
  if (pairDifferences.value.length === 0) return answers.pass('the archived chart renders what Helm recorded')
  const version = cheap.installed.known ? cheap.installed.value.chart.version : '?'
  const remedy = 'Find the archive that was really installed; a recovery would install this one.'
  const shown = pairDifferences.value.slice(0, 5).join(', ')
  const more = pairDifferences.value.length > 5 ? ` and ${pairDifferences.value.length - 5} more` : ''
  return answers.refuse(
    `the archive of chart ${version} renders otherwise than what is installed: ${shown}${more}`,
    remedy,
  )
}

export function storeWritable(facts: PlanFacts): GateAnswer {
  const answers = answersOf('store-writable', 'store-unwritable')
  const store = facts.observed?.store
  if (store === undefined) return answers.unknown('the store was not looked at')
  if (!store.known) {
    const refused = store.code === 'store-unwritable' || store.code === 'store-full'
    const remedy = 'Check that the store exists, may be written and has room.'
    return refused ? answers.refuse(store.why, remedy, store.code) : answers.unknown(store.why, remedy, store.code)
  }
  return answers.pass('the store takes new objects and refuses to overwrite them')
}

export function keysPresent({ cheap }: PlanFacts): GateAnswer {
  const answers = answersOf('keys-present', 'not-initialised')
  const remedy = 'Run "pawl init": it makes what is missing and changes nothing that is there.'
  const { recipients, identityThere } = cheap
  if (recipients.length === 0)
    return answers.refuse('backups would be encrypted to nobody: there are no recipients', remedy)
  if (!identityThere.known) return answers.unknown(identityThere.why)
  if (!identityThere.value) return answers.refuse('the identity that proves and recovers backups is not there', remedy)
  return answers.pass(`${recipients.length} recipient${recipients.length === 1 ? '' : 's'}, identity there`)
}

/** The default is a backup that was compared with the databases themselves; the lesser one needs somebody's word. */
export function backupProven({ sourceLoad }: PlanFacts): GateAnswer {
  const answers = answersOf(BACKUP_PROVEN, 'gate-refused', 'acceptable')
  if (sourceLoad === undefined)
    return answers.pass('the backup will be restored and compared with the databases, row by row')
  return answers.refuse(
    'rows of the databases are counted only (--source-load low): the backup will be restored and compared with its own dump, which is restored+, not proven',
    'Plan without --source-load low; accept it by name where the databases have no room to be read a second time.',
  )
}
