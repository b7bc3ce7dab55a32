// Proof of delivery: a signature in the row, the document as a large object.

exports.up = (db) =>
  db.runSql(`
    CREATE TABLE proofs (
      delivery_id bigint PRIMARY KEY REFERENCES deliveries,
      signature bytea NOT NULL,
      document oid,
      signed_at timestamptz NOT NULL
    );
  `)
