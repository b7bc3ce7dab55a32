// A claim is open, paid or refused.

exports.up = (db) =>
  db.runSql(`
    CREATE TYPE claim_state AS ENUM ('open', 'paid', 'refused');
    ALTER TABLE claims ADD COLUMN state claim_state NOT NULL DEFAULT 'open';
  `)
