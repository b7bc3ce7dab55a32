// Whether an answer helped.

exports.up = (db) =>
  db.runSql(`
    ALTER TABLE questions ADD COLUMN helped boolean;
  `)
