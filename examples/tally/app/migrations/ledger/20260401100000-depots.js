// Depots, one for each carrier.

exports.up = (db) =>
  db.runSql(`
    CREATE TABLE depots (
      id integer PRIMARY KEY,
      carrier_id integer NOT NULL REFERENCES carriers,
      name text NOT NULL
    );
    INSERT INTO depots SELECT id, id, 'Depot ' || name FROM carriers;
  `)
