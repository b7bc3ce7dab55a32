// Gates about which databases there are: by the values, by the live release, and after the upgrade.
import type { DatabaseTarget } from '../../data/tasks.ts'
import type { PlanFacts } from '../facts.ts'
import type { GateAnswer } from '../plan.ts'
import { answersOf } from './gate.ts'

export function databasesKnown({ cheap }: PlanFacts): GateAnswer {
  const answers = answersOf('databases-known', 'unknown-state')
  const { databases, databasesAfter, missingSecretKeys, target } = cheap
  if (!databases.known) return answers.unknown(databases.why)
  if (target.known && !databasesAfter.known) return answers.unknown(databasesAfter.why)
  if (databases.value.length === 0) return answers.unknown('by the values this installation has no database at all')
  if (!missingSecretKeys.known) return answers.unknown(missingSecretKeys.why)
  if (missingSecretKeys.value.length > 0) {
    const missing = missingSecretKeys.value.join(', ')
    return answers.refuse(
      `there is no ${missing} to log in with`,
      'Correct the Secret that the values name, or the values.',
    )
  }
  return answers.pass(databases.value.map(({ target }) => describe(target)).join('; '))
}

function describe({ role, host, port, database }: DatabaseTarget): string {
  return `${role} is ${database} on ${host}:${port}`
}

/** The values can be overridden: what the live release is told is the truth, where a setting explains it. */
export function databasesAgree({ cheap }: PlanFacts): GateAnswer {
  const answers = answersOf('databases-agree', 'unknown-state')
  const { liveDatabases } = cheap
  if (!liveDatabases.known) return answers.unknown(liveDatabases.why)
  const found = liveDatabases.value
  const differences = found.flatMap((database) => database.differences)
  if (differences.length > 0) {
    const remedy =
      'Bring values and running release together: one of them was changed without the other. Pawl does not guess which database is the right one.'
    return answers.refuse(differences.join('; '), remedy)
  }
  const unknown = found.flatMap((database) => database.unknown ?? [])
  if (unknown.length > 0) {
    const remedy = 'Name the database in the values that are meant for it, where Pawl can read and show them.'
    return answers.unknown(unknown.join('; '), remedy)
  }
  const overridden = found.flatMap((database) => database.overridden)
  const silent = found.filter(({ source }) => source === undefined).map(({ role }) => role)
  const notes = [...overridden, ...(silent.length === 0 ? [] : [`for ${silent.join(', ')} the release says nothing`])]
  return answers.pass(['values and running release name the same databases', ...notes].join('; '))
}

/** A database under another name comes up empty, green and without a warning; all rows stay behind. */
export function databaseNamesUnchanged({ cheap }: PlanFacts): GateAnswer {
  const answers = answersOf('database-names-unchanged', 'gate-refused')
  const { databases, databasesAfter } = cheap
  if (!databases.known) return answers.unknown(databases.why)
  if (!databasesAfter.known) return answers.unknown(databasesAfter.why)
  const differences: string[] = []
  for (const { target: before } of databases.value) {
    const after = databasesAfter.value.find(({ target }) => target.role === before.role)?.target
    if (after === undefined) differences.push(`${before.role} (${before.database}) would no longer be used`)
    else differences.push(...moved(before, after))
  }
  if (differences.length > 0) {
    const remedy = 'Set the values so that the target uses the same databases, or move the data with the vendor first.'
    return answers.refuse(`${differences.join('; ')}: the rows would stay behind`, remedy)
  }
  const roles = databases.value.map(({ target }) => target.role)
  const added = databasesAfter.value.map(({ target }) => target).filter(({ role }) => !roles.includes(role))
  if (added.length > 0) {
    return answers.warn(
      `the target uses one database more: ${added.map(describe).join('; ')}`,
      'See that it exists and is empty.',
    )
  }
  return answers.pass('every database keeps its server, name and user')
}

function moved(before: DatabaseTarget, after: DatabaseTarget): string[] {
  const fields = ['host', 'port', 'database'] as const
  const lines = fields
    .filter((field) => before[field] !== after[field])
    .map((field) => `${before.role} ${field}: ${before[field]} -> ${after[field]}`)
  if (before.login.user !== after.login.user)
    lines.push(`${before.role} user: ${before.login.user} -> ${after.login.user}`)
  return lines
}
