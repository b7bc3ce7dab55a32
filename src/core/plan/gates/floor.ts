// The gate about the floor in the databases: they belong to the release that runs, and are those that Pawl knew.
import { floorFaults, type SeenFloor } from '../../floor/floor.ts'
import type { PlanFacts } from '../facts.ts'
import type { GateAnswer } from '../plan.ts'
import { answersOf } from './gate.ts'
import { observationsOf } from './observed.ts'

export function databaseFloor(facts: PlanFacts): GateAnswer {
  const answers = answersOf('database-floor', 'floor-newer')
  const observations = observationsOf(facts)
  if (!observations.known) return answers.unknown(observations.why, undefined, observations.code)
  const { installed } = facts.cheap
  if (!installed.known) return answers.unknown(installed.why, undefined, installed.code)
  const seen = observations.value.map(({ role, floor }): SeenFloor =>
    floor === undefined ? { role, why: 'it could not be read' } : { role, floor },
  )
  const running = installed.value.chart.appVersion
  const recorded = facts.observed?.recordedFloor
  const faults = floorFaults({ seen, recorded, running, scheme: facts.profile.versionScheme })
  const said = (is: string): string => faults.flatMap((fault) => (fault.is === is ? [fault.text] : [])).join('; ')
  if (said('newer') !== '')
    return answers.refuse(
      said('newer'),
      'Put the release back that these databases belong to (go forward), or recover a proven backup of the one that runs.',
    )
  if (said('restored') !== '')
    return answers.refuse(
      said('restored'),
      'Recover a proven backup, or, where these databases are right for the release that runs, take them as they are: "pawl guard install" with --accept-databases.',
      'floor-lost',
    )
  if (said('unknown') !== '') return answers.unknown(said('unknown'))
  const closed = observations.value.filter(({ floor, rights }) => floor === null && !rights.createSchema)
  if (closed.length > 0)
    return answers.warn(
      `${closed.map(({ role }) => role).join(', ')} can have no floor: the login may not create a schema`,
      'Grant CREATE on the database to the login, or name an administrator in the values.',
    )
  return answers.pass(seen.map(({ role, floor }) => `${role}: ${floor?.floor ?? 'none yet'}`).join('; '))
}
