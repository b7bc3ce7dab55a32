// Gates about the copy that a proof leaves on the database server, where recovery is to be by that: may it be made, and is there room.
import { formatMegabytes, answersOf } from './gate.ts'
import type { PlanFacts } from '../facts.ts'
import type { GateAnswer } from '../plan.ts'

const FROM_STORE = 'not asked for: a recovery restores from the store'
const OTHERWISE = 'or plan with --recovery store'

/** Of an earlier upgrade: they take room, and only one of them can be the way back. */
export function noStagedCopies(facts: PlanFacts): GateAnswer {
  const answers = answersOf('no-staged-copies', 'gate-refused', 'acceptable')
  const { stagedSets } = facts.cheap
  if (!stagedSets.known) return answers.unknown(stagedSets.why, undefined, stagedSets.code)
  if (stagedSets.value.length === 0) return answers.pass('no copy of an earlier upgrade stands')
  const said = stagedSets.value.map(({ set, bytes }) => `${set} (${formatMegabytes(bytes)})`).join(', ')
  return answers.refuse(
    `copies of earlier upgrades stand on the database server: ${said}`,
    `Accept what runs, which drops them: "pawl runs accept ${facts.release} -n ${facts.namespace}".`,
  )
}

/** Without these a copy cannot be made, or never be given the live name. */
export function stagingPossible(facts: PlanFacts): GateAnswer {
  const answers = answersOf('staging-possible', 'database-rights')
  if (facts.staging === undefined) return answers.pass(FROM_STORE)
  const observations = facts.observed?.observations
  if (observations === undefined) return answers.unknown('the databases were not looked at')
  if (!observations.known) return answers.unknown(observations.why, undefined, observations.code)
  const lacking = observations.value.flatMap(({ role, rights, preparedTransactions }) => [
    ...(rights.ownsDatabase ? [] : [`${role}: the login does not own the database`]),
    ...(rights.createDatabase ? [] : [`${role}: no login may create a database`]),
    ...(rights.endSessions ? [] : [`${role}: no login may end sessions of others`]),
    ...(preparedTransactions === 0 ? [] : [`${role}: ${preparedTransactions} prepared transactions hold its name`]),
  ])
  if (lacking.length > 0)
    return answers.refuse(lacking.join('; '), `Grant the right or end the transactions, ${OTHERWISE}.`)
  const doubtful = observations.value.flatMap(({ role, untrustedExtensions }) =>
    untrustedExtensions.length === 0 ? [] : [`${role} has ${untrustedExtensions.join(', ')}`],
  )
  if (doubtful.length === 0) return answers.pass('the server lets Pawl make a copy of each database and rename it')
  return answers.warn(
    `${doubtful.join('; ')}, which not every login may create in a copy`,
    `The proof tries it before the point of no return; where the server refuses, give the upgrade up and ${OTHERWISE}.`,
  )
}

/** SQL does not tell how much room a server has: somebody says it, or says that it is enough. */
export function stagingRoom(facts: PlanFacts): GateAnswer {
  const answers = answersOf('staging-room', 'gate-refused', 'acceptable')
  if (facts.staging === undefined) return answers.pass(FROM_STORE)
  const observations = facts.observed?.observations
  if (observations === undefined) return answers.unknown('the databases were not looked at')
  if (!observations.known) return answers.unknown(observations.why, undefined, observations.code)
  const bytes = observations.value.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const needs = `the copies take about ${formatMegabytes(bytes)} on the database server until the upgrade is accepted`
  const { roomBytes } = facts.staging
  if (roomBytes === undefined)
    return answers.refuse(
      `${needs}; how much it has free cannot be asked of it`,
      `Look, and say it with --server-room SIZE; accept it by name where you know that there is plenty, ${OTHERWISE}.`,
    )
  const said = `${needs}, ${formatMegabytes(roomBytes)} are free by what was said`
  return roomBytes >= bytes ? answers.pass(said) : answers.refuse(said, `Make room, ${OTHERWISE}.`)
}
