// Notes on carriers.

exports.up = (db) =>
  db.runSql(`
    CREATE TABLE carrier_notes (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      carrier_id integer NOT NULL REFERENCES carriers,
      note text NOT NULL,
      written_at timestamptz NOT NULL DEFAULT now()
    );
    INSERT INTO carrier_notes (carrier_id, note) SELECT id, 'serves ' || array_to_string(serves, ', ') FROM carriers;
  `)
