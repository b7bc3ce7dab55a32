// The init container ledger-migrations: brings the ledger database to the schema of this release, then ends.
import { connectPatiently } from './lib/database.ts'
import { log, messageOf, shout } from './lib/log.ts'
import { migrate } from './lib/migrator.ts'
import { loadRelease } from './lib/release.ts'
import { untilTerminated } from './lib/server.ts'
import { isOn } from './lib/settings.ts'

const lockKey = 7_401_552

const release = loadRelease(process.env)
const ending = untilTerminated()

try {
  const owner = await connectPatiently('ledger', process.env, 'ledger-migrations-lock', ending)
  try {
    // Several replicas start at once on a first installation; without the lock all but one of them fail and start again.
    if (!isOn(process.env, 'MIGRATIONS_WITHOUT_LOCK')) await owner.query('SELECT pg_advisory_lock($1)', [lockKey])
    log(
      `ledger ${release.appVersion}: expects ${release.ledger.length} migrations, the last is ${release.ledger.at(-1)}`,
    )
    await migrate('ledger', process.env, ending)
  } finally {
    await owner.end()
  }
  log(`ledger ${release.appVersion}: migrated`)
} catch (error) {
  shout(`ledger ${release.appVersion}: migration failed: ${messageOf(error)}`)
  process.exitCode = 1
}
