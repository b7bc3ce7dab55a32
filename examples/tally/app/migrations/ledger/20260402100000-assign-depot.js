// Every delivery belongs to the depot of its carrier.

exports.up = (db) =>
  db.runSql(`
    ALTER TABLE deliveries ADD COLUMN depot_id integer REFERENCES depots;
    UPDATE deliveries SET depot_id = carrier_id;
  `)
