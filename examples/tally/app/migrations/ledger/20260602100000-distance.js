// Fills a new column for every delivery in 60 batches of about a second, so that the database stays usable meanwhile.
// Each batch is committed by itself; a migration that was killed goes on where it stopped.

const batches = 60
const pauseMs = Number(process.env.TALLY_BATCH_PAUSE_MS || 950)

exports.up = async (db) => {
  await db.runSql('ALTER TABLE deliveries ADD COLUMN IF NOT EXISTS distance_km numeric(8, 1)')
  const total = await db.runSql('SELECT count(*) AS n FROM deliveries WHERE distance_km IS NULL')
  const size = Math.max(1, Math.ceil(Number(total.rows[0].n) / batches))
  await db.runSql('COMMIT')
  let last = Number.MIN_SAFE_INTEGER
  for (let batch = 1; batch <= batches; batch += 1) {
    const done = await db.runSql(
      `WITH part AS (
         SELECT id FROM deliveries WHERE id > ${last} AND distance_km IS NULL ORDER BY id LIMIT ${size}
       ), filled AS (
         UPDATE deliveries d SET distance_km = (abs(hashint8(d.id)) % 9000) / 10.0 FROM part WHERE d.id = part.id RETURNING d.id
       )
       SELECT count(*) AS n, max(id) AS last FROM filled`,
    )
    if (done.rows[0].last !== null) last = Number(done.rows[0].last)
    console.log(`distance: batch ${batch} of ${batches}, ${done.rows[0].n} rows`)
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
  await db.runSql('BEGIN')
  await db.runSql('UPDATE deliveries SET distance_km = 0 WHERE distance_km IS NULL')
}
