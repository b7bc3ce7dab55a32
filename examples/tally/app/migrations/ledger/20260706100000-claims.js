// Claims for what arrived broken.

exports.up = (db) =>
  db.runSql(`
    CREATE TABLE claims (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      delivery_id bigint NOT NULL REFERENCES deliveries,
      amount numeric(14, 2) NOT NULL CHECK (amount >= 0),
      opened_at timestamptz NOT NULL DEFAULT now()
    );
  `)
