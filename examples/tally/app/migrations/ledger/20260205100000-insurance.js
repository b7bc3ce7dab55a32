// Whether a delivery is insured.

exports.up = (db) =>
  db.runSql(`
    ALTER TABLE deliveries ADD COLUMN insured boolean NOT NULL DEFAULT false;
  `)
