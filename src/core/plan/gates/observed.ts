// Gates about what the databases themselves say.
import type { DatabaseObservation } from '../../data/tasks.ts'
import type { Known, PlanFacts } from '../facts.ts'
import type { GateAnswer } from '../plan.ts'
import { answersOf } from './gate.ts'

export function observationsOf(facts: PlanFacts): Known<DatabaseObservation[]> {
  return facts.observed?.observations ?? { known: false, why: 'the databases were not looked at' }
}

export function databasesReachable(facts: PlanFacts): GateAnswer {
  const answers = answersOf('databases-reachable', 'database-unreachable')
  const observations = observationsOf(facts)
  const remedy = 'Check the address and credentials the product itself uses.'
  if (!observations.known) {
    return observations.code === 'database-unreachable'
      ? answers.refuse(observations.why, remedy)
      : answers.unknown(observations.why, undefined, observations.code)
  }
  const wanted = facts.cheap.databases.known ? facts.cheap.databases.value : []
  const unseen = wanted.filter(({ target }) => !observations.value.some(({ role }) => role === target.role))
  if (unseen.length > 0)
    return answers.refuse(`not seen: ${unseen.map(({ target }) => target.role).join(', ')}`, remedy)
  return answers.pass(
    observations.value.map(({ role, serverVersion }) => `${role}: PostgreSQL ${serverVersion}`).join('; '),
  )
}

/** Whether something was written is told by the server's own counters, before the point of no return and at it. */
export function writesCounted(facts: PlanFacts): GateAnswer {
  const answers = answersOf('writes-counted', 'unknown-state')
  const observations = observationsOf(facts)
  if (!observations.known) return answers.unknown(observations.why, undefined, observations.code)
  const silent = observations.value.filter(({ countsWrites }) => !countsWrites).map(({ role }) => role)
  if (silent.length === 0) return answers.pass('the servers count what is written')
  return answers.refuse(
    `the server of ${silent.join(', ')} does not count writes, so nobody could tell that the backup has them all`,
    'Switch track_counts on, for the server and for the database and its roles.',
  )
}

/** Without these rights there is a backup but no quick way back: acceptable, by somebody who knows another way. */
export function databaseRights(facts: PlanFacts): GateAnswer {
  const answers = answersOf('database-rights', 'database-rights', 'acceptable')
  const observations = observationsOf(facts)
  if (!observations.known) return answers.unknown(observations.why, undefined, observations.code)
  const lacking = observations.value.flatMap(({ role, rights }) => [
    ...(rights.ownsDatabase ? [] : [`${role}: the login does not own the database`]),
    ...(rights.createDatabase ? [] : [`${role}: no login may create a database to restore into`]),
    ...(rights.endSessions ? [] : [`${role}: no login may end sessions of others`]),
  ])
  if (lacking.length === 0) return answers.pass('the logins may do what backup and recovery need')
  return answers.refuse(lacking.join('; '), 'Grant the right, or name an administrator in the values.')
}

/** Since version 13 whoever may create objects in a database may add the extensions that its server trusts, pgcrypto among them. */
export function databaseExtensions(facts: PlanFacts): GateAnswer {
  const answers = answersOf('database-extensions', 'database-rights', 'acceptable')
  const needs = Object.entries(facts.profile.needs?.extensions ?? {})
  if (needs.length === 0) return answers.pass('the product needs no extension')
  const observations = observationsOf(facts)
  if (!observations.known) return answers.unknown(observations.why, undefined, observations.code)
  const [there, addable, missing]: [string[], string[], string[]] = [[], [], []]
  for (const { role, extensions, rights } of observations.value) {
    for (const name of facts.profile.needs?.extensions?.[role] ?? []) {
      const version = extensions[name]
      if (version !== undefined) there.push(`${role} has ${name} ${version}`)
      else (rights.ownsDatabase ? addable : missing).push(`${role} has no ${name}`)
    }
  }
  if (missing.length > 0)
    return answers.refuse(
      `${missing.join('; ')}, and its login does not own the database`,
      'Have an administrator run CREATE EXTENSION in it (on a managed server it may have to be allowed first).',
    )
  if (addable.length > 0)
    return answers.warn(
      `${addable.join('; ')}; its login owns the database and may add it`,
      'On a managed server see that the extension is allowed: a migration that cannot add it fails.',
    )
  return answers.pass(there.join('; ') || 'no database that is there needs an extension')
}

export function serverMajorSupported(facts: PlanFacts): GateAnswer {
  const answers = answersOf('server-major-supported', 'client-major-mismatch')
  const observations = observationsOf(facts)
  if (!observations.known) return answers.unknown(observations.why, undefined, observations.code)
  const majors = [...new Set(observations.value.map(({ serverMajor }) => serverMajor))]
  const needed = facts.profile.needs?.postgresMajor
  const old = majors.filter((major) => needed !== undefined && major < needed)
  if (old.length > 0) {
    return answers.refuse(
      `the server is PostgreSQL ${old.join(', ')}, the product needs ${needed} or newer`,
      `Upgrade a server of your own, or a managed one, in its place. One that the chart brought along starts with no newer image on its old files: stop the product, dump every database with the newer server's pg_dump, restore them into an external PostgreSQL ${needed} or newer, name that server in the values with the chart that is installed, and plan again.`,
    )
  }
  const { dataImage } = facts.cheap
  const fixed = dataImage.includes('{major}')
    ? undefined
    : Number(/:(\d+)/.exec(dataImage.slice(dataImage.lastIndexOf('/')))?.[1] ?? Number.NaN)
  const other = majors.filter((major) => fixed !== undefined && major !== fixed)
  if (other.length > 0) {
    const remedy = 'Name the data image with {major} in place of the number: "pawl init".'
    return answers.refuse(`the server is PostgreSQL ${other.join(', ')}, the data image is ${dataImage}`, remedy)
  }
  return answers.pass(`PostgreSQL ${majors.join(', ')}, programs of the same major in ${dataImage}`)
}

/** An upgrade must start from the schema of the installed release: not ahead of it, not half-way. */
export function schemaClean(facts: PlanFacts): GateAnswer {
  const answers = answersOf('schema-clean', 'unknown-state')
  const observations = observationsOf(facts)
  if (!observations.known) return answers.unknown(observations.why, undefined, observations.code)
  const { databases } = facts.cheap
  if (!databases.known) return answers.unknown(databases.why)
  const [found, silent]: [string[], string[]] = [[], []]
  for (const { target, expectedMigration } of databases.value) {
    const seen = observations.value.find(({ role }) => role === target.role)?.migrations
    if (expectedMigration === undefined) {
      silent.push(target.role)
      continue
    }
    if (seen === undefined)
      return answers.unknown(`${target.role} has no table ${target.migrations.table} to tell its schema by`)
    const last = seen.at(-1) ?? 'no migration'
    if (last !== expectedMigration) {
      const remedy =
        'Somebody migrated without finishing, or restored half: ask the vendor, or recover a proven backup.'
      return answers.refuse(
        `${target.role} records ${last} as last, the installed release ends with ${expectedMigration}`,
        remedy,
      )
    }
    found.push(`${target.role} is at ${last}`)
  }
  if (silent.length === 0) return answers.pass(found.join('; '))
  const said = [...found, `what ${silent.join(', ')} should be at, the installed chart does not say`].join('; ')
  return answers.warn(said, 'The rehearsal and the proof still tell whether the migrations run.')
}
